/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as p}from"./console-chunk-3FJN3YIK.js";import"./console-chunk-PFY5EFQN.js";import{Fa as n,x as o}from"./console-chunk-O6N774SJ.js";var i=()=>o(n,{enrolling:p});export{i as open};
