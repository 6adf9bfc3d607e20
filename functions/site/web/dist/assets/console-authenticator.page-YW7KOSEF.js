/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a as o}from"./console-chunk-QHWLBVKZ.js";import"./console-chunk-2P5WIE5V.js";import{F as t,Ua as p}from"./console-chunk-H66GYYEL.js";import"./console-chunk-BDZX553Z.js";var a=async()=>t(p,{enrolling:o,secret:await o.post("POST /v1/auth/totp/enrol",{})});export{a as open};
