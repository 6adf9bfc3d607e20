/* Licences: /assets/licences-0f50e579edc4a274.txt */
import{m as e}from"./console-chunk-RCDNASTB.js";var o="sotto:desk-settings",s={sound:!1,notices:!1,keys:!0},t=e(a());function c(n){t.value={...t.peek(),...n};try{localStorage.setItem(o,JSON.stringify(t.peek()))}catch{}}function a(){try{return{...s,...JSON.parse(localStorage.getItem(o)??"{}")}}catch{return s}}export{t as a,c as b};
