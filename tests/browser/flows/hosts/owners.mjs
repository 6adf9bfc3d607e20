// Stored data belongs to the subject that the server named, whatever the page said before or after. The server's
// part is played by a guest's session, as in customers.mjs.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, QUESTION } from "../../visit.mjs";

const identityOf = (sub) => `x.${btoa(JSON.stringify({ sub }))}.x`;

const name = (guest, sub) =>
  guest.page.evaluate((identity) => {
    const script = document.querySelector("script[data-site]");
    if (identity) script.dataset.identity = identity;
    else delete script.dataset.identity;
  }, sub && identityOf(sub));

async function played(guest) {
  await intercept(guest, /\/v1\/sessions$/, async (request, route) => {
    const { identity } = request.postDataJSON();
    if (identity === null || identity === undefined) return null;
    const session = await route.fetch({ postData: JSON.stringify({ site: "default", identity: null }) });
    return { response: session, json: { ...(await session.json()), verified: true, conversations: [] } };
  });
}

async function talk(guest, remember) {
  if (remember) await guest.dialog().getByRole("checkbox").check();
  await guest.consent();
  await guest.say(QUESTION);
  await guest.answered();
}

/** The steps in their order, before the next guest comes. */
const ORDERS = {
  "open, set, agree": async (guest) => {
    await guest.open();
    await guest.notice();
    await name(guest, "4711");
  },
  "set, open, agree": async (guest) => {
    await name(guest, "4711");
    await guest.open();
  },
  "set, open, change, agree": async (guest) => {
    await name(guest, "4712");
    await guest.open();
    await guest.notice();
    await name(guest, "4711");
  },
  "set, remove, open, set, agree": async (guest) => {
    await name(guest, "4711");
    await name(guest, null);
    await guest.open();
    await guest.notice();
    await name(guest, "4711");
  },
};

for (const [order, act] of Object.entries(ORDERS)) {
  for (const remember of [true, false]) {
    test(`${order}${remember ? ", remembered" : ""}: the next guest finds nothing, the customer finds it again`, {}, async (guest) => {
      await played(guest);
      await guest.load("/plain.html");
      await act(guest);
      await talk(guest, remember);
      await name(guest, null);
      await guest.notice();
      assert.equal(await guest.page.getByText(QUESTION, { exact: true }).count(), 0, "signed out on the same page");
      await guest.page.reload();
      await guest.open();
      await guest.notice();
      await guest.page.reload();
      await guest.launcher().waitFor();
      await name(guest, "4712");
      await guest.open();
      await guest.notice();
      await guest.page.reload();
      await guest.launcher().waitFor();
      await name(guest, "4711");
      await guest.open();
      await guest.log().getByText(QUESTION, { exact: true }).waitFor();
    });
  }
}

test("a guest's conversation stays the guest's when the page names a customer afterwards", {}, async (guest) => {
  await played(guest);
  await guest.load("/plain.html");
  await guest.open();
  await talk(guest, true);
  await name(guest, "4711");
  await guest.page.reload();
  await guest.launcher().waitFor();
  await name(guest, "4711");
  await guest.open();
  await guest.notice();
});
