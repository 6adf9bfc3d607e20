// The staff's console, in this order: the first admin's account, the people they invite, then anything, what
// changes an account for good, incidents, the audit log, audits, and what takes more than a week.
import "./console/account.mjs";
import "./console/people.mjs";
import "./console/knowledge.mjs";
import "./console/look.mjs";
import "./console/everybody.mjs";
import "./console/trouble.mjs";
import "./console/changes.mjs";
import "./console/incidents.mjs";
import "./console/log.mjs";
import "./console/audits.mjs";
import "./console/contained.mjs";
import "./console/training.mjs";
import "./console/practice.mjs";
