// Requests about personal data, in this order: who answers them, what they do, who reads what was said, what anybody
// sees of it, each page by its address, and what visitors do by themselves.
import "./privacy/officer.mjs";
import "./privacy/erasure.mjs";
import "./privacy/access.mjs";
import "./privacy/holds.mjs";
import "./privacy/approvals.mjs";
import "./privacy/transcripts.mjs";
import "./privacy/everybody.mjs";
import "./privacy/pages.mjs";
import "./privacy/visitor.mjs";
