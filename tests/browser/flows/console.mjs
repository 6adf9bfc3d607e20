// The staff's console, in this order: the first admin's account, the people they invite, then anything, and what
// changes an account for good.
import "./console/account.mjs";
import "./console/people.mjs";
import "./console/knowledge.mjs";
import "./console/look.mjs";
import "./console/everybody.mjs";
import "./console/trouble.mjs";
import "./console/changes.mjs";
