// A visitor's use of the widget, in a real browser: node flow.mjs BASE_URL OUTPUT_FOLDER
import "./flows/first_path.mjs";
import "./flows/choices.mjs";
import "./flows/everybody.mjs";
import "./flows/protection.mjs";
import "./flows/trouble.mjs";
import "./flows/customers.mjs";
import "./flows/forget.mjs";
import "./flows/voice.mjs";
import { run } from "./run.mjs";
import { Visit } from "./visit.mjs";

const [url, output] = process.argv.slice(2);
if (!url || !output) {
  console.error("usage: node flow.mjs BASE_URL OUTPUT_FOLDER");
  process.exit(2);
}
const base = new URL(url).origin;
await run(output, (browser, options) => Visit.begin(browser, base, output, options));
