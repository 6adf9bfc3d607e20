/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-AMQF5OIW.js";import"./console-chunk-GMLHKFVA.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
