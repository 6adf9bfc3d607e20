/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a as o}from"./console-chunk-EKOSCY5E.js";import"./console-chunk-PFY5EFQN.js";import{Ka as p,z as t}from"./console-chunk-ICVZZPY2.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
