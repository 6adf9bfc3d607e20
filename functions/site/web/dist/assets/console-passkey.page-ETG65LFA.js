/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-2LO6LHEG.js";import"./console-chunk-2P5WIE5V.js";import{Fa as n,x as o}from"./console-chunk-NAHLM3KS.js";var i=()=>o(n,{enrolling:p});export{i as open};
