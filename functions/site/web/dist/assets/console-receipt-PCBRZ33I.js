/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-CMY4RS6H.js";import"./console-chunk-GQF7V6PW.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
