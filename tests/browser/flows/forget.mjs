// Visitors go: "End chat" closes, and "Forget me on this device" ends access and leaves nothing behind.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { intercept, QUESTION } from "../visit.mjs";

const NOTHING = { cookies: "", local: [], session: [] };

const sessionsPath = /\/v1\/sessions$/;

async function begun(visit, path) {
  await visit.start(path);
  await visit.say(QUESTION);
  await visit.answered();
}

async function askToForget(visit) {
  await visit.dialog().locator("summary").click();
  await visit.button("Forget me on this device").click();
  await visit.dialog().getByRole("heading", { name: "Forget you on this device?" }).and(visit.page.locator(":focus")).waitFor();
}

const databases = (visit) => visit.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));

/** Somewhere else, with what this browser has stored: a copied token. */
async function copied(visit) {
  const stored = await visit.page.evaluate(() => ({ ...sessionStorage }));
  const other = await visit.elsewhere();
  await other.load();
  await other.page.evaluate((entries) => Object.assign(sessionStorage, entries), stored);
  await other.open();
  await other.log().getByText(QUESTION, { exact: true }).waitFor();
  return other;
}

test("forget me: offers a copy and the end of the data, warns, ends access everywhere and leaves nothing", {}, async (visit) => {
  await begun(visit);
  const other = await copied(visit);
  await askToForget(visit);
  await visit.dialog().getByText(/ends, here and on every other device/).waitFor();
  await visit.accessible();
  await visit.picture("forget");
  const download = visit.page.waitForEvent("download");
  await visit.button("Download my data (JSON)").click();
  assert.equal((await download).suggestedFilename(), "my-data.json");
  await visit.button("Delete my data").click();
  await visit.dialog().getByRole("heading", { name: "Delete all of your data?" }).waitFor();
  await visit.button("Back").click();
  await visit.dialog().getByRole("heading", { name: "Forget you on this device?" }).waitFor();
  await visit.button("Back").click();
  await visit.log().getByText(QUESTION, { exact: true }).waitFor();
  await visit.button("Forget me on this device").click();

  const ended = visit.page.waitForRequest((request) => request.method() === "DELETE" && sessionsPath.test(request.url()));
  await visit.button("Forget me", { exact: true }).click();
  assert.match((await ended).headers()["sotto-reply-key"], /^[\w-]+\.[\w-]+$/, "sealed");
  await visit.dialog().getByRole("heading", { name: "This device has forgotten you." }).and(visit.page.locator(":focus")).waitFor();
  await visit.accessible();
  assert.deepEqual(await visit.stored(), NOTHING);
  assert.deepEqual(await databases(visit), []);

  await other.say("am I still here?");
  await other.dialog().getByText("Your access to this chat has ended.").waitFor();
  await other.accessible();
  await other.picture("signed-out");
  assert.deepEqual(await other.stored(), NOTHING);
  for (const one of [visit, other]) {
    await one.button("Start a new chat").click();
    await one.consent();
    assert.equal(await one.log().getByText(QUESTION, { exact: true }).count(), 0);
  }
});

test("forget me: by keyboard alone, remembered on the device", {}, async (visit) => {
  const { page } = visit;
  const focused = () => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent ?? "");
  const tabTo = async (name) => {
    for (let i = 0; i < 40; i++) {
      if (name.test(await focused())) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no way to ${name} by Tab`);
  };
  await visit.load();
  await visit.open();
  await visit.dialog().getByRole("checkbox").check();
  await visit.consent();
  assert.deepEqual((await visit.stored()).local, ["sotto:default"]);
  await tabTo(/Protection and your data/);
  await page.keyboard.press("Enter");
  await tabTo(/^Forget me on this device$/);
  await page.keyboard.press("Enter");
  await visit.dialog().getByRole("heading", { name: "Forget you on this device?" }).and(page.locator(":focus")).waitFor();
  await tabTo(/^Forget me$/);
  await page.keyboard.press("Enter");
  await visit.dialog().getByRole("heading", { name: "This device has forgotten you." }).and(page.locator(":focus")).waitFor();
  assert.deepEqual(await visit.stored(), NOTHING);
});

test("forget me: without a network nothing is forgotten, and the visitor is told what can be done", {}, async (visit) => {
  await begun(visit);
  const other = await copied(visit);
  await askToForget(visit);
  let isDown = true;
  await intercept(visit, sessionsPath, (request) => request.method() === "DELETE" && isDown && "abort");
  await visit.button("Forget me", { exact: true }).click();
  await visit.alert().getByText(/check your connection/).waitFor({ timeout: 60_000 });
  await visit.dialog().getByRole("status").getByText(/Nothing has been forgotten yet/).waitFor();
  await visit.accessible();
  await visit.picture("forget-failed");
  assert.deepEqual((await visit.stored()).session, ["sotto:default"]);
  await visit.button("Forget on this device only").click();
  await visit.dialog().getByRole("heading", { name: "This device has forgotten you." }).waitFor();
  assert.deepEqual(await visit.stored(), NOTHING);
  await other.say("still here");
  await other.log().getByText("still here").waitFor();
  await other.answered();

  isDown = false;
  await askToForget(other);
  await other.button("Forget me", { exact: true }).click();
  await other.dialog().getByRole("heading", { name: "This device has forgotten you." }).waitFor();
});

test("forget me, in German", { locale: "de-DE" }, async (visit) => {
  await visit.load("/?lang=de");
  await visit.open();
  await visit.consent();
  await visit.dialog().locator("summary").click();
  await visit.button("Auf diesem Gerät vergessen").click();
  await visit.dialog().getByRole("heading", { name: "Sie auf diesem Gerät vergessen?" }).waitFor();
  await visit.accessible();
  await visit.picture("german-forget");
  await visit.button("Mich vergessen").click();
  await visit.dialog().getByRole("heading", { name: "Dieses Gerät hat Sie vergessen." }).waitFor();
  assert.deepEqual(await visit.stored(), NOTHING);
});

test("end chat closes only: after a reload its data can still be fetched, deleted and forgotten", {}, async (visit) => {
  await begun(visit);
  await visit.button("End chat").click();
  await visit.button("End chat").click();
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  await visit.page.reload();
  await visit.open();
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  await visit.accessible();
  const download = visit.page.waitForEvent("download");
  await visit.button("Download my data (JSON)").click();
  await download;
  await visit.button("Forget me on this device").click();
  await visit.button("Forget me", { exact: true }).click();
  await visit.dialog().getByRole("heading", { name: "This device has forgotten you." }).waitFor();
  assert.deepEqual(await visit.stored(), NOTHING);
});

test("after a deletion the sessions end as well", {}, async (visit) => {
  await begun(visit);
  const other = await copied(visit);
  await visit.dialog().locator("summary").click();
  await visit.button("Delete my data").click();
  await visit.button("Delete for good").click();
  await visit.dialog().getByRole("heading", { name: "Your data was deleted." }).waitFor();
  const ended = visit.apiRequests().filter((request) => request.method() === "DELETE").map((request) => new URL(request.url()).pathname);
  assert.deepEqual(ended, ["/v1/me", "/v1/sessions"]);
  await other.say("am I still here?");
  await other.dialog().getByText(/Your access to this chat has ended|no longer exists/).waitFor();
  assert.deepEqual(await other.stored(), NOTHING);
});
