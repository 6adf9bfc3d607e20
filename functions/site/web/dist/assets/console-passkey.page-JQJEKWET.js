/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-K5DYXDHZ.js";import"./console-chunk-2P5WIE5V.js";import{La as n,z as o}from"./console-chunk-LFELE4MF.js";var i=()=>o(n,{enrolling:p});export{i as open};
