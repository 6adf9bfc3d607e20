/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-QGPWC44D.js";import"./console-chunk-DKYQ2OSF.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
