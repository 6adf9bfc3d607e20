/* Licences: /assets/licences-0f50e579edc4a274.txt */
var n="2000";export{n as a};
