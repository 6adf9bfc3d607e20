// A thousand who wait: the list stays as quick as with ten, and is narrowed by what it shows.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { atWork, ben, rows } from "./desk.mjs";

const VISITORS = 12;
const EACH = 84;
const GERMAN = 3;
const MOST_ROWS = 60;
/** A list of a thousand comes in many pages; a busy machine takes its time. */
const LIST_MS = 180_000;
const KEYS = 20;
/** Of a key, which may bring a row in sight and take one out of it; a list that made all its rows anew makes a thousand. */
const MOST_MADE = 4;

test("a thousand who wait are a list of any length, by keyboard and by filter", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  await Promise.all(Array.from({ length: VISITORS }, (_, at) => arrive(desk.base, at)));
  const count = VISITORS * EACH;
  const tab = page.getByRole("tab", { name: /^Waiting/ });
  await tab.filter({ hasText: String(count) }).waitFor({ timeout: LIST_MS });
  const list = page.getByRole("list", { name: "Waiting, the longest first" });
  await rows(desk).first().waitFor();
  assert.ok((await rows(desk).count()) < MOST_ROWS, "rows in sight and a few beside them");
  await desk.picture("inbox-thousand");

  await page.locator("body").press("j");
  const made = await list.evaluateHandle(rowsMade);
  for (let pressed = 0; pressed < KEYS; pressed++) await page.keyboard.press("j");
  await page.locator(`.inbox-row[data-index="${KEYS}"]:focus`).waitFor();
  const rowsFor = await made.evaluate((rows) => rows.made);
  assert.ok(rowsFor <= KEYS * MOST_MADE, `${rowsFor} rows made`);

  // To the end, page by page, as far as the list goes.
  const last = list.locator(`li[aria-posinset="${count}"]`);
  const deadline = performance.now() + LIST_MS;
  while ((await last.count()) === 0) {
    assert.ok(performance.now() < deadline, "the last one is reached");
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))));
  }
  assert.ok((await rows(desk).count()) < MOST_ROWS);

  const filter = page.locator(".inbox-filter");
  await filter.locator("summary").click();
  await filter.getByLabel("Language").selectOption({ label: "German" });
  await list.locator(`li[aria-setsize="${GERMAN}"]`).first().waitFor({ timeout: LIST_MS });
  assert.equal(await rows(desk).count(), GERMAN);
  await filter.getByLabel("Tag").fill("parcel");
  await page.getByText("Nothing matches the filter.").waitFor();
  assert.equal(await rows(desk).count(), 0);
  await filter.getByRole("button", { name: "Clear the filter" }).click();
  await rows(desk).first().waitFor();
  await filter.getByLabel("Only with new messages").check();
  assert.equal(await rows(desk).count(), 0, "nobody has written since they asked");
  await desk.looks("inbox-filter");
  await filter.getByRole("button", { name: "Clear the filter" }).click();
  await rows(desk).first().waitFor();
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  await desk.isClean();
});

/** Counts the rows that come into a list from now on. */
function rowsMade(list) {
  const rows = { made: 0 };
  const look = (changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) rows.made += node.nodeType === Node.ELEMENT_NODE && node.matches("li");
  };
  new MutationObserver(look).observe(list, { childList: true, subtree: true });
  return rows;
}

/** A visitor without a page, who asks for a person in each of many conversations. */
async function arrive(base, at) {
  const post = async (path, body, token) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    for (;;) {
      const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (answer.ok) return answer.json();
      // A busy machine; anything else is a fault.
      assert.equal(answer.status, 503, `${path}: ${await answer.text()}`);
    }
  };
  const { access_token: token } = await post("/v1/sessions", { site: "default", identity: null });
  const consent = { notice_version: "2026-11", purposes: ["support"] };
  for (let number = 0; number < EACH; number++) {
    const locale = at === 0 && number < GERMAN ? "de" : "en";
    const { id } = await post("/v1/conversations", { consent, locale }, token);
    const { status } = await post(`/v1/conversations/${id}/handover`, {}, token);
    assert.equal(status, "waiting");
  }
}
