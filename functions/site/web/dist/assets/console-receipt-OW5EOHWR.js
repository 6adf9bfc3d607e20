/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-I4YUKBNO.js";import"./console-chunk-YSL2WOX7.js";export{a as ReceiptText};
