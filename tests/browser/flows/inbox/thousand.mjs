// A thousand who wait: the list stays as quick as with ten, and is narrowed by what it shows.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { atWork, ben, rows } from "./desk.mjs";

const VISITORS = 12;
const EACH = 84;
const GERMAN = 3;
const MOST_ROWS = 60;
/** Of the browser's own time for twenty keys; a list that made all its rows takes many times as long. */
const KEYS_MS = 4000;

test("a thousand who wait are a list of any length, by keyboard and by filter", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  await Promise.all(Array.from({ length: VISITORS }, (_, at) => arrive(desk.base, at)));
  const count = VISITORS * EACH;
  const tab = page.getByRole("tab", { name: /^Waiting/ });
  await tab.filter({ hasText: String(count) }).waitFor({ timeout: 60_000 });
  const list = page.getByRole("list", { name: "Waiting, the longest first" });
  await rows(desk).first().waitFor();
  assert.ok((await rows(desk).count()) < MOST_ROWS, "rows in sight and a few beside them");
  await desk.picture("inbox-thousand");

  await page.locator("body").press("j");
  const started = performance.now();
  for (let pressed = 0; pressed < 20; pressed++) await page.keyboard.press("j");
  await page.locator('.inbox-row[data-index="20"]:focus').waitFor();
  assert.ok(performance.now() - started < KEYS_MS, `${performance.now() - started} ms`);

  // To the end, page by page, as far as the list goes.
  const last = list.locator(`li[aria-posinset="${count}"]`);
  const deadline = performance.now() + 60_000;
  while ((await last.count()) === 0) {
    assert.ok(performance.now() < deadline, "the last one is reached");
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))));
  }
  assert.ok((await rows(desk).count()) < MOST_ROWS);

  const filter = page.locator(".inbox-filter");
  await filter.locator("summary").click();
  await filter.getByLabel("Language").selectOption({ label: "German" });
  await list.locator(`li[aria-setsize="${GERMAN}"]`).first().waitFor({ timeout: 30_000 });
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
