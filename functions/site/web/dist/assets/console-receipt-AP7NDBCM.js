/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-WDAUCOTQ.js";import"./console-chunk-LFELE4MF.js";export{a as ReceiptText};
