// Requests that visitors make by themselves: a copy of everything, and its deletion.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, SEALED } from "../../visit.mjs";
import { saved, savedAs, visitorWith } from "./people.mjs";

const EMAIL = "myself@example.com";
const TEXT = "my key is under the mat";

test("visitors save their data and delete it, sealed both ways", {}, async (desk) => {
  const visitor = await visitorWith(desk, { email: EMAIL, text: TEXT });
  await visitor.dialog().locator("summary").click();
  await visitor.accessible();
  await visitor.picture("my-data");
  const file = await saved(visitor.page, () => visitor.button("Download my data (JSON)").click());
  await visitor.dialog().getByText("was handed to your browser").waitFor();
  assert.ok(JSON.stringify(file).includes(TEXT), "what was said is in it");
  assert.ok(JSON.stringify(file).includes(EMAIL));
  assert.match(file.conversations[0].consent.notice_version, /^\d{4}-\d\d \(30, 180\)$/, "with the days that were shown");
  await visitor.picture("my-data-saved");

  const page = await savedAs(/^my-data\.html$/, visitor.page, () => visitor.button("Download my data (page to read)").click());
  await visitor.dialog().getByText("was handed to your browser").waitFor();
  assert.ok(page.includes(TEXT) && page.includes(EMAIL));
  assert.match(page, /^<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'none'"><html lang="en">/);

  await visitor.button("Delete my data").click();
  await visitor.dialog().getByRole("heading", { name: "Delete all of your data?" }).waitFor();
  await visitor.accessible();
  await visitor.picture("my-data-delete");
  await visitor.button("Back").click();
  await visitor.log().getByText(TEXT).waitFor();
  await visitor.button("Delete my data").click();
  await visitor.button("Delete for good").click();
  await visitor.dialog().getByRole("heading", { name: "Your data was deleted." }).waitFor();
  await visitor.accessible();
  await visitor.picture("my-data-deleted");
  const receipt = await saved(visitor.page, () => visitor.button("Download the receipt").click());
  assert.equal(receipt.conversations, 1);
  assert.deepEqual(receipt.kept, []);
  const published = await fetch(`${visitor.base}/v1/receipts/${receipt.id}`);
  // The place in the audit log comes with the next checkpoint, and a new signature with it.
  const lasting = ({ jws, log, ...rest }) => rest;
  assert.deepEqual(lasting(await published.json()), lasting(receipt), "anybody who is given its id finds it");
  assert.deepEqual(await visitor.stored(), { cookies: "", local: [], session: [] });

  const asked = visitor.apiRequests().filter((request) => /\/v1\/me(\/export)?$/.test(new URL(request.url()).pathname));
  assert.deepEqual(asked.map((request) => request.method()), ["GET", "GET", "GET", "DELETE"]);
  for (const request of asked) {
    assert.match(request.headers()["sotto-reply-key"], /^[\w-]+\.[\w-]+$/);
    assert.equal(request.postData(), null);
    assert.equal((await request.response()).headers()["content-type"], SEALED);
  }

  await visitor.button("Start a new chat").click();
  await visitor.consent();
  assert.equal(await visitor.log().getByText(TEXT).count(), 0);
  await visitor.say("hello again");
  await visitor.answered();
  assert.deepEqual(visitor.complaints, []);
  await visitor.context.close();
});

test("a deletion that nobody answered is one deletion when it is tried again", {}, async (desk) => {
  const visitor = await visitorWith(desk, { email: "twice@example.com", text: TEXT });
  let isLost = false;
  const keys = [];
  await intercept(visitor, /^\/v1\/me$/, async (request, route) => {
    keys.push(request.headers()["idempotency-key"]);
    if (isLost) return;
    isLost = true;
    await route.fetch();
    return "abort";
  });
  await visitor.dialog().locator("summary").click();
  await visitor.button("Delete my data").click();
  await visitor.button("Delete for good").click();
  await visitor.dialog().getByRole("heading", { name: "Your data was deleted." }).waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  await visitor.context.close();
});
