/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-WGQAL56W.js";import"./console-chunk-H66GYYEL.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
