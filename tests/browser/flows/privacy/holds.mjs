// Legal holds on erasure, and how long the rest is kept.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, problem, Visit } from "../../visit.mjs";
import { findAndVerify, goesOnAt, officer, openRequest, step, visitorWith } from "./people.mjs";

const EMAIL = "claimant@example.com";
const REASON = "Lawsuit 12/2026 about a parcel";

test("what is held is erased when the hold is released, whoever asked for it", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: EMAIL, text: "the parcel was green" });
  await desk.signIn(officer);
  await openRequest(desk, "Erasure");
  await findAndVerify(desk, EMAIL);
  const subject = await page.locator("code").nth(1).innerText();
  await desk.go("Privacy");
  await desk.view("Privacy");
  await desk.press("Place a hold");
  const hold = page.getByRole("dialog", { name: "Place a hold" });
  await hold.getByRole("radio", { name: /^All of a person/ }).check();
  await desk.field("Its id", hold).fill("nobody");
  await desk.field("Reason", hold).fill("short");
  await desk.press("Hold it", hold);
  await hold.getByText("This is not an id.").waitFor();
  await desk.looks("privacy-hold");
  await desk.field("Its id", hold).fill(subject);
  await desk.field("Reason", hold).fill(REASON);
  await desk.press("Hold it", hold);
  await desk.status().getByText("The hold was placed.").waitFor();
  await desk.part("Legal holds").getByText(REASON).waitFor();
  await desk.looks("privacy-held");

  await desk.follow(/^Show: Erasure · GDPR/);
  await desk.view("Request for erasure");
  await desk.press("Erase…");
  const erase = page.getByRole("dialog", { name: "Erase everything about this person?" });
  await erase.getByText("What is under the legal hold stays until that is released.").waitFor();
  await desk.press("Erase for good", erase);
  await step(desk, "Erase").getByText("Held: will be carried out on release.").waitFor();
  await desk.looks("privacy-waiting");
  assert.match(await desk.field("Interim letter").inputValue(), /erased as soon as that has ended/);
  await desk.press("The person was told");
  await desk.status().getByText("It is noted that the person knows.").waitFor();
  await step(desk, "Erase").getByText("Until the hold is released nothing is due.").waitFor();
  await page.getByText(/^Not due while it is held/).waitFor();
  await desk.part("What was done").getByText("Person told that a hold has to be released first").waitFor();
  await desk.looks("privacy-told");

  await visitor.dialog().locator("summary").click();
  await visitor.button("Delete my data").click();
  await visitor.button("Delete for good").click();
  await visitor.alert().getByText("that is noted").waitFor();
  await visitor.accessible();
  await visitor.picture("my-data-held");
  await visitor.button("Back").click();
  await visitor.log().getByText("the parcel was green").waitFor();

  await desk.press(`Release: ${REASON}`);
  const release = page.getByRole("dialog", { name: "Release this hold?" });
  await desk.field("Reason for the release (optional)", release).fill("settled");
  await desk.press("Release", release);
  await release.getByText("At least 8 characters, please.").waitFor();
  await desk.looks("privacy-release");
  await desk.field("Reason for the release (optional)", release).fill("Settled out of court");
  await desk.press("Release", release);
  await desk.status().getByText("The hold was released.").waitFor();
  await step(desk, "Answer").waitFor();
  await page.getByRole("button", { name: "Download the receipt" }).waitFor();
  await goesOnAt(desk, "Answer", () => desk.press("The answer was sent"));
  // A function that has opened the conversation just now goes on for that long.
  await desk.pass(60);
  await visitor.say("and now?");
  await visitor.dialog().getByText("This conversation no longer exists.").waitFor();
  await visitor.context.close();
  await desk.isClean();
});

test("how long things are kept is changed within bounds, and a shorter time is asked about", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(officer);
  await desk.go("Privacy");
  await desk.view("Privacy");
  const retention = desk.part("Retention");
  const days = desk.field("Days that a transcript is kept");
  const before = Number(await days.inputValue());
  await days.fill("0");
  await desk.press("Save", retention);
  await retention.getByText("Please enter a number from 1 to 365.").waitFor();
  await desk.looks("privacy-retention");
  const visitor = await noticed(desk, before);
  await days.fill(String(before + 5));
  await desk.press("Save", retention);
  await desk.status().getByText("The times were saved.").waitFor();
  // The list of keys is fetched again before anything is opened, and says more than was agreed to.
  const trouble = [problem(422, "unknown_key")];
  await intercept(visitor, /\/v1\/conversations$/, () => trouble.shift());
  await visitor.button(/start chat/).click();
  await visitor.alert().getByText("This notice has changed meanwhile.").waitFor();
  await visitor.notice();
  await visitor.dialog().getByText(`deleted after ${before + 5} days`).waitFor();
  await visitor.accessible();
  await visitor.picture("notice-again");
  assert.equal(await days.inputValue(), String(before + 5));
  await days.fill(String(before));
  await desk.press("Save", retention);
  const shorter = page.getByRole("dialog", { name: "Keep for a shorter time?" });
  await desk.looks("privacy-shorter");
  await desk.press("Cancel", shorter);
  await shorter.waitFor({ state: "detached" });
  await desk.press("Save", retention);
  await desk.press("Keep for a shorter time", shorter);
  await desk.status().getByText("The times were saved.").waitFor();
  assert.equal(await days.inputValue(), String(before));
  await retention.getByText(/^Last changed /).waitFor();
  // A shorter time needs no other word.
  await visitor.consent();
  await visitor.context.close();
  await desk.isClean();
});

/** A visitor who reads the notice and has not agreed yet. */
async function noticed(desk, days) {
  const visitor = await Visit.begin(desk.browser, desk.base, desk.output, {});
  await visitor.load();
  await visitor.open();
  await visitor.notice();
  await visitor.dialog().getByText(`deleted after ${days} days`).waitFor();
  return visitor;
}
