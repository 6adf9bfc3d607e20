// Storage that tabs share belongs to whose conversation is in it.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, isPost, messagesPath, problem, QUESTION } from "../../visit.mjs";

const stored = (guest) => guest.page.evaluate(() => localStorage["sotto:default"]);

async function remembered(guest) {
  await guest.load("/plain.html");
  await guest.open();
  await guest.dialog().getByRole("checkbox").check();
  await guest.consent();
}

for (const ending of ["ends", "erases"]) {
  test(`one tab ${ending} and begins anew: the other's failure leaves that alone`, {}, async (a) => {
    await remembered(a);
    await a.say(QUESTION);
    await a.answered();
    const b = await a.elsewhere();
    await b.load("/plain.html");
    await b.open();
    await b.log().waitFor();
    if (ending === "ends") {
      await a.button("End chat").click();
      await a.button("End chat").click();
    } else {
      await a.dialog().locator("summary").click();
      await a.button("Delete my data").click();
      await a.button("Delete for good").click();
    }
    await a.button("Start a new chat").click();
    await a.dialog().getByRole("checkbox").check();
    await a.consent();
    const before = await stored(a);
    assert.ok(before);
    await b.say(QUESTION);
    await b.dialog().getByText(/This conversation (has ended|no longer exists)/).waitFor();
    assert.equal(await stored(a), before);
    await a.page.reload();
    await a.open();
    await a.log().waitFor();
  });
}

test("a message that was not sent is there after a reload, sealed in the storage, and is sent once", {}, async (guest) => {
  await guest.start("/plain.html");
  let refuse = true;
  await intercept(guest, messagesPath, (request) => isPost(request) && refuse && problem(422, "invalid"));
  await guest.say(QUESTION);
  await guest.log().getByText("Not sent.").waitFor();
  const kept = await guest.page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.ok(!kept.includes(QUESTION));
  await guest.page.reload();
  await guest.open();
  await guest.log().getByText(QUESTION, { exact: true }).waitFor();
  await guest.log().getByText("was not sent before the page was reloaded").waitFor();
  refuse = false;
  await guest.button("Try again").click();
  await guest.answered();
  assert.deepEqual((await guest.stored()).session, ["sotto:default"]);
  await guest.page.reload();
  await guest.open();
  await guest.answered();
  assert.equal(await guest.log().locator(".message.visitor").count(), 1);
});

for (const [what, value] of [
  ["a line end in the token", { token: "a.b\r\n.c", conversation: "x" }],
  ["a line end after the token", { token: "a.b.c\n", conversation: "x" }],
  ["another form", { token: 7 }],
  ["a path for a conversation", { token: "a.b.c", conversation: "../me" }],
]) {
  test(`stored: ${what}: begins anew`, {}, async (guest) => {
    await guest.load("/plain.html");
    await guest.page.evaluate((text) => (sessionStorage["sotto:default"] = text), JSON.stringify(value));
    await guest.open();
    await guest.notice();
    await guest.consent();
  });
}

test("a paste that is cut is told of", {}, async (guest) => {
  await guest.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await guest.start("/plain.html");
  await guest.page.evaluate(() => navigator.clipboard.writeText("x".repeat(4_001)));
  await guest.dialog().getByRole("textbox").press("ControlOrMeta+v");
  await guest.dialog().getByText(/longer than 4000 characters/).waitFor();
});

test("a page that the API does not know is told apart from an outage, within seconds", {}, async (guest) => {
  await guest.page.goto(`${guest.place.shop.replace("127.0.0.1", "localhost")}/plain.html`);
  await guest.open();
  await guest.alert().getByText(/not set up for this page/).waitFor({ timeout: 8_000 });
  assert.ok(guest.complaints.some((line) => line.includes("Chat window") && line.includes("http://localhost:")));
});
