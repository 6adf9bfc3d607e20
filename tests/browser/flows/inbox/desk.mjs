// The people of these flows, and what they do at the desk.
import { QUESTION, Visit } from "../../visit.mjs";

export const admin = { name: "Ada Example", email: "admin@sotto.example", password: "violet harbour seven lanterns" };
export const ben = { name: "Ben Example", email: "ben@example.com", password: "quiet copper window orchard" };
export const cleo = { name: "Cleo Example", email: "cleo@example.com", password: "marble kites over the estuary" };

/** Signs in, and says that visitors may come. */
export async function atWork(desk, person) {
  await desk.signIn(person, "", "Inbox");
  await desk.page.getByRole("switch", { name: "Available" }).click();
  await desk.page.getByRole("switch", { name: "Available", checked: true }).waitFor();
}

/** A visitor who has asked something, and then for a person. */
export async function waiting(desk, options = {}) {
  const visit = await Visit.begin(desk.browser, desk.base, desk.output, options);
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.button("Talk to a person").click();
  return visit;
}

export function rows(desk) {
  return desk.page.locator(".inbox-row");
}

export function log(desk) {
  return desk.page.getByRole("log", { name: "Messages, oldest first" });
}

export function box(desk) {
  return desk.page.getByRole("textbox", { name: "Answer", exact: true });
}

/** Takes who has waited longest, by the keyboard. */
export async function take(desk, said = QUESTION) {
  await rows(desk).first().waitFor();
  await desk.page.keyboard.press("j");
  await desk.page.keyboard.press("Enter");
  await log(desk).getByText(said, { exact: true }).waitFor();
}

/** Writes an answer, and does not wait until it can be taken back no more. */
export async function answer(desk, text) {
  await box(desk).fill(text);
  await box(desk).press("Enter");
  await desk.press("Send now");
  await log(desk).locator(".message.agent:not(:has(.pending))").filter({ hasText: text }).waitFor();
}

/** Ends the conversation that is open, so that the next test begins without it. */
export async function close(desk, reason = "Solved") {
  const dialog = desk.page.getByRole("dialog", { name: "Close the conversation" });
  await desk.press("Close", desk.page.getByRole("group", { name: "What to do with the conversation" }));
  await dialog.getByRole("radio", { name: reason }).check();
  await desk.press("Close", dialog);
  await desk.status().getByText("The conversation is closed.").waitFor();
}
