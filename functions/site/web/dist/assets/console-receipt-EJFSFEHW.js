/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{a}from"./console-chunk-ZWDYWBY2.js";import"./console-chunk-6OTE4AQO.js";export{a as ReceiptText};
