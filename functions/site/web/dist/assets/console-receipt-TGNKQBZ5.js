/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-TKEQ5G3M.js";import"./console-chunk-RCDNASTB.js";export{a as ReceiptText};
