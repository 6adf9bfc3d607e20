/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-2P5WIE5V.js";import{ea as r,la as o,z as n}from"./console-chunk-H66GYYEL.js";var l={post:(t,c)=>r.call(t,{body:c}),done:()=>o("/account",{said:n(a).factorAdded,inPlace:!0}),back:()=>{o("/account")}};export{l as a};
