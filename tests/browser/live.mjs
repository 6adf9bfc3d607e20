// A visitor in a real browser, and people who answer by the API:
//
//   node live.mjs BASE_URL INVITATION_LINK OUTPUT_FOLDER
//
// The link is of the first admin and not used yet.
import "./flows/live.mjs";
import { Agent } from "./flows/live/agent.mjs";
import { run } from "./run.mjs";
import { Visit } from "./visit.mjs";

const [url, link, output] = process.argv.slice(2);
if (!url || !link || !output) {
  console.error("usage: node live.mjs BASE_URL INVITATION_LINK OUTPUT_FOLDER");
  process.exit(2);
}
const base = new URL(url).origin;
const admin = await Agent.accept(base, new URLSearchParams(new URL(link).hash.slice(1)).get("invitation"), "Ada");
const place = { anna: await admin.invite("Anna"), bea: await admin.invite("Bea") };
await run(output, async (browser, options) => Object.assign(await Visit.begin(browser, base, output, options), { place }));
