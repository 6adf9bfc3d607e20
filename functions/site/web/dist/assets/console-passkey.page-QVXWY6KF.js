/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-LYDHEKDT.js";import"./console-chunk-2P5WIE5V.js";import{G as o,Ta as n}from"./console-chunk-ESV6LJTK.js";var i=()=>o(n,{enrolling:p});export{i as open};
