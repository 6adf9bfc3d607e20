/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-JKYCHAYK.js";import"./console-chunk-TZFFW75E.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
