// Canned answers: the list that agents share, and the way into the box.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { atWork, ben, box, close, take, waiting } from "./desk.mjs";

test("a canned answer is added, inserted at the cursor, changed and deleted", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  await desk.follow("Canned answers");
  await desk.shown("Canned answers", "answers-empty");
  await desk.press("Add an answer");
  const adding = page.getByRole("dialog", { name: "A new canned answer" });
  await desk.field("Shortcut", adding).fill("two words");
  await desk.press("Save", adding);
  await adding.getByText("Up to 32 small letters, digits and hyphens, please.").waitFor();
  await desk.field("Shortcut", adding).fill("/delay");
  await desk.press("Save", adding);
  await adding.getByText("Please write the text.").waitFor();
  await desk.field("Text", adding).fill("I am sorry for the delay. {{agent.name}}");
  await desk.looks("answers-add");
  await desk.press("Save", adding);
  await desk.status().getByText("Saved.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "/delay" }).waitFor();
  await desk.looks("answers");

  await desk.follow("To the inbox");
  await desk.view("Inbox");
  const visit = await waiting(desk);
  await take(desk);
  await box(desk).fill("Hello,  and goodbye.");
  for (let i = 0; i < " and goodbye.".length; i++) await box(desk).press("ArrowLeft");
  await page.keyboard.type("/del");
  await page.getByRole("listbox", { name: "Canned answers" }).getByRole("option", { name: "/delay" }).waitFor();
  await desk.looks("answers-offered");
  await page.keyboard.press("Enter");
  assert.equal(await box(desk).inputValue(), "Hello, I am sorry for the delay. Ben and goodbye.");
  await box(desk).fill("");
  await close(desk);
  await visit.context.close();

  await desk.follow("Canned answers");
  await desk.press("Change: /delay");
  const changing = page.getByRole("dialog", { name: "Change the canned answer" });
  await desk.field("Text", changing).fill("It is late, and we are sorry.");
  await desk.press("Save", changing);
  await page.getByText("It is late, and we are sorry.").waitFor();
  await desk.press("Delete: /delay");
  await desk.press("Delete", page.getByRole("dialog", { name: "Delete /delay?" }));
  await desk.status().getByText("Deleted.").waitFor();
  assert.equal(await page.getByRole("listitem").filter({ hasText: "/delay" }).count(), 0);
});
