// Open, ask, read and close on every page in hosts/, by mouse and by keyboard; and what each page is for.
import "./hosts/pages.mjs";
import "./hosts/tabs.mjs";
import "./hosts/owners.mjs";
import "./hosts/seals.mjs";
import "./hosts/logs.mjs";
