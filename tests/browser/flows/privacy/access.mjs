// Somebody wants to know what is stored about them.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { Visit } from "../../visit.mjs";
import { findAndVerify, goesOnAt, officer, openRequest, saved, visitorWith } from "./people.mjs";

const EMAIL = "curious@example.com";
const TEXT = "what about the <b>red</b> umbrella?";

test("an access: put together, saved, printed and answered", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: EMAIL, text: TEXT });
  await desk.signIn(officer);
  await openRequest(desk, "Access");
  await findAndVerify(desk, EMAIL);
  await goesOnAt(desk, "Hand over the data", () => desk.press("Put it together"));
  await desk.looks("privacy-exported");
  const file = await saved(page, () => desk.press("Download as JSON"));
  assert.equal(file.next_cursor, null);
  assert.ok(JSON.stringify(file).includes(JSON.stringify(TEXT)), "what was said is in it");
  assert.ok(JSON.stringify(file).includes(EMAIL));

  await desk.press("Make a page to print");
  const link = page.getByRole("link", { name: "Open the page (new tab)" });
  await link.and(page.locator(":focus")).waitFor();
  const [opened] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  const sheet = new Visit(desk.base, desk.output, desk.context, opened);
  await opened.getByText(TEXT, { exact: true }).first().waitFor();
  await opened.getByText(EMAIL).first().waitFor();
  assert.equal(await opened.evaluate(() => document.styleSheets.length > 0 && getComputedStyle(document.body).maxWidth), "768px");
  assert.equal(await opened.locator("b", { hasText: "red" }).count(), 0, "markup does nothing");
  await sheet.accessible();
  await opened.screenshot({ path: `${desk.output}/console-privacy-printable.png`, fullPage: true });
  await opened.emulateMedia({ media: "print" });
  await opened.screenshot({ path: `${desk.output}/console-privacy-printed.png`, fullPage: true });
  // The style that comes with the page is for those who open it from a file; here one of the console's takes its place.
  assert.deepEqual(sheet.complaints.filter((line) => !line.startsWith("Applying inline style violates")), []);
  await opened.close();

  assert.match(await desk.field("Letter").inputValue(), /\(Article 15 GDPR\)/);
  await desk.press("The answer was sent");
  await desk.status().getByText("The case is closed.").waitFor();
  await visitor.say("thank you");
  await visitor.log().locator(".message.bot").nth(1).waitFor();
  await visitor.context.close();
  await desk.isClean();
});
