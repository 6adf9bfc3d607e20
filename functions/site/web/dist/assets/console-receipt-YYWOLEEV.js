/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-Y5EB5YEJ.js";import"./console-chunk-R4EHK2BV.js";import"./console-chunk-SV6LVKX5.js";import"./console-chunk-W6FBEK2T.js";import"./console-chunk-DVN52A6A.js";export{a as ReceiptText};
