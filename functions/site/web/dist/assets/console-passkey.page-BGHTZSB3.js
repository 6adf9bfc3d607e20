/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as p}from"./console-chunk-OZJHMUCS.js";import"./console-chunk-3RRIUNHO.js";import{E as n}from"./console-chunk-R4EHK2BV.js";import"./console-chunk-SV6LVKX5.js";import{J as o}from"./console-chunk-W6FBEK2T.js";import"./console-chunk-DVN52A6A.js";var i=()=>o(n,{enrolling:p});export{i as open};
