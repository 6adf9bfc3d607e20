/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-XDTZ5TYD.js";import"./console-chunk-N76IUXCC.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
