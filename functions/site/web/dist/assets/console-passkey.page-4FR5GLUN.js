/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as p}from"./console-chunk-D3G4P55J.js";import"./console-chunk-PFY5EFQN.js";import{Ja as n,y as o}from"./console-chunk-S57BQLMQ.js";var i=()=>o(n,{enrolling:p});export{i as open};
