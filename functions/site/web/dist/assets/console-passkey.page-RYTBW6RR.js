/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-ZG3TJHYY.js";import"./console-chunk-2P5WIE5V.js";import{F as o,Ta as n}from"./console-chunk-YPJFBNAF.js";import"./console-chunk-BDZX553Z.js";var i=()=>o(n,{enrolling:p});export{i as open};
