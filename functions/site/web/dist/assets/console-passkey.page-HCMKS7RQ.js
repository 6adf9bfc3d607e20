/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-E6NTSASS.js";import"./console-chunk-2P5WIE5V.js";import{G as o,Ua as n}from"./console-chunk-5N2VFAXV.js";var i=()=>o(n,{enrolling:p});export{i as open};
