/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-P74NGF3X.js";import"./console-chunk-62WFMNDC.js";import"./console-chunk-SV6LVKX5.js";import"./console-chunk-32MOVV3N.js";import"./console-chunk-DVN52A6A.js";export{a as ReceiptText};
