// Incidents: entered by hand, taken on, contained and undone, judged, and looked at on a phone.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, PHONE } from "../../visit.mjs";
import { admin, officer, STALE_SECONDS } from "./staff.mjs";

const NARROW = { ...PHONE, viewport: { width: 320, height: 640 } };

test("a security officer enters an incident, freezes exports, lifts that, and judges it", {}, async (desk) => {
  const { page } = desk;
  const inviting = await desk.another();
  await inviting.signIn(admin, "#/people", "People");
  await inviting.press("Invite a person");
  const invite = inviting.page.getByRole("dialog", { name: "Invite a person" });
  await inviting.field("E-mail", invite).fill(officer.email);
  await invite.getByLabel("Security").check();
  await inviting.press("Make the invitation", invite);
  const link = await inviting.field("Link", inviting.page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
  await inviting.context.close();
  await desk.accept(link, officer);

  // What the other tests have done may have been noticed.
  const none = [{ json: { items: [], next_cursor: null } }];
  await intercept(desk, /\/v1\/incidents$/, (request) => request.method() === "GET" && none.shift());
  await desk.go("Security");
  await desk.view("Security");
  await page.getByText("All is quiet: nothing is unresolved.").waitFor();
  await desk.looks("security-empty");

  await desk.press("Enter an incident by hand");
  const enter = page.getByRole("dialog", { name: "Enter an incident by hand" });
  assert.ok(await desk.field("Kind", enter).evaluate((field) => field === document.activeElement));
  await desk.looks("security-enter");
  await desk.press("Enter it", enter);
  await enter.getByText("Please fill this in.").waitFor();
  await desk.field("What is known", enter).fill("A laptop was left on a train.");
  await desk.press("Enter it", enter);
  await desk.view("Entered by hand");
  await desk.status().getByText("The incident was entered.").waitFor();
  await page.getByText("A laptop was left on a train.").waitFor();
  await page.getByText(/^by \d.*, in \d+ hours$/).waitFor();
  await page.getByText("Nobody's data, as far as the records can say.").waitFor();
  await desk.press("I take it");
  await desk.status().getByText("You are at it now.").waitFor();

  await desk.pass(STALE_SECONDS);
  await desk.press("Freeze exports");
  const freeze = page.getByRole("dialog", { name: "Freeze exports" });
  await freeze.waitFor();
  await desk.looks("incident-freeze");
  await desk.press("Freeze exports", freeze);
  await desk.stepUp(officer);
  await page.getByRole("heading", { name: "What was done" }).and(page.locator(":focus")).waitFor();
  const done = desk.part("What was done");
  await done.getByText("Exports were frozen").waitFor();
  await desk.looks("incident-frozen");
  assert.equal(await page.getByRole("button", { name: "Freeze exports", exact: true }).count(), 0, "it is in force");
  await desk.press("Lift: Exports were frozen");
  await desk.press("Lift", page.getByRole("dialog", { name: "Lift this?" }));
  await done.getByText(/lifted \d/).waitFor();

  await desk.field("A note").fill("It was encrypted, and it is back.");
  await desk.press("Add the note");
  await desk.part("Notes").getByRole("listitem").filter({ hasText: "It was encrypted, and it is back." }).waitFor();
  await desk.press("Make the report");
  const report = page.getByRole("link", { name: "Open the report (new tab)" });
  await report.and(page.locator(":focus")).waitFor();
  const [sheet] = await Promise.all([desk.context.waitForEvent("page"), report.click()]);
  await sheet.getByRole("heading", { name: "Report of an incident" }).waitFor();
  await sheet.pdf({ path: `${desk.output}/console-incident-report.pdf`, format: "A4" });
  await sheet.close();

  await desk.press("Resolve");
  const resolve = page.getByRole("dialog", { name: "Resolve this incident" });
  await resolve.getByLabel("No, it was not").check();
  await desk.looks("incident-resolve");
  await desk.press("Resolve", resolve);
  await desk.status().getByText("The incident is resolved.").waitFor();
  await desk.view("Entered by hand");
  await page.getByText("It was no incident").first().waitFor();
  await desk.looks("incident-resolved");
  await desk.follow("Incidents");
  await desk.view("Security");
  await page.getByLabel("Resolved", { exact: true }).check();
  await page.getByRole("link", { name: "Entered by hand" }).waitFor();
  await desk.looks("security-resolved");
  await desk.follow("Rules");
  await desk.view("Rules");
  await page.getByText("Nobody reads so many conversations in ten minutes.").waitFor();
  await desk.looks("security-rules");
  await desk.isClean();
});

test("incidents and rules can be read on a narrow phone, in German", { ...NARROW, locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  const fits = async (view) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} fits`);
  await desk.load("?lang=en");
  await desk.signIn(officer, "?lang=en#/security", "Security");
  await desk.load("?lang=de#/security");
  await desk.view("Sicherheit");
  await page.getByLabel("Alle", { exact: true }).check();
  await page.getByRole("link", { name: "Von Hand eingetragen" }).first().waitFor();
  await desk.looks("security-phone");
  await fits("the list");
  await desk.follow("Von Hand eingetragen");
  await desk.view("Von Hand eingetragen");
  await page.getByText("Niemandes Daten, soweit es die Aufzeichnungen sagen.").waitFor();
  await desk.looks("incident-phone");
  await fits("an incident");
  await desk.load("?lang=de#/security/rules");
  await desk.shown("Regeln", "security-rules-phone");
  await fits("the rules");
  await desk.isClean();
});
