/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-Q4EVCBOF.js";import"./console-chunk-7P7ZO7ST.js";export{a as ReceiptText};
