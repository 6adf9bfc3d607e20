/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-ZWXOCITZ.js";import"./console-chunk-GH4J23CO.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
