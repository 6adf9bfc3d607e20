// Tries all tests that were listed, each as a visit of its own, and ends the process.
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import { tests } from "./tests.mjs";

/** A visit that takes longer hangs, also on a busy machine. */
const LONGEST_MS = 8 * 60_000;

export async function run(output, begin) {
  mkdirSync(output, { recursive: true });
  const browser = await launch();
  let passed = 0;
  let failed = 0;
  for (const { name, options, run } of tests) {
    const visit = await begin(browser, options);
    const began = performance.now();
    try {
      await inTime(run(visit));
      passed++;
      console.log(`ok   ${name} (${Math.round((performance.now() - began) / 1000)} s)`);
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

function inTime(visit) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`no end after ${LONGEST_MS / 1000} s`)), LONGEST_MS).unref());
  return Promise.race([visit, late]);
}
