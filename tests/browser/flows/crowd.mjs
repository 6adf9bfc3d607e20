// A network over its limit: the device works, the page stays usable, and the visitor may stop it.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { QUESTION } from "../visit.mjs";

const MINUTE_MS = 60_000;
const SESSION = { site: "default", identity: null };
/** The most zero bits that a page tries; the first answer to this challenge is the 83,328,632nd. */
const MINUTES_OF_WORK = { algorithm: "sha256", challenge: "2tra", bits: 24 };
/** For work whose length is a matter of luck, on a busy machine. */
const WORK_MS = 180_000;

/** Refuses what the page asks for, with work to do; gives a way to stop that. */
async function refuseFor(visit, work) {
  await visit.page.route(/\/v1\/sessions$/, (route) => route.fulfill({
    status: 429,
    headers: { "Retry-After": "40" },
    contentType: "application/problem+json",
    body: JSON.stringify({ code: "rate_limited", proof_of_work: work }),
  }));
  return () => visit.page.unroute(/\/v1\/sessions$/);
}

function post(visit, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  return fetch(visit.base + path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Begins a minute, and lets others of the network open a session in it; with `isOver`, use all that it may do. */
async function crowd(visit, isOver) {
  const moved = async (seconds) => {
    const body = JSON.stringify({ advance_seconds: seconds });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`${visit.control}/clock`, { method: "POST", headers, body });
    assert.equal(response.status, 200);
    return Date.parse((await response.json()).now);
  };
  const now = await moved(0);
  await moved(Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000) + 1);
  const first = await post(visit, "/v1/sessions", SESSION);
  assert.equal(first.status, 201);
  const { access_token: token } = await first.json();
  const consent = { notice_version: "2026-11", purposes: ["support"] };
  if (!isOver) return;
  const refused = await post(visit, "/v1/sessions", SESSION);
  assert.equal(refused.status, 429);
  const opened = await post(visit, "/v1/conversations", { consent, locale: "en" }, token);
  assert.equal(opened.status, 201);
}

function said(visit) {
  return visit.page.locator("sotto-chat dialog .work");
}

/** Notes each time that the page says why it takes a while, and what it says. */
async function watchWork(visit) {
  await visit.page.evaluate(() => {
    window.said = [];
    const work = document.querySelector("sotto-chat").shadowRoot.querySelector(".work");
    const note = () => work.textContent && window.said.push(work.textContent);
    new MutationObserver(note).observe(work, { childList: true });
  });
}

for (const [lang, words] of [["en", /your device is doing a calculation/], ["de", /führt Ihr Gerät eine Berechnung aus/]]) {
  test(`who is in a crowded network begins a chat all the same (${lang})`, { locale: lang }, async (visit) => {
    await visit.load(`/?lang=${lang}`);
    await visit.open();
    await visit.notice();
    await crowd(visit, true);
    await watchWork(visit);
    // Without a mouse.
    await visit.button(/start chat|Chat starten/).focus();
    await visit.page.keyboard.press("Enter");
    await visit.log().waitFor({ timeout: WORK_MS });
    const told = await visit.page.evaluate(() => window.said);
    assert.equal(told.length, 2, "once for the session, once for the conversation");
    for (const text of told) assert.match(text, words);
    assert.equal(await said(visit).innerText(), "", "no longer");
    await visit.say(QUESTION);
    await visit.answered();
    const proofs = visit.apiRequests().filter((request) => request.headers()["sotto-proof"]);
    assert.deepEqual(proofs.map((request) => new URL(request.url()).pathname), ["/v1/sessions", "/v1/conversations"]);
    const files = visit.requests.filter((request) => /\/assets\/work-/.test(request.url()));
    assert.equal(files.length, 1, "fetched once, and only now");
    assert.deepEqual(visit.complaints.filter((line) => !/status of 429/.test(line)), []);
  });
}

test("the page stays usable while the device works, and the work can be stopped", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.notice();
  const serve = await refuseFor(visit, MINUTES_OF_WORK);
  await visit.button("start chat").focus();
  await visit.page.keyboard.press("Enter");
  await said(visit).getByText("your device is doing a calculation").waitFor();
  await visit.accessible();
  await visit.picture("crowd-work");
  const turns = await visit.page.evaluate(async () => {
    let turns = 0;
    const end = performance.now() + 1000;
    while (performance.now() < end) {
      await new Promise((resume) => setTimeout(resume));
      turns++;
    }
    return turns;
  });
  assert.ok(turns > 5, `${turns} turns in a second`);
  const stop = visit.button("Stop the calculation");
  await stop.focus();
  await visit.page.keyboard.press("Enter");
  await visit.alert().getByText("The calculation was stopped").waitFor();
  assert.equal(await said(visit).innerText(), "");
  await visit.accessible();
  await visit.picture("crowd-stopped");
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  // The next minute, it starts as always.
  await serve();
  await crowd(visit, false);
  await visit.button("start chat").click();
  await visit.log().waitFor({ timeout: WORK_MS });
});

test("a challenge that no device could solve is not tried", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.notice();
  await refuseFor(visit, { ...MINUTES_OF_WORK, bits: 60 });
  await visit.button("start chat").click();
  await visit.alert().getByText("Too much is going on").waitFor();
});
