/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-SF4T54TP.js";import"./console-chunk-GC5QQA5T.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
