// Of a sealed route nothing is believed but what the seal holds, its status included.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, problem, QUESTION } from "../../visit.mjs";

const KEPT = ["sotto:default"];

async function lead(guest) {
  // It is offered after an answer.
  await guest.say(QUESTION);
  await guest.answered();
  await guest.button("Leave contact details").click();
  await guest.dialog().getByLabel("Name").fill("Example Visitor");
  await guest.dialog().getByLabel("E-mail").fill("visitor@example.com");
  await guest.dialog().getByRole("checkbox").check();
  await guest.button("Leave details").click();
}

async function rate(guest) {
  await guest.button("Rate this chat").click();
  await guest.dialog().getByLabel("5", { exact: true }).check();
  await guest.button("Send rating").click();
}

async function erase(guest) {
  await guest.dialog().locator("summary").click();
  await guest.button("Delete my data").click();
  await guest.button("Delete for good").click();
}

async function end(guest) {
  await guest.button("End chat").click();
  await guest.button("End chat").click();
}

const ROUTES = {
  lead: [/\/lead$/, lead, /passed on/],
  rating: [/\/rating$/, rate, /Thank you for your rating/],
  "DELETE /v1/me": [/\/v1\/me$/, erase, /Your data was deleted/],
  close: [/\/close$/, end, /conversation has ended/],
  handover: [/\/handover$/, (guest) => guest.button("Talk to a person").click(), /A person has been asked/],
  messages: [/\/messages$/, (guest) => guest.say(QUESTION), /conversation no longer exists/],
};

const plain = {
  "a plain 204": () => ({ status: 204 }),
  "a plain 200": () => ({ status: 200, json: { id: "1", status: "closed", kept: [], completed_at: "2026-11-01T00:00:00Z" } }),
  "plain 401s": () => problem(401, "token_expired"),
  "a plain 410": () => problem(410, "erased"),
  "a plain legal hold": () => problem(409, "legal_hold"),
};

for (const [route, [path, act, believed]] of Object.entries(ROUTES)) {
  for (const [what, answer] of Object.entries(plain)) {
    test(`${route}, ${what}: not believed`, {}, async (guest) => {
      await guest.start("/plain.html");
      await intercept(guest, path, (request) => request.method() !== "OPTIONS" && answer());
      if (what === "plain 401s") {
        await intercept(guest, /\/v1\/sessions$/, (request) => request.method() !== "OPTIONS" && problem(401, "token_expired"));
      }
      await act(guest);
      await guest.alert().getByText(/not sealed as it should be|Something went wrong/).waitFor();
      assert.equal(await guest.dialog().getByText(believed).count(), 0);
      assert.equal(await guest.dialog().getByText(/has to stay as it is/).count(), 0);
      assert.ok((await guest.stored()).session.includes(KEPT[0]), "the key is kept");
    });
  }

  test(`${route}, sealed with another status: not believed`, {}, async (guest) => {
    await guest.start("/plain.html");
    await intercept(guest, path, async (request, instead) => {
      if (request.method() === "OPTIONS" || request.method() === "GET") return null;
      const response = await instead.fetch();
      return { response, status: response.status() === 201 ? 200 : 201 };
    });
    await act(guest);
    await guest.alert().getByText(/not sealed as it should be/).waitFor();
    assert.equal(await guest.dialog().getByText(believed).count(), 0);
    assert.ok((await guest.stored()).session.includes(KEPT[0]), "the key is kept");
  });

  test(`${route}, a refusal of another request's: not believed`, {}, async (guest) => {
    await guest.start("/plain.html");
    let other = null;
    await intercept(guest, /\/v1\/conversations\/[^/]+$/, () => null);
    await intercept(guest, path, async (request, instead) => {
      if (request.method() === "OPTIONS") return null;
      if (!other) other = await (await instead.fetch()).body();
      return { status: 410, contentType: "application/sotto-sealed+json", body: other.toString().replace(/"ct":"./, '"ct":"A') };
    });
    await act(guest);
    await guest.alert().getByText(/not sealed as it should be/).waitFor();
    assert.ok((await guest.stored()).session.includes(KEPT[0]), "the key is kept");
  });
}

test("what is retained is believed from the seal only, whatever stands beside the signature", {}, async (guest) => {
  await intercept(guest, /\/v1\/keys$/, async (request, route) => {
    if (request.method() === "OPTIONS" || request.headers()["sotto-reply-key"]) return null;
    const response = await route.fetch();
    return { response, json: { ...(await response.json()), retention: { transcript_days: 1, lead_days: 1 } } };
  });
  await guest.load("/plain.html");
  await guest.open();
  await guest.dialog().getByText("deleted after 30 days, contact details after 180 days.").waitFor();
});

for (const [what, change] of [
  ["plain", (list) => ({ json: { ...list, retention: { transcript_days: 1, lead_days: 1 } } })],
  ["plain 204", () => ({ status: 204 })],
]) {
  test(`what is retained comes ${what}: nothing is promised`, {}, async (guest) => {
    await intercept(guest, /\/v1\/keys$/, async (request, route) => {
      if (!request.headers()["sotto-reply-key"]) return null;
      const response = await route.fetch();
      return { headers: response.headers(), ...change(await response.json()), contentType: "application/json" };
    });
    await guest.load("/plain.html");
    await guest.open();
    await guest.alert().getByText(/not sealed as it should be/).waitFor();
    assert.equal(await guest.button(/start chat/).count(), 0);
  });
}

for (const [what, change] of [
  ["no keys", () => ({ keys: [] })],
  ["other keys", (set) => ({ keys: set.keys.map((key) => ({ ...key, x: Buffer.alloc(32, 7).toString("base64url") })) })],
]) {
  test(`a receipt that ${what} prove: the visitor's key is kept, and another try goes through`, {}, async (guest) => {
    await guest.start("/plain.html");
    let refuse = true;
    await intercept(guest, /jwks\.json$/, async (_, route) => {
      const response = await route.fetch();
      return refuse && { response, json: change(await response.json()) };
    });
    await erase(guest);
    await guest.alert().getByText(/could not be proven/).waitFor();
    assert.deepEqual((await guest.stored()).session, KEPT);
    refuse = false;
    await guest.button("Delete for good").click();
    await guest.dialog().getByText("Your data was deleted.").waitFor();
    assert.deepEqual((await guest.stored()).session, []);
  });
}

