/* Licences: /assets/licences-0f50e579edc4a274.txt */
function n({status:t}){return t==="running"}export{n as a};
