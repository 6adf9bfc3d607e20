/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-DGQYHLXP.js";import"./console-chunk-5WUSVHIJ.js";export{a as ReceiptText};
