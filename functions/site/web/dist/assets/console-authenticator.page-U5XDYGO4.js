/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as o}from"./console-chunk-6JUOB44Q.js";import"./console-chunk-PFY5EFQN.js";import{Ka as p,z as t}from"./console-chunk-YJX4X26U.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
