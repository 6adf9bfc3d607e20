/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as p}from"./console-chunk-6JUOB44Q.js";import"./console-chunk-PFY5EFQN.js";import{La as n,z as o}from"./console-chunk-YJX4X26U.js";var i=()=>o(n,{enrolling:p});export{i as open};
