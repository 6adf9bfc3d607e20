// Tries all tests that were listed, each as a visit of its own, and ends the process.
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import { tests } from "./tests.mjs";

export async function run(output, begin) {
  mkdirSync(output, { recursive: true });
  const browser = await launch();
  let passed = 0;
  let failed = 0;
  for (const { name, options, run } of tests) {
    const visit = await begin(browser, options);
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
}
