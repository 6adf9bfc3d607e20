// A practice: an admin sends it, an agent finds it announced in the inbox and plays it, and the record has the result.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { PHONE } from "../../visit.mjs";
import { practice } from "./course.mjs";
import { admin, learner, STALE_SECONDS } from "./staff.mjs";

const SCRIPT = "parcel-refund";
/** So many of the choices below are good, from the first on. */
const GOOD = 2;

/** The choices that the agent makes, in the order of the chat. */
function choices() {
  const { turns } = practice(SCRIPT);
  const chosen = [];
  for (let turn = turns[0]; turn; turn = turns.find(({ id }) => id === chosen.at(-1).next)) {
    chosen.push(turn.choices.find(({ good }) => good === chosen.length < GOOD));
  }
  return chosen;
}

test("an admin sends a practice after a step up", {}, async (desk) => {
  const { page } = desk;
  const { title } = practice(SCRIPT);
  await desk.signIn(admin, "#/training", "Training");
  const part = desk.part("Practice");
  await part.getByText("No practice is open.").waitFor();
  await desk.pass(STALE_SECONDS);
  await desk.field("Which one", part).selectOption({ label: title });
  await desk.press("Send a practice", part);
  await desk.stepUp(admin);
  await desk.status().getByText(`The practice is announced: ${title}.`).waitFor();
  await part.getByText(/ · not played yet$/).waitFor();
  assert.equal(await desk.field("Which one", part).getByRole("option", { name: title }).count(), 0, "it is open already");
  await desk.looks("practice-sent");
  assert.equal(await page.getByRole("link", { name: title, exact: true }).count(), 1);
  await desk.isClean();
});

test("an agent finds a practice in the inbox, plays it, and sees the result", {}, async (desk) => {
  const { page } = desk;
  const { title } = practice(SCRIPT);
  const chosen = choices();
  await desk.signIn(learner, "#/inbox", "Inbox");
  await page.getByText(`Practice: ${title}.`).waitFor();
  await desk.looks("practice-inbox");
  await desk.follow("Play it");
  await desk.shown(title, "practice");
  const decide = page.getByRole("group", { name: "Your reaction" });
  for (const { text } of chosen) {
    assert.equal(await desk.part("Your result").count(), 0);
    await desk.press(text, decide);
    await page.locator(".played li:focus").waitFor();
  }
  await page.getByText(`The chat is over: ${GOOD} of ${chosen.length} decisions were good.`).waitFor();
  const result = `In your record: ${GOOD} of ${chosen.length} decisions were good.`;
  await desk.part("Your result").getByText(result).waitFor();
  await page.getByRole("heading", { name: "What you could have noticed" }).waitFor();
  await desk.looks("practice-played");

  // Somebody who plays on sees how it goes, and the record stays as it is.
  await desk.press("Play again");
  for (let turn = 0; turn < chosen.length; turn++) {
    if ((await decide.count()) === 0) break;
    await decide.getByRole("button").last().click();
    await page.locator(".played li:focus").waitFor();
  }
  await page.getByText(/^The chat is over: /).waitFor();
  await page.reload();
  await desk.view(title);
  await desk.part("Your result").getByText(result).waitFor();
  await desk.follow("All courses");
  await desk.view("Training");
  await desk.part("Practice").getByText(`${GOOD} of ${chosen.length} decisions were good`).waitFor();
  await Promise.all([page.waitForResponse(/\/v1\/training\/practices/), desk.go("Inbox")]);
  await desk.view("Inbox");
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  assert.equal(await page.getByText(`Practice: ${title}.`).count(), 0, "it is played");
  await desk.isClean();
});

test("the record has the result, and a practice can be played on a phone, in German", { ...PHONE, locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await desk.load("?lang=en");
  await desk.signIn(admin, "?lang=en#/training", "Training");
  await desk.press("Show who is trained");
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  const record = desk.part("Everybody").getByText(`${practice(SCRIPT).title}: ${GOOD} of ${choices().length} decisions were good, on`);
  await dialog.or(record).first().waitFor();
  if (await dialog.isVisible()) await desk.stepUp(admin);
  await record.waitFor();
  await desk.looks("practice-record-phone");
  assert.ok(await fits());
  await desk.load("?lang=de#/training");
  await desk.view("Schulung");
  const { title, turns } = practice(SCRIPT, "de");
  await desk.follow(title);
  await desk.shown(title, "practice-phone");
  assert.ok(await fits());
  await desk.press(turns[0].choices[0].text);
  await page.locator(".played li:focus").waitFor();
  assert.ok(await fits());
  await desk.isClean();
});
