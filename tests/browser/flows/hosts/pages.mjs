import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";

const PAGES = readdirSync(new URL("../../hosts", import.meta.url)).map((name) => name.replace(/\.html$/, ""));
const ZOOMED = { 200: { viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 }, 400: { viewport: { width: 320, height: 180 }, deviceScaleFactor: 4 } };
const WAYS = {
  ...Object.fromEntries(PAGES.map((page) => [page, [page, {}]])),
  "zoom 200": ["plain", ZOOMED[200]],
  "zoom 400": ["plain", ZOOMED[400]],
  "small phone": ["reset", { viewport: { width: 320, height: 568 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
  "forced colours": ["important", { forcedColors: "active" }],
  motion: ["plain", { reducedMotion: "no-preference" }],
};

for (const [name, [page, options]] of Object.entries(WAYS)) {
  test(`${name}: by mouse`, options, async (guest) => {
    await guest.load(`/${page}.html`);
    assert.notEqual(await guest.byMouse(), "");
    await guest.launcher().click();
    await guest.log().getByText(QUESTION, { exact: true }).waitFor();
    await guest.picture(`host-${name.replaceAll(" ", "-")}`);
    assert.deepEqual(guest.complaints, []);
  });
  test(`${name}: by keyboard`, options, async (guest) => {
    await guest.load(`/${page}.html`);
    assert.notEqual(await guest.byKeyboard(), "");
    assert.deepEqual(guest.complaints, []);
  });
}

test("the page's shortcuts see no key, nor what is typed or pasted", {}, async (guest) => {
  await guest.load("/hotkeys.html");
  await guest.byKeyboard();
  const pressed = await guest.page.evaluate(() => window.pressed.filter((key) => key !== "Tab"));
  assert.deepEqual(pressed, []);
});

for (const [page, words] of [["german", "Chat öffnen"], ["austrian", "Chat öffnen"], ["right_to_left", "Chat with us"]]) {
  test(`${page}: the language is told from the tag`, {}, async (guest) => {
    await guest.load(`/${page}.html`);
    assert.equal(await guest.launcher().innerText(), words);
  });
}

test("Enter that belongs to an input method sends nothing", {}, async (guest) => {
  await guest.start("/plain.html");
  const field = guest.dialog().getByRole("textbox");
  await field.fill("か");
  for (const init of [{ keyCode: 229 }, { isComposing: true }]) {
    await field.evaluate((element, more) => element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true, ...more })), init);
  }
  assert.equal(await guest.log().locator(".message.visitor").count(), 0);
  assert.equal(await field.inputValue(), "か");
  await field.press("Enter");
  await guest.log().locator(".message.visitor").waitFor();
});

for (const how of ["replace", "html", "document", "root", "remove"]) {
  test(`the page takes its body away (${how}): the widget is there again, with the conversation`, {}, async (guest) => {
    await guest.start("/body_swap.html");
    await guest.say(QUESTION);
    await guest.answered();
    await guest.page.evaluate((way) => window.swap(way), how);
    await guest.log().getByText(QUESTION, { exact: true }).waitFor();
    await guest.button("Close the chat window").click();
    await guest.within(guest.launcher());
    await guest.page.evaluate((way) => window.swap(way), how);
    await guest.within(guest.launcher());
    await guest.launcher().click();
    await guest.say("and how do I send it back?");
    await guest.log().locator(".message.bot").nth(1).waitFor();
    assert.equal(await guest.page.locator("sotto-chat").count(), 1);
  });
}

test("a modal that the page opens later, closes or takes away leaves the chat usable", {}, async (guest) => {
  await guest.start("/modal.html");
  await guest.page.evaluate(() => document.querySelector(".offer").close());
  await guest.say(QUESTION);
  await guest.answered();
  await guest.page.evaluate(() => document.querySelector(".offer").showModal());
  await guest.say("thank you");
  await guest.page.evaluate(() => document.querySelector(".offer").remove());
  await guest.log().locator(".message.bot").nth(1).waitFor();
  await guest.button("Close the chat window").click();
  await guest.within(guest.launcher());
});
