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

test("a request under the CCPA is confirmed, and answered though nothing is stored", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer);
  await openRequest(desk, "Access", "CCPA");
  const confirmation = desk.part("Confirm that it came");
  assert.match(await desk.field("Letter of confirmation").inputValue(), /section 1798\.110.*\n\nYour request has reached us\. You will have our answer by /s);
  await desk.looks("privacy-confirm");
  await desk.press("The confirmation was sent");
  await desk.status().getByText("It is noted that the person knows that the request came.").waitFor();
  assert.equal(await confirmation.count(), 0);
  await desk.part("What was done").getByText("Confirmed to the person that it came").waitFor();
  await page.getByText(/^Confirmed \d/).waitFor();

  await goesOnAt(desk, "Find the person", async () => {
    await desk.field("E-mail address or subject id").fill("stranger@example.com");
    await desk.press("Search");
    await desk.press("Nothing is stored about them");
  });
  assert.match(await desk.field("Letter").inputValue(), /found nothing/);
  await desk.press("The answer was sent");
  await desk.status().getByText("The case is closed.").waitFor();
  await desk.follow("All requests");
  await desk.view("Privacy");
  await desk.part("Requests").getByText(/^Closed requests/).click();
  await desk.follow(/^Show: Access · CCPA/);
  await desk.view("Request for access");
  assert.match(await desk.field("Letter").inputValue(), /found nothing/);
  assert.equal(await page.getByText("The data was put together for this case.").count(), 0);
  await desk.isClean();
});
