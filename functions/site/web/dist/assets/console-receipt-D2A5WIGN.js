/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-IWKOQF76.js";import"./console-chunk-YPJFBNAF.js";import"./console-chunk-BDZX553Z.js";export{a as ReceiptText};
