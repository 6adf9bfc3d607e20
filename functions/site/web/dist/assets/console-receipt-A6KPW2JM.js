/* Licences: /assets/licences-b4bb476bce4df05a.txt */
import{a}from"./console-chunk-DJ3HI7KC.js";import"./console-chunk-YJX4X26U.js";export{a as ReceiptText};
