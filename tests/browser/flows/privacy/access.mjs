// Somebody wants to know what is stored about them.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { Visit } from "../../visit.mjs";
import { findAndVerify, goesOnAt, officer, openRequest, saved, STALE_SECONDS, step, visitorWith } from "./people.mjs";

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

test("the address to write to is shown for the case, and the person finds that it was read", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: "reach@example.com", text: "who sees my address?" });
  await desk.signIn(officer);
  await openRequest(desk, "Access");
  await goesOnAt(desk, "Find the person", async () => {
    await desk.field("E-mail address or subject id").fill("reach@example.com");
    await desk.press("Search");
    await desk.press("This is the person");
  });
  const verify = step(desk, "Make sure who asks");
  await verify.getByText("That you see it is recorded with this case").waitFor();
  assert.equal(await page.getByText("reach@example.com").count(), 0, "not before it is recorded");
  await desk.pass(STALE_SECONDS);
  await desk.press("Show contact details and conversations");
  await desk.stepUp(officer);
  const known = page.getByRole("group", { name: "Contact details and conversations" });
  await known.and(page.locator(":focus")).waitFor();
  await known.getByText("reach@example.com").waitFor();
  await known.getByText("A guest: nobody has said who this is.").waitFor();
  assert.equal(await known.getByRole("listitem").count(), 1);
  assert.equal(await known.getByText("who sees my address?").count(), 0, "nothing of what was said");
  await desk.looks("privacy-known");
  await page.setViewportSize({ width: 360, height: 740 });
  await desk.looks("privacy-known-phone");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await goesOnAt(desk, "Make sure who asks", () => desk.press("I know who asks"));
  await desk.press("Show contact details and conversations");
  await known.getByText("reach@example.com").waitFor();
  await desk.isClean();

  await visitor.dialog().locator("summary").click();
  const { reads } = await saved(visitor.page, () => visitor.button("Download my data (JSON)").click());
  assert.deepEqual(reads.map(({ purpose, only }) => [purpose, only]), [["subject_request", "contact"], ["subject_request", "contact"]]);
  for (const { reason } of reads) assert.match(reason, /^case [\da-f-]{36}$/i);
  await visitor.context.close();
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
