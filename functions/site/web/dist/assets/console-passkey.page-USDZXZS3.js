/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as p}from"./console-chunk-DYNBZNTU.js";import"./console-chunk-PFY5EFQN.js";import{Ka as n,y as o}from"./console-chunk-V76MRZRB.js";var i=()=>o(n,{enrolling:p});export{i as open};
