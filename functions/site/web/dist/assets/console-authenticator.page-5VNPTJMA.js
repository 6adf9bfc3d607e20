/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as o}from"./console-chunk-DYNBZNTU.js";import"./console-chunk-PFY5EFQN.js";import{Ja as p,y as t}from"./console-chunk-V76MRZRB.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
