// The people of these flows: those who answer requests, and visitors who ask.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Visit } from "../../visit.mjs";

export const admin = { name: "Ada Example", email: "admin@sotto.example", password: "violet harbour seven lanterns" };
export const officer = { name: "Eve Example", email: "eve@example.com", password: "amber willows beyond the weir" };
export const second = { name: "Ivo Example", email: "ivo@example.com", password: "quiet barley under nine moons" };
export const guard = { name: "Finn Example", email: "finn@example.com", password: "seven herons above the sluice" };

/** How long a second factor counts as just shown, and a little more. */
export const STALE_SECONDS = 310;

/** A visitor in a browser of their own, who has said something and left an address. */
export async function visitorWith(desk, { email, text }) {
  const visit = await Visit.begin(desk.browser, desk.base, desk.output, {});
  await visit.start();
  await visit.say(text);
  await visit.answered();
  await visit.button("Leave contact details").click();
  await visit.dialog().getByLabel("Name").fill("Example Visitor");
  await visit.dialog().getByLabel("E-mail").fill(email);
  await visit.dialog().getByRole("checkbox").check();
  await visit.button("Leave details").click();
  await visit.log().getByText(/details have been passed on/).waitFor();
  return visit;
}

/** Invites somebody to a role, and answers the link to hand over. */
export async function invited(desk, { email }, role) {
  await desk.signIn(admin, "#/people", "People");
  await desk.press("Invite a person");
  const invite = desk.page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", invite).fill(email);
  await invite.getByLabel(role).check();
  await desk.press("Make the invitation", invite);
  return desk.field("Link", desk.page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
}

/** The subject id of whoever left that address, as a search shows it. */
export async function subjectOf(desk, email) {
  await openRequest(desk, "Access");
  await desk.field("E-mail address or subject id").fill(email);
  await desk.press("Search");
  return desk.page.getByRole("radio").first().inputValue();
}

/** Opens a request that came today. */
export async function openRequest(desk, kind, law = "GDPR") {
  await desk.go("Privacy");
  await desk.view("Privacy");
  await desk.press("Open a request");
  const dialog = desk.page.getByRole("dialog", { name: "Open a request" });
  await dialog.getByRole("radio", { name: new RegExp(`^${kind}`) }).check();
  await dialog.getByRole("radio", { name: new RegExp(`^${law}`) }).check();
  await desk.press("Open it", dialog);
  await desk.view(`Request for ${kind.toLowerCase()}`);
  await desk.status().getByText("The request was opened.").waitFor();
}

/** Finds whom a case is about and makes sure that it is they who ask. */
export async function findAndVerify(desk, email) {
  await goesOnAt(desk, "Find the person", async () => {
    await desk.field("E-mail address or subject id").fill(email);
    await desk.press("Search");
    await desk.press("This is the person");
  });
  await goesOnAt(desk, "Make sure who asks", () => desk.press("I know who asks"));
}

/** The step whose turn it is. */
export function step(desk, name) {
  return desk.page.locator('li[aria-current="step"]').filter({ has: desk.page.getByRole("heading", { name: new RegExp(`^\\d\\. ${name}$`) }) });
}

/** Does what a step is for; the focus is then on the next one. */
export async function goesOnAt(desk, name, act) {
  await step(desk, name).waitFor();
  await act();
  await step(desk, name).waitFor({ state: "detached" });
  await desk.page.getByRole("heading", { level: 2 }).and(desk.page.locator(":focus")).waitFor();
}

/** The content of the JSON file that a click saves. */
export async function saved(page, press) {
  return JSON.parse(await savedAs(/\.json$/, page, press));
}

/** The text of the file of that name that a click saves. */
export async function savedAs(name, page, press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  assert.match(download.suggestedFilename(), name);
  return readFileSync(await download.path(), "utf8");
}
