// A text outlives a reload, an outage, and a visitor who ends or erases the conversation; signing out destroys it.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, isPost, problem } from "../../visit.mjs";
import { answer, atWork, ben, box, close, log, take, waiting } from "./desk.mjs";

const MESSAGES = /\/v1\/inbox\/[^/]+\/messages$/;
const SECRET = "the parcel lies in the yellow shed";

test("a text survives a reload, sealed, and signing out destroys its key", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  const visit = await waiting(desk);
  await take(desk);
  await visit.log().getByText("Ben has joined the conversation.").waitFor();
  await box(desk).fill(SECRET);
  await page.waitForFunction(() => sessionStorage.getItem("sotto:desk"));
  const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.ok(!stored.includes(SECRET) && !stored.includes("yellow"), "it is sealed");
  assert.equal(await page.evaluate(exported), "InvalidAccessError", "no script reads the key");
  for (const address of await desk.addresses()) assert.ok(!/[\da-f]{8}-/.test(address), address);
  await page.reload();
  await log(desk).waitFor();
  assert.equal(await box(desk).inputValue(), SECRET);
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)), []);
  await desk.isClean();

  await atWork(desk, ben);
  // Where no colleague was there meanwhile, the assistant has it again, which the visitor hears of a little later.
  await visit.log().getByText(/Ben (is no longer here|has left the conversation)/).waitFor();
  const ask = visit.button("Talk to a person");
  if (await ask.isVisible()) await ask.click();
  await take(desk);
  assert.equal(await box(desk).inputValue(), "");
  await close(desk);
  await visit.context.close();
});

test("an answer that failed is sent again with its key, and arrives once", {}, async (desk) => {
  await atWork(desk, ben);
  const visit = await waiting(desk);
  await take(desk);
  const keys = [];
  let failures = 2;
  await intercept(desk, MESSAGES, async (request, route) => {
    if (!isPost(request)) return null;
    keys.push(request.headers()["idempotency-key"]);
    if (failures-- <= 0) return null;
    // The second time it arrives, and the answer is lost.
    if (failures === 0) await route.fetch();
    return failures === 0 ? "abort" : problem(503, "unavailable");
  });
  await box(desk).fill("Once and no more.");
  await box(desk).press("Enter");
  await desk.press("Send now");
  await desk.page.getByText("Not delivered yet.").waitFor();
  await desk.looks("inbox-failed");
  await log(desk).locator(".pending").waitFor({ state: "detached" });
  assert.equal(new Set(keys).size, 1);
  assert.ok(keys.length >= 3, `${keys.length} tries`);
  await visit.log().getByText("Once and no more.").waitFor();
  assert.equal(await visit.log().getByText("Once and no more.").count(), 1);
  assert.equal(await log(desk).getByText("Once and no more.").count(), 1);
  await close(desk);
  await visit.context.close();
});

for (const [name, act, said] of [
  ["ends", "end", /this conversation has ended/],
  ["erases", "erase", /the visitor has erased this conversation/],
]) {
  test(`a visitor who ${name} the conversation meanwhile: the text stays in the box`, {}, async (desk) => {
    await atWork(desk, ben);
    const visit = await waiting(desk);
    await take(desk);
    await answer(desk, "One moment.");
    await visit.log().getByText("One moment.").waitFor();
    // The desk does not hear of it before it sends.
    await intercept(desk, MESSAGES, (request) => !isPost(request) && problem(503, "unavailable"));
    if (act === "end") {
      await visit.button("End chat").click();
      await visit.button("End chat").click();
      await visit.dialog().getByText(/conversation has ended/).waitFor();
    } else {
      await visit.dialog().locator("summary").click();
      await visit.button("Delete my data").click();
      await visit.button("Delete for good").click();
      await visit.dialog().getByRole("heading", { name: "Your data was deleted." }).waitFor();
    }
    await box(desk).fill("Here you are.");
    await box(desk).press("Enter");
    await desk.press("Send now");
    await desk.page.getByRole("alert").filter({ hasText: said }).waitFor();
    assert.equal(await box(desk).inputValue(), "Here you are.");
    await desk.looks(`inbox-visitor-${act}`);
    await visit.context.close();
  });
}

test("without an answer for ten seconds the page says that it may be old", {}, async (desk) => {
  await atWork(desk, ben);
  await desk.page.getByText("Up to date").waitFor();
  let isOut = true;
  await intercept(desk, /\/v1\/inbox$/, () => isOut && "abort");
  await desk.page.getByText(/^No answer for \d+ seconds\. What you see may be old/).first().waitFor({ timeout: 30_000 });
  await desk.looks("inbox-stale");
  isOut = false;
  await desk.page.getByText("Up to date").waitFor({ timeout: 30_000 });
});

/** Tries to read the key of the drafts, as a script could that got into the page. */
async function exported() {
  const request = indexedDB.open("sotto-desk");
  const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const found = database.transaction("keys").objectStore("keys").get("drafts");
  const key = await new Promise((resolve) => (found.onsuccess = () => resolve(found.result)));
  database.close();
  return crypto.subtle.exportKey("raw", key).then(() => "read", (error) => error.name);
}
