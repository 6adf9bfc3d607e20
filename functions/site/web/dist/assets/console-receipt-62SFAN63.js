/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-WS3HTL6X.js";import"./console-chunk-AVHIN4YO.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
