/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-SLEY4XX5.js";import"./console-chunk-2P5WIE5V.js";import{La as n,z as o}from"./console-chunk-5WUSVHIJ.js";var i=()=>o(n,{enrolling:p});export{i as open};
