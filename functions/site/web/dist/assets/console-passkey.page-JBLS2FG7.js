/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-FKAD4OA3.js";import"./console-chunk-2P5WIE5V.js";import{F as o,Ua as n}from"./console-chunk-GH4J23CO.js";import"./console-chunk-BDZX553Z.js";var i=()=>o(n,{enrolling:p});export{i as open};
