// The audit log: its state, its events with their proofs, proofs that are wrong, and the lessons of the incidents.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { changed, intercept, PHONE, problem, WAIT_MS } from "../../visit.mjs";
import { officer } from "./staff.mjs";

const NARROW = { ...PHONE, viewport: { width: 320, height: 640 } };
const NO_HASH = Buffer.alloc(32);

/** Checks an event until the log has it. */
async function inTheLog(desk, row) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    await desk.press(/^Check: /, row);
    const result = row.getByText(/^Not in the log yet|In the log, at place [\d,]+ of [\d,]+/);
    await result.waitFor();
    if ((await result.innerText()).includes("at place")) return;
    assert.ok(Date.now() < end, "the log gets the event");
    await desk.page.waitForTimeout(500);
  }
}

function rows(desk) {
  return desk.page.getByRole("list", { name: "Security events" }).getByRole("listitem");
}

test("a security officer checks the audit log and its events", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer, "#/security", "Security");
  await desk.follow("Audit log");
  await desk.view("Audit log");
  const state = desk.part("State of the log");
  await state.getByText("It fits the key").waitFor();
  await state.getByText("The service publishes this key for the log.").waitFor();
  await state.getByText("This browser looks for the first time.").waitFor();
  await state.getByText(/^[^\s+]+\/audit\+[\da-f]{8}\+\S+$/).waitFor();
  const newest = rows(desk).first();
  await newest.getByText("Read the security events").waitFor();
  await inTheLog(desk, newest);
  await desk.looks("log");

  // Its own entry has made the log grow.
  await page.reload();
  await desk.view("Audit log");
  await state.getByText(/^✓ The log has (only grown, from [\d,]+ entries to [\d,]+|stayed the same)$/).waitFor();

  await desk.field("Action").selectOption({ label: "Signed in" });
  await desk.press("Show");
  await page.getByRole("heading", { name: "Security events" }).and(page.locator(":focus")).waitFor();
  await rows(desk).first().getByText("Signed in").waitFor();
  assert.equal(await rows(desk).filter({ hasNotText: "Signed in" }).count(), 0);
  await desk.field("Id of the person (optional)").fill("nobody");
  await desk.press("Show");
  await page.getByText("This is not an id.").waitFor();
  await desk.field("Id of the person (optional)").fill("00000000-0000-7000-8000-000000000000");
  await desk.press("Show");
  await page.getByText("No event fits.").waitFor();
  await desk.looks("log-empty");
  await desk.press("Clear the filters");
  await desk.view("Audit log");

  await desk.press("Sign out", page.getByRole("navigation", { name: "Main" }));
  await desk.view("Sign in");
  const { local } = await desk.stored();
  assert.equal(local.filter((name) => name.startsWith("sotto:log:")).length, 1, "the next look compares with this one");
  await desk.isClean();
});

