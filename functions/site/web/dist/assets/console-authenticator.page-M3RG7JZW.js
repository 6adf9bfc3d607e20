/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as o}from"./console-chunk-3FJN3YIK.js";import"./console-chunk-PFY5EFQN.js";import{Ea as p,x as t}from"./console-chunk-O6N774SJ.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
