/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-3JAYAPDZ.js";import"./console-chunk-5N2VFAXV.js";export{a as ReceiptText};
