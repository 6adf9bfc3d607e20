// What a visitor meets, in a real browser: node flow.mjs BASE_URL OUTPUT_FOLDER
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import "./flows/first_path.mjs";
import "./flows/everybody.mjs";
import "./flows/protection.mjs";
import "./flows/trouble.mjs";
import { tests } from "./tests.mjs";
import { Visit } from "./visit.mjs";

const [url, output] = process.argv.slice(2);
if (!url || !output) {
  console.error("usage: node flow.mjs BASE_URL OUTPUT_FOLDER");
  process.exit(2);
}
const base = new URL(url).origin;
mkdirSync(output, { recursive: true });

const browser = await launch();
let passed = 0;
let failed = 0;
for (const { name, options, run } of tests) {
  const visit = await Visit.begin(browser, base, output, options);
  try {
    await run(visit);
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n${error.stack ?? error}\n${visit.complaints.join("\n")}`);
    await visit.picture(`failed-${failed}`);
  } finally {
    await visit.context.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
