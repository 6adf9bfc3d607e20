/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-F4EGOKTK.js";import"./console-chunk-2P5WIE5V.js";import{E as o,Ra as n}from"./console-chunk-AVHIN4YO.js";import"./console-chunk-BDZX553Z.js";var i=()=>o(n,{enrolling:p});export{i as open};
