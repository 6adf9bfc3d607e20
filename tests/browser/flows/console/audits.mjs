// Audits: begun and done, findings that are followed, what is handed on, the next audit, and an auditor who reads.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "../../tests.mjs";
import { changed, intercept, PHONE, problem } from "../../visit.mjs";
import { auditor, officer } from "./staff.mjs";

const NARROW = { ...PHONE, viewport: { width: 320, height: 640 } };
const AUDIT = /^Audit of /;
const ONE = /\/v1\/audits\/[\da-f-]{36}$/;
const NOTE = "The operator knows.";
const REPORT = { name: "report.txt", mimeType: "text/plain", buffer: Buffer.from("It holds again.") };
const HASH = `sha256:${createHash("sha256").update(REPORT.buffer).digest("hex")} ${REPORT.name}`;
const BY_HAND = "Somebody has gone through accounts, roles and AWS users";
/** A zip begins with its first file. */
const ZIP = Buffer.from("PK\x03\x04", "latin1");

/** Does what the job does every minute: an audit that is running is then finished. */
async function examine(desk) {
  const response = await fetch(`${desk.place.control}/run/examine`, { method: "POST" });
  assert.ok(response.ok, `examine: ${response.status}`);
}

function controls(desk, part) {
  return desk.part(part).locator(".controls > li");
}

/** The most severe of what has failed. */
function finding(desk) {
  return controls(desk, "Findings").filter({ has: desk.page.locator(".result.failed") }).first();
}

async function unfold(control) {
  await control.locator("summary").press("Enter");
  await control.locator("dl").waitFor();
}

/** Begins an audit at the list, and waits for its results. */
async function begin(desk) {
  await desk.press("Begin an audit");
  await desk.view(AUDIT);
  await examine(desk);
  await desk.part("Results").getByText(/^\d+ passed$/).waitFor();
}

