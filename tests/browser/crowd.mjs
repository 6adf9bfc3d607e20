// Visits from a crowded network, in a real browser:
//
//   node crowd.mjs BASE_URL CONTROL_URL OUTPUT_FOLDER
//
// The server was started with --guest-limit 0.01: one session, one conversation and one erasure a minute.
import "./flows/crowd.mjs";
import { run } from "./run.mjs";
import { Visit } from "./visit.mjs";

const [url, control, output] = process.argv.slice(2);
if (!url || !control || !output) {
  console.error("usage: node crowd.mjs BASE_URL CONTROL_URL OUTPUT_FOLDER");
  process.exit(2);
}
const base = new URL(url).origin;
await run(output, async (browser, options) => Object.assign(await Visit.begin(browser, base, output, options), { control }));
