/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-3RRIUNHO.js";import{D as n,ia as r,pa as o}from"./console-chunk-W6FBEK2T.js";var l={post:(t,c)=>r.call(t,{body:c}),done:()=>o("/account",{said:n(a).factorAdded,inPlace:!0}),back:()=>{o("/account")}};export{l as a};
