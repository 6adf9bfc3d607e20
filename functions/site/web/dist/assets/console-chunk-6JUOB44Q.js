/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a}from"./console-chunk-PFY5EFQN.js";import{_ as r,fa as o,u as n}from"./console-chunk-YJX4X26U.js";var l={post:(t,c)=>r.call(t,{body:c}),done:()=>o("/account",{said:n(a).factorAdded,inPlace:!0}),back:()=>{o("/account")}};export{l as a};
