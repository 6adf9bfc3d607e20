// The story: a visitor asks for a person, somebody takes the conversation, reads, answers and closes; the visitor rates.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";
import { answer, atWork, ben, box, close, log, rows, take, waiting } from "./desk.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

test("a visitor asks for a person, who reads, answers and closes, by keyboard alone", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  const visit = await waiting(desk);
  await rows(desk).first().waitFor();
  await page.getByRole("tab", { name: "Waiting 1" }).waitFor();
  assert.match(await page.title(), /^\(1\) Inbox – Sotto$/);
  assert.equal(await page.getByText(QUESTION).count(), 0, "the list has no text");
  await desk.looks("inbox-waiting");

  await take(desk);
  await page.getByRole("tab", { name: "Waiting 0" }).waitFor();
  await desk.looks("inbox-conversation");
  await page.keyboard.press("n");
  await page.keyboard.type("They were patient.");
  await page.keyboard.press("Enter");
  await desk.press("Send now");
  await log(desk).locator(".message.note").filter({ hasText: "They were patient." }).waitFor();
  await box(desk).press("Escape");
  const suggested = await page.locator(".suggestion p").first().innerText();
  await page.keyboard.press("i");
  assert.equal(await box(desk).inputValue(), suggested, "a suggestion is put into the box, and not sent");
  await box(desk).fill("");
  await box(desk).press("Escape");
  await page.keyboard.press("r");
  await page.keyboard.type("Hello, I look into it.");
  await page.keyboard.press("Enter");
  assert.equal(await visit.log().getByText("Hello, I look into it.").count(), 0, "it can still be taken back");
  await desk.looks("inbox-held");
  await desk.press("Undo");
  assert.equal(await box(desk).inputValue(), "Hello, I look into it.");
  await answer(desk, "Hello, I look into it now.");
  await visit.log().getByText("Hello, I look into it now.").waitFor();
  assert.match(await visit.dialog().innerText(), /Ben/);
  assert.equal(await visit.dialog().getByText("They were patient.").count(), 0, "a note is for colleagues");
  await visit.accessible();
  await visit.picture("with-a-person");

  await visit.say("Thank you!");
  await log(desk).getByText("Thank you!").waitFor();
  // Past the tenth event, where an order by letters would differ.
  const more = ["One.", "Two.", "Three.", "Four."];
  for (const text of more) {
    await visit.say(text);
    await log(desk).getByText(text, { exact: true }).waitFor();
  }
  assert.deepEqual(await log(desk).locator(".message.visitor .text").allInnerTexts(), [QUESTION, "Thank you!", ...more]);
  await box(desk).press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await desk.looks("inbox-keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  // A letter before the field is there is no command: `x` would close, `c` lead elsewhere.
  await page.keyboard.press("c");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await page.getByRole("combobox", { name: "Commands" }).fill("close the");
  await desk.looks("inbox-commands");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Close the conversation" });
  await dialog.waitFor();
  await desk.looks("inbox-close");
  await desk.press("Close", dialog);
  await desk.status().getByText("The conversation is closed.").waitFor();

  await page.keyboard.press("3");
  await rows(desk).first().click();
  await page.getByText("It is closed. Its text cannot be read here any more.").waitFor();
  await desk.looks("inbox-closed");
  await visit.button("Rate this chat").click();
  await visit.dialog().getByLabel("5", { exact: true }).check();
  await visit.button("Send rating").click();
  await visit.dialog().getByText(/Thank you for your rating/).waitFor();

  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  await desk.isClean();
  await visit.context.close();
});

test("phone: the conversation takes the place of the list, and Back leads to it", PHONE, async (desk) => {
  const { page } = desk;
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await atWork(desk, ben);
  const visit = await waiting(desk, PHONE);
  await rows(desk).first().click();
  await page.getByRole("button", { name: "Take this conversation" }).waitFor();
  await desk.looks("phone-inbox-card");
  await desk.press("Take this conversation");
  await log(desk).getByText(QUESTION, { exact: true }).waitFor();
  await desk.looks("phone-inbox-conversation");
  assert.ok(await fits());
  await answer(desk, "Hello from a phone.");
  await visit.log().getByText("Hello from a phone.").waitFor();
  await page.goBack();
  await page.getByRole("tab", { name: "Mine 1" }).click();
  await rows(desk).first().waitFor();
  await desk.looks("phone-inbox");
  assert.ok(await fits());
  await rows(desk).first().click();
  await log(desk).getByText("Hello from a phone.").waitFor();
  await close(desk);
  await rows(desk).first().waitFor({ state: "detached" });
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  await desk.isClean();
  await visit.context.close();
});
