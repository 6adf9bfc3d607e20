/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as o}from"./console-chunk-D3G4P55J.js";import"./console-chunk-PFY5EFQN.js";import{Ia as p,y as t}from"./console-chunk-S57BQLMQ.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
