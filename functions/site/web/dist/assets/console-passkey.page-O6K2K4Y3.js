/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-QHWLBVKZ.js";import"./console-chunk-2P5WIE5V.js";import{F as o,Va as n}from"./console-chunk-H66GYYEL.js";import"./console-chunk-BDZX553Z.js";var i=()=>o(n,{enrolling:p});export{i as open};
