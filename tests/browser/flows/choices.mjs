// The assistant is not sure, and asks which entry is meant.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { intercept, isPost, messagesPath, PHONE, problem } from "../visit.mjs";

const UNSURE = "wrong size";

function choices(visit) {
  return visit.log().getByRole("list", { name: /What do you mean\?|Was meinen Sie\?/ });
}

/** A visitor who was asked back. */
async function asked(visit, text = UNSURE, path = "/") {
  await visit.start(path);
  await visit.say(text);
  await choices(visit).waitFor();
}

test("one of several entries is chosen, and a reload shows what was chosen", {}, async (visit) => {
  await asked(visit);
  const buttons = choices(visit).getByRole("button");
  const count = await buttons.count();
  assert.ok(count >= 3 && count <= 4, `${count} buttons`);
  await buttons.last().and(visit.button("Something else")).waitFor();
  await visit.accessible();
  await visit.picture("choices");
  const title = await buttons.nth(1).innerText();
  await buttons.nth(1).click();
  await visit.log().locator(".message.visitor").filter({ hasText: title }).waitFor();
  await visit.log().locator(".message.bot").last().getByText(`From: ${title}`).waitFor();
  await visit.dialog().getByRole("textbox").and(visit.page.locator(":focus")).waitFor();
  assert.equal(await choices(visit).count(), 0, "what was asked and answered is over");
  await visit.picture("chosen");
  await visit.page.reload();
  await visit.launcher().waitFor();
  await visit.open();
  await visit.log().locator(".message.visitor").filter({ hasText: title }).waitFor();
  assert.equal(await choices(visit).count(), 0);
  assert.deepEqual(visit.complaints, []);
});

test("by keyboard, and none of them is meant: a person is offered", {}, async (visit) => {
  await asked(visit);
  await visit.button("Something else").focus();
  await visit.page.keyboard.press("Enter");
  const offered = visit.log().getByRole("button", { name: "Talk to a person" });
  await offered.waitFor();
  await visit.log().locator(".message.visitor").filter({ hasText: "Something else" }).waitFor();
  assert.equal(await choices(visit).count(), 0);
  assert.deepEqual(visit.complaints, []);
});

test("a choice that could not be sent is sent again, as the same choice", {}, async (visit) => {
  await asked(visit);
  const title = await choices(visit).getByRole("button").first().innerText();
  let refuse = true;
  await intercept(visit, messagesPath, (request) => isPost(request) && refuse && problem(422, "invalid"));
  await choices(visit).getByRole("button").first().click();
  const again = visit.button("Try again");
  await again.waitFor();
  await visit.page.reload();
  refuse = false;
  await visit.launcher().waitFor();
  await visit.open();
  await again.click();
  await visit.log().locator(".message.bot").last().getByText(`From: ${title}`).waitFor();
  assert.equal(await visit.log().locator(".message.visitor").filter({ hasText: title }).count(), 1);
});

test("on a phone, in German", { ...PHONE, locale: "de-DE" }, async (visit) => {
  await asked(visit, "falsche Größe", "/?lang=de");
  await visit.button("Etwas anderes").waitFor();
  await visit.accessible();
  await visit.picture("choices-phone");
  await choices(visit).getByRole("button").first().tap();
  await visit.log().locator(".message.bot").last().getByText(/^Aus: /).waitFor();
  assert.deepEqual(visit.complaints, []);
});
