// The first path: what most visitors do, from the page to the end of a chat.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { QUESTION } from "../visit.mjs";

test("nothing is stored or fetched before the chat is opened", {}, async (visit) => {
  await visit.load();
  await visit.page.waitForLoadState("networkidle");
  assert.deepEqual(await visit.context.cookies(), []);
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  const { origin } = new URL(visit.base);
  for (const request of visit.requests) assert.equal(new URL(request.url()).origin, origin);
  const scripts = visit.requests.filter((request) => request.resourceType() === "script");
  assert.deepEqual(scripts.map((request) => new URL(request.url()).pathname), ["/widget.js"]);
  assert.deepEqual(visit.apiRequests(), []);
  assert.deepEqual(visit.complaints, []);
  await visit.accessible();
  await visit.picture("page");
});

test("a visitor consents, asks, reads the answer, reloads and reads it again", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.notice();
  const asked = visit.apiRequests().map((request) => `${request.method()} ${new URL(request.url()).pathname}`);
  const first = ["GET /v1/keys", "GET /v1/keys", "GET /v1/sites/default/widget"];
  assert.deepEqual(asked.sort(), first, "before the consent nothing but the keys, then the days and the site under their seal");
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  await visit.dialog().getByText("deleted after 30 days, contact details after 180 days.").waitFor();
  await visit.accessible();
  await visit.picture("notice");
  await visit.consent();
  await visit.say(QUESTION);
  await visit.answered();
  const answer = visit.log().locator(".message.bot").last();
  assert.match(await answer.innerText(), /parcel|track/i);
  assert.match(await answer.innerText(), /From: \S/);
  assert.match(await visit.log().innerText(), /automated assistant/);
  assert.match(await visit.dialog().locator("summary").innerText(), /Kept until \d{1,2} \w+ \d{4}/);
  await visit.accessible();
  await visit.picture("answer");
  const said = await answer.locator(".text").innerText();

  await visit.page.reload();
  await visit.launcher().waitFor();
  await visit.open();
  await visit.log().getByText(QUESTION, { exact: true }).waitFor();
  await visit.log().getByText(said, { exact: true }).waitFor();
  assert.equal(await visit.button(/start chat/).count(), 0, "the consent is not asked for again");
  await visit.picture("reloaded");

  assert.deepEqual(await visit.context.cookies(), []);
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: ["sotto:default"] });
  const { origin } = new URL(visit.base);
  for (const request of visit.requests) assert.equal(new URL(request.url()).origin, origin);
  assert.deepEqual(visit.complaints, []);
});

test("the visitor may be remembered on the device", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.dialog().getByRole("checkbox").check();
  await visit.consent();
  assert.deepEqual(await visit.stored(), { cookies: "", local: ["sotto:default"], session: [] });
  const again = await visit.elsewhere();
  await again.load();
  await again.open();
  await again.log().waitFor();
});

test("a person can be asked for, and nobody is there: the chat says so and takes an address", {}, async (visit) => {
  await visit.start();
  await visit.button("Talk to a person").click();
  await visit.log().getByText(/^Nobody is here to answer at the moment\./).waitFor();
  assert.ok(await visit.dialog().getByRole("textbox").evaluate((field) => field.getRootNode().activeElement === field));
  await visit.accessible();
  await visit.picture("nobody");
  await visit.log().getByRole("button", { name: "Leave contact details" }).click();
  await visit.dialog().getByRole("heading", { name: "How can we reach you?" }).waitFor();
});

test("contact details, a rating and the end of the chat", {}, async (visit) => {
  await visit.start();
  assert.equal(await visit.button("Leave contact details").count(), 0, "after an answer rather than before it");
  await visit.say(QUESTION);
  await visit.answered();
  await visit.button("Leave contact details").click();
  await visit.accessible();
  await visit.picture("lead");
  await visit.dialog().getByLabel("Name").fill("Example Visitor");
  await visit.dialog().getByLabel("E-mail").fill("visitor@example.com");
  await visit.dialog().getByRole("checkbox").check();
  await visit.button("Leave details").click();
  await visit.log().getByText(/details have been passed on/).waitFor();

  await visit.button("Rate this chat").click();
  await visit.accessible();
  await visit.picture("rating");
  await visit.dialog().getByLabel("5", { exact: true }).check();
  await visit.dialog().getByLabel(/Comment/).fill("Quick.");
  await visit.button("Send rating").click();
  await visit.log().getByText(/Thank you for your rating/).waitFor();

  await visit.button("End chat").click();
  await visit.picture("end");
  await visit.button("End chat").click();
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  assert.deepEqual((await visit.stored()).session, ["sotto:default"], "closing forgets nobody");
  await visit.button("Start a new chat").click();
  await visit.consent();
});
