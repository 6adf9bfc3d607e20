// Sound and desktop notices: one a conversation until it is seen, and without a word of it.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";
import { atWork, ben, close, log, take, waiting } from "./desk.mjs";

test("what is new is told once, by sound and notice, without a word of it", {}, async (desk) => {
  const { page } = desk;
  await page.addInitScript(listen);
  await atWork(desk, ben);
  await page.getByText("Options", { exact: true }).click();
  for (const name of [/^Sound/, /^Desktop notices/]) await page.getByRole("checkbox", { name }).setChecked(true);
  await desk.looks("inbox-options");
  await page.getByText("Options", { exact: true }).click();
  const rungBefore = await rung(desk);
  await look(desk, false);
  const visit = await waiting(desk);
  await page.waitForFunction(() => shownNotices.length === 1);
  assert.deepEqual(await notices(desk), [{ title: "Sotto", body: "Somebody is waiting for a person.", isOpen: true }]);
  assert.equal(await rung(desk), rungBefore + 1);

  await look(desk, true);
  await take(desk);
  assert.equal((await notices(desk))[0].isOpen, false, "who has taken it needs no notice");
  await look(desk, false);
  for (const text of ["One more thing.", "And another."]) {
    await visit.say(text);
    await log(desk).getByText(text).waitFor();
    await page.waitForFunction(() => shownNotices.length === 2);
  }
  // What the page hears is sealed: of two answers, the second one was asked for after both messages.
  for (let polls = 0; polls < 2; polls++) await page.waitForResponse((response) => response.url().includes("/v1/inbox?"), { timeout: 60_000 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const told = await notices(desk);
  assert.deepEqual(told.slice(1), [{ title: "Sotto", body: "There is a new message for you.", isOpen: true }]);
  assert.ok(!JSON.stringify(told).includes(QUESTION));
  await look(desk, true);
  assert.equal((await notices(desk))[1].isOpen, false, "seen");
  await close(desk);
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  await visit.context.close();
});

/** Keeps what would be heard and shown. */
function listen() {
  window.shownNotices = [];
  window.rung = 0;
  window.isLooking = true;
  document.hasFocus = () => isLooking;
  window.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title, { body }) {
      this.entry = { title, body, isOpen: true };
      shownNotices.push(this.entry);
    }
    close() {
      this.entry.isOpen = false;
    }
  };
  const resume = AudioContext.prototype.resume;
  AudioContext.prototype.resume = function () {
    window.rung++;
    return resume.call(this);
  };
}

function look(desk, isLooking) {
  return desk.page.evaluate((isLooking) => {
    window.isLooking = isLooking;
    dispatchEvent(new Event(isLooking ? "focus" : "blur"));
  }, isLooking);
}

function notices(desk) {
  return desk.page.evaluate(() => shownNotices);
}

function rung(desk) {
  return desk.page.evaluate(() => window.rung);
}
