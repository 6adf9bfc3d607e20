/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-GJR4KIVS.js";import"./console-chunk-QNRH2HCA.js";export{a as ReceiptText};
