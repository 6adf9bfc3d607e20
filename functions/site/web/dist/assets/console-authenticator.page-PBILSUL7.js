/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as o}from"./console-chunk-E6NTSASS.js";import"./console-chunk-2P5WIE5V.js";import{G as t,Ta as p}from"./console-chunk-5N2VFAXV.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
