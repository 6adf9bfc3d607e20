// The whole story in a real browser: visitors, those who answer them, and what remains of it for leads and reports.
//
//   node story.mjs BASE_URL CONTROL_URL INVITATION_LINK OUTPUT_FOLDER
//
// The link is of the first admin and not used yet. The tests follow one another: the first accepts it.
import "./flows/inbox/people.mjs";
import "./flows/story.mjs";
import { Desk } from "./desk.mjs";
import { run } from "./run.mjs";

const [url, control, invitation, output] = process.argv.slice(2);
if (!url || !control || !invitation || !output) {
  console.error("usage: node story.mjs BASE_URL CONTROL_URL INVITATION_LINK OUTPUT_FOLDER");
  process.exit(2);
}
const place = { base: new URL(url).origin, control: new URL(control).origin, invitation, output };
await run(output, (browser, options) => Desk.open(browser, place, options));