test("what is not in the log, a proof that is wrong and a log that was rewritten are said", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer, "#/security/log", "Audit log");
  const state = desk.part("State of the log");
  await state.getByText("It fits the key").waitFor();
  const row = rows(desk).nth(1);
  await inTheLog(desk, row);
  const changes = [];
  await changed(desk, /\/v1\/audit\/proofs\//, changes);
  const cases = [
    [problem(404, "not_found"), "Not in the log yet: it is added within a minute"],
    [problem(409, "leaf_mismatch"), "The stored event is not the one in the log"],
    [(proof) => ({ ...proof, hashes: [NO_HASH.toString("base64url"), ...proof.hashes.slice(1)] }), "Its hashes do not lead from the event to the log."],
    [(proof) => ({ ...proof, leaf_index: proof.leaf_index + 1 }), "Its hashes do not lead from the event to the log."],
    [(proof) => ({ ...proof, leaf: Buffer.alloc(58, 1).toString("base64url") }), "It is about another event."],
    [(proof) => ({ ...proof, checkpoint: proof.checkpoint.replace(/ \S+\n$/, ` ${Buffer.alloc(68).toString("base64")}\n`) }), "The key that the service publishes has not signed it."],
    [(proof) => ({ ...proof, checkpoint: "hello" }), "It cannot be read."],
  ];
  for (const [change, words] of cases) {
    changes.push(change);
    await desk.press(/^Check: /, row);
    await row.getByText(words).waitFor();
  }
  await row.getByText("The proof is wrong").waitFor();
  await desk.looks("log-wrong");
  await inTheLog(desk, row);

  // Another root in the place of the one that this browser has seen.
  await page.evaluate((root) => {
    for (const [name, note] of Object.entries(localStorage)) {
      if (name.startsWith("sotto:log:")) localStorage.setItem(name, note.split("\n").with(2, root).join("\n"));
    }
  }, NO_HASH.toString("base64"));
  await desk.press("Check again");
  await state.getByRole("alert").getByText("The log was rewritten or cut off since this browser last looked.").waitFor();
  await state.getByText("cargo doctor verify-log").waitFor();
  await desk.looks("log-rewritten");
  await desk.press(/^Check: /, row);
  await row.getByText("Its log is not the one that this browser has seen before.").waitFor();
  await desk.press("Compare from now on");
  const over = page.getByRole("dialog", { name: "Compare from now on" });
  await desk.looks("log-start-over");
  await desk.press("Compare from now on", over);
  await state.getByText("This browser looks for the first time.").waitFor();

  const out = ["abort"];
  await intercept(desk, /\/v1\/audit\/checkpoint$/, () => out.shift());
  await desk.press("Check again");
  await state.getByText("The log was not checked.").waitFor();
  await desk.problem().filter({ hasText: "could not be reached" }).waitFor();
  await desk.press("Check again");
  await state.getByText("It fits the key").waitFor();
});

test("the events behind an incident are checked at once, and the incidents of a quarter teach", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer, "#/security/log", "Audit log");
  const seen = [rows(desk).nth(0), rows(desk).nth(1)];
  for (const row of seen) await inTheLog(desk, row);
  const evidence = await Promise.all(seen.map((row) => row.locator("code").last().innerText()));
  await changed(desk, /\/v1\/incidents\/[\da-f-]{36}$/, [(incident) => ({ ...incident, evidence, evidence_count: 2 })]);
  await desk.follow("Incidents");
  await desk.view("Security");
  await page.getByLabel("Resolved", { exact: true }).check();
  await page.getByRole("link", { name: "Entered by hand" }).first().click();
  await desk.view("Entered by hand");
  await page.getByText("The 2 events behind it").click();
  await desk.press("Check all");
  await page.getByText("All 2 events are in the log.").waitFor();
  assert.equal(await page.getByText(/In the log, at place/).count(), 2);
  await desk.looks("incident-evidence");

  await desk.follow("Lessons");
  await desk.view("Lessons");
  await desk.part("Entered by hand").getByRole("link", { name: "Entered by hand" }).first().waitFor();
  await desk.part("Actions that were lifted").getByText("Exports were frozen").first().waitFor();
  await desk.part("Notes").getByText("It was encrypted, and it is back.").waitFor();
  await desk.part("Kinds and severities").getByRole("row", { name: /^Entered by hand/ }).waitFor();
  await desk.looks("lessons");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("navigation").count(), 0, "paper has no links to follow");
  await desk.picture("lessons-print");
  await page.pdf({ path: `${desk.output}/console-lessons.pdf`, format: "A4" });
  await page.emulateMedia({ media: null });
  await desk.isClean();
});

test("audit log and lessons can be read on a narrow phone, in German", { ...NARROW, locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  const fits = async (view) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} fits`);
  await desk.load("?lang=en");
  await desk.signIn(officer, "?lang=en#/security", "Security");
  await desk.load("?lang=de#/security/log");
  await desk.view("Prüfprotokoll");
  await page.getByText("Sie passt zum Schlüssel").waitFor();
  await desk.looks("log-phone");
  await fits("the log");
  await desk.load("?lang=de#/security/lessons");
  await desk.view("Lehren");
  await desk.part("Notizen").getByText("It was encrypted, and it is back.").waitFor();
  await desk.looks("lessons-phone");
  await fits("the lessons");
  await desk.isClean();
});
