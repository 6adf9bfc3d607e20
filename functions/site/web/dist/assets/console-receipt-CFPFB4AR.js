/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a}from"./console-chunk-HBVIXN35.js";import"./console-chunk-ICVZZPY2.js";export{a as ReceiptText};
