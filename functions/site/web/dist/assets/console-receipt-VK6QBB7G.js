/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-CMZKWPW4.js";import"./console-chunk-ESV6LJTK.js";export{a as ReceiptText};
