/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as p}from"./console-chunk-EKOSCY5E.js";import"./console-chunk-PFY5EFQN.js";import{La as n,z as o}from"./console-chunk-ICVZZPY2.js";var i=()=>o(n,{enrolling:p});export{i as open};