function ahead(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

async function fits(desk, view) {
  // A phone would zoom out, and its inner width would grow.
  const { width } = desk.page.viewportSize();
  assert.ok((await desk.page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${view} fits`);
}

test("a security officer begins an audit, which shows its results by itself", {}, async (desk) => {
  const { page } = desk;
  // One that has begun by itself is over then.
  await examine(desk);
  await desk.signIn(officer, "#/security", "Security");
  const none = [{ json: { items: [], next_cursor: null } }];
  await intercept(desk, /\/v1\/audits$/, (request) => request.method() === "GET" && none.shift());
  await desk.go("Audits");
  await desk.view("Audits");
  await page.getByText("There was no audit yet.").waitFor();
  await desk.looks("audits-empty");

  const refusals = [problem(409, "conflict")];
  await intercept(desk, /\/v1\/audits$/, (request) => request.method() === "POST" && refusals.shift());
  await desk.press("Begin an audit");
  await desk.problem().getByText("An audit is running already.").waitFor();
  // The job may be quicker than the page.
  await changed(desk, ONE, [(audit) => ({ ...audit, status: "running", controls: [] })]);
  await desk.press("Begin an audit");
  await desk.view(AUDIT);
  await desk.status().getByText("The audit has begun.").waitFor();
  await page.getByText("It is done within a minute or two.").waitFor();
  await desk.looks("audit-running");
  await examine(desk);
  await desk.status().getByText(/^The audit is finished: /).waitFor();
  await desk.view(AUDIT);
  for (const result of ["passed", "failed", "not examined", "by hand"]) {
    await desk.part("Results").getByText(new RegExp(`^\\d+ ${result}$`)).waitFor();
  }
  await finding(desk).waitFor();
  await desk.looks("audit");

  await page.getByLabel(/^Passed \(/).check();
  await desk.status().getByText(/^\d+ controls? (is|are) shown\.$/).waitFor();
  assert.equal(await desk.part("Findings").count(), 0);
  assert.equal(await desk.part("By hand").count(), 0);
  const held = controls(desk, "What holds").first();
  await unfold(held);
  await held.getByText("If it fails").waitFor();
  assert.equal(await held.getByRole("button", { name: "Save" }).count(), 0, "what holds needs nobody");
  await desk.looks("audit-passed");
  await desk.follow("All audits");
  await desk.view("Audits");
  await page.getByRole("link", { name: AUDIT }).first().waitFor();
  await desk.looks("audits");
  await desk.isClean();
});

test("a finding gets somebody, a day and a note, and what people look at is done", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer, "#/audits", "Audits");
  await page.getByRole("link", { name: AUDIT }).first().click();
  await desk.view(AUDIT);
  const failed = finding(desk);
  await unfold(failed);
  await desk.press("Save", failed);
  await failed.getByText("Nothing was changed.").waitFor();

  await desk.field("Who does it", failed).selectOption({ label: "You" });
  await desk.field("Due", failed).fill("2020-01-01");
  await desk.press("Save", failed);
  await failed.getByText("Choose a day from today on").waitFor();
  await desk.field("Due", failed).fill(ahead(60));
  await desk.field("Note", failed).fill(NOTE);
  for (let fold = 0; fold < 2; fold++) await failed.locator("summary").press("Enter");
  assert.equal(await desk.field("Note", failed).inputValue(), NOTE, "it may be folded away meanwhile");
  const files = desk.field("Add the SHA-256 of files", failed);
  await files.setInputFiles(REPORT);
  await failed.getByText("1 line was added to the note. It is not saved yet.").waitFor();
  await files.setInputFiles(REPORT);
  await failed.getByText("The note has them already.").waitFor();
  assert.equal(await desk.field("Note", failed).inputValue(), `${NOTE}\n${HASH}`);
  await failed.getByLabel(/^Accepted/).check();
  const sent = [];
  await intercept(desk, /\/findings\//, (request) => {
    sent.push(request.postData());
    return sent.length === 1 && problem(409, "conflict");
  });
  await desk.press("Save", failed);
  await failed.getByText("Somebody else changed it at the same time").waitFor();
  await desk.looks("audit-finding");
  await desk.press("Save", failed);
  await failed.getByText("Saved.").waitFor();
  await failed.locator("summary").getByText("Accepted", { exact: true }).waitFor();
  assert.ok(sent.every((body) => !body.includes("It holds again.")), "no file is sent");
  await page.reload();
  await desk.view(AUDIT);
  await unfold(failed);
  assert.equal(await desk.field("Note", failed).inputValue(), `${NOTE}\n${HASH}`);
  assert.equal(await desk.field("Due", failed).inputValue(), ahead(60));
  assert.equal(await desk.field("Who does it", failed).locator("option:checked").innerText(), "You");

  const review = controls(desk, "By hand").filter({ hasText: BY_HAND });
  await desk.press(`Done: ${BY_HAND}`, review);
  await desk.status().getByText(`Done: ${BY_HAND}.`).waitFor();
  await review.locator("summary").getByText("Done", { exact: true }).waitFor();
  await review.locator("summary").getByText(/^counts until /).waitFor();
  await review.getByRole("button", { name: `Open again: ${BY_HAND}` }).and(page.locator(":focus")).waitFor();
  await unfold(review);
  assert.ok(await review.getByLabel(/^Done/).isChecked());
  await desk.looks("audit-by-hand");
  await desk.press(`Open again: ${BY_HAND}`, review);
  await desk.status().getByText(`Open again: ${BY_HAND}.`).waitFor();
  assert.ok(await review.getByLabel(/^Open/).isChecked(), "the form follows");
  await desk.press(`Done: ${BY_HAND}`, review);
  await desk.status().getByText(`Done: ${BY_HAND}.`).waitFor();
  await desk.isClean();
});

test("an audit is printed and its bundle downloaded, and the next one goes on from it", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer, "#/audits", "Audits");
  await page.getByRole("link", { name: AUDIT }).first().click();
  await desk.view(AUDIT);
  await handedOn(desk);

  const { hash } = new URL(page.url());
  await desk.follow("All audits");
  await desk.view("Audits");
  await begin(desk);
  assert.notEqual(new URL(page.url()).hash, hash);
  const failed = finding(desk);
  await failed.locator("summary").getByText("Accepted", { exact: true }).waitFor();
  await unfold(failed);
  assert.equal(await desk.field("Note", failed).inputValue(), `${NOTE}\n${HASH}`);
  await controls(desk, "By hand").filter({ hasText: BY_HAND }).locator("summary").getByText("Done", { exact: true }).waitFor();

  await desk.follow("the audit before");
  await page.getByText("There is a newer audit, in which the findings are followed.").waitFor();
  assert.equal(new URL(page.url()).hash, hash);
  await unfold(finding(desk));
  await finding(desk).getByText(HASH).waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Save|Done|Open again)/ }).count(), 0, "an older audit stays as it is");
  await desk.looks("audit-older");
  await desk.follow("Open the newest audit");
  await desk.view(AUDIT);
  await page.getByRole("button", { name: /^Open again: / }).waitFor();
  await desk.isClean();
});

/** The page to print and the bundle can be had. */
async function handedOn(desk) {
  const { page } = desk;
  await desk.press("Print");
  const link = page.getByRole("link", { name: "Open the page to print (new tab)" });
  await link.and(page.locator(":focus")).waitFor();
  const [sheet] = await Promise.all([desk.context.waitForEvent("page"), link.click()]);
  await sheet.getByRole("heading", { level: 1 }).waitFor();
  await sheet.pdf({ path: `${desk.output}/console-audit.pdf`, format: "A4" });
  await sheet.close();
  const [file] = await Promise.all([page.waitForEvent("download"), desk.press("Download the bundle")]);
  await desk.status().getByText("The bundle was downloaded.").waitFor();
  assert.match(file.suggestedFilename(), /^sotto-audit-\d{4}-\d\d-\d\d\.zip$/);
  const bundle = await readFile(await file.path());
  assert.ok(bundle.subarray(0, ZIP.length).equals(ZIP), "it is a zip, byte for byte");
}

test("an auditor reads audits, hands them on, and changes nothing", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(auditor, "#/audits", "Audits");
  await desk.to("Audit log").waitFor();
  assert.equal(await page.getByRole("button", { name: "Begin an audit" }).count(), 0);
  await desk.looks("audits-auditor");
  await page.getByRole("link", { name: AUDIT }).first().click();
  await desk.view(AUDIT);
  const failed = finding(desk);
  await unfold(failed);
  await failed.getByText(HASH).waitFor();
  const review = controls(desk, "By hand").filter({ hasText: BY_HAND });
  await unfold(review);
  await review.locator("summary").getByText("Done", { exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Save|Done|Open again)/ }).count(), 0);
  assert.equal(await page.getByRole("textbox").count(), 0);
  await desk.looks("audit-auditor");
  await handedOn(desk);
  await desk.load("#/security");
  await desk.view("This page is not for you");
  await desk.isClean();
});

test("audits can be read and followed on a narrow phone, in German", { ...NARROW, locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  await desk.load("?lang=en");
  await desk.signIn(officer, "?lang=en#/audits", "Audits");
  await desk.load("?lang=de#/audits");
  await desk.view("Audits");
  await page.getByRole("link", { name: /^Audit vom / }).first().waitFor();
  await desk.looks("audits-phone");
  await fits(desk, "the list");
  await page.getByRole("link", { name: /^Audit vom / }).first().click();
  await desk.view(/^Audit vom /);
  const failed = controls(desk, "Befunde").first();
  await unfold(failed);
  await desk.field("Notiz", failed).waitFor();
  await desk.looks("audit-phone");
  await fits(desk, "an audit");
  await desk.isClean();
});
