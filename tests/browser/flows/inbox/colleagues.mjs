// Two agents: who is first, who takes over, and what becomes of a text that was begun.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";
import { answer, atWork, ben, box, cleo, close, log, rows, take, waiting } from "./desk.mjs";

async function both(desk) {
  await atWork(desk, ben);
  const other = await desk.another();
  await atWork(other, cleo);
  return other;
}

test("of two who take a conversation one has it, and the other is told who", {}, async (desk) => {
  const other = await both(desk);
  const visit = await waiting(desk);
  for (const one of [desk, other]) await rows(one).first().click();
  const button = (one) => one.page.getByRole("button", { name: "Take this conversation" });
  await Promise.all([desk, other].map((one) => button(one).waitFor()));
  await button(desk).click();
  await log(desk).getByText(QUESTION, { exact: true }).waitFor();
  if (await button(other).count()) await button(other).click().catch(() => {});
  await other.page.getByText("Ben has it.").waitFor();
  assert.equal(await other.page.getByText(QUESTION).count(), 0, "whoever has not taken it reads nothing");
  await other.looks("inbox-others");
  await close(desk);
  await visit.context.close();
  await other.context.close();
});

test("a transfer brings the note along, and a text that was begun is put aside when a colleague has answered", {}, async (desk) => {
  const { page } = desk;
  const other = await both(desk);
  const visit = await waiting(desk);
  await take(desk);
  await box(desk).fill("What I had begun");
  await desk.press("Transfer", page.getByRole("group", { name: "What to do with the conversation" }));
  const dialog = page.getByRole("dialog", { name: "Transfer to a colleague" });
  await dialog.getByRole("radio", { name: "Cleo" }).check();
  await desk.field("A note for them", dialog).fill("They have paid already.");
  await desk.looks("inbox-transfer");
  await desk.press("Transfer", dialog);
  await desk.status().getByText("Transferred to Cleo.").waitFor();

  await other.page.getByRole("tab", { name: "Mine 1" }).click();
  await rows(other).first().click();
  await log(other).locator(".message.note").filter({ hasText: "They have paid already." }).waitFor();
  await answer(other, "Cleo answers.");
  await visit.log().getByText("Cleo answers.").waitFor();
  await other.press("Back to the queue", other.page.getByRole("group", { name: "What to do with the conversation" }));
  await other.status().getByText("The conversation is in the queue again.").waitFor();

  await take(desk);
  const aside = desk.page.locator(".aside");
  await aside.getByText("Cleo has answered since you began this text.").waitFor();
  assert.equal(await box(desk).inputValue(), "", "it is not sent by mistake");
  await desk.looks("inbox-aside");
  await desk.press("Insert", aside);
  assert.equal(await box(desk).inputValue(), "What I had begun");
  await box(desk).fill("");
  await close(desk);
  await visit.context.close();
  await other.context.close();
});

test("going away with a conversation is asked first, and puts it back to the head of the queue", {}, async (desk) => {
  const { page } = desk;
  await atWork(desk, ben);
  const visit = await waiting(desk);
  await take(desk);
  await page.getByRole("tab", { name: "Mine 1" }).waitFor();
  await page.getByRole("switch", { name: "Available" }).click();
  const dialog = page.getByRole("dialog", { name: "Go away from the desk?" });
  await dialog.getByText("You have 1 conversation. It goes back to the queue at once.").waitFor();
  await desk.press("Cancel", dialog);
  await page.getByRole("switch", { name: "Available", checked: true }).click();
  await desk.press("Go away", dialog);
  await page.getByText(/You do not have this conversation any more/).waitFor();
  await desk.looks("inbox-lost");
  await visit.button("End chat").click();
  await visit.button("End chat").click();
  await visit.dialog().getByText(/conversation has ended/).waitFor();
  await visit.context.close();
});
