// Courses, questions and certificates: from the first week to a refused claim, and back to work.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { PHONE } from "../../visit.mjs";
import { COURSES, course } from "./course.mjs";
import { admin, learner } from "./staff.mjs";

const DAY = 24 * 60 * 60;

/** Answers the questions that are shown, so many of them wrong, and sends. */
async function answers(desk, { right }, wrong = 0) {
  const asked = desk.page.locator("[data-question]");
  await asked.first().waitFor();
  for (const [i, question] of (await asked.all()).entries()) {
    const wanted = right[await question.getAttribute("data-question")];
    for (const input of await question.locator("input").all()) {
      const isRight = wanted.includes(await input.getAttribute("value"));
      const isRadio = (await input.getAttribute("type")) === "radio";
      if (i < wrong ? isRadio && !isRight : isRight) await input.check();
      // One of several that are right is not enough.
      if (i < wrong && !isRadio && isRight) break;
    }
    if (i < wrong && (await question.locator("input:checked").count()) === 0) await question.locator("input").first().check();
  }
  await desk.press("Send the answers");
}

async function passes(desk, id) {
  await desk.load(`#/training/${id}`);
  await desk.view(course(id).title);
  await desk.press("Begin the questions");
  await answers(desk, course(id));
  await desk.page.getByText("Passed.", { exact: true }).waitFor();
}

test("somebody of the staff reads, plays, fails, comes back and passes", {}, async (desk) => {
  const { page } = desk;
  const phishing = course("phishing");
  const inviting = await desk.another();
  await inviting.signIn(admin, "#/people", "People");
  await inviting.press("Invite a person");
  const invite = inviting.page.getByRole("dialog", { name: "Invite a person" });
  await inviting.field("E-mail", invite).fill(learner.email);
  await invite.getByLabel("Agent").check();
  await inviting.press("Make the invitation", invite);
  const link = await inviting.field("Link", inviting.page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
  await inviting.context.close();
  await desk.accept(link, learner);
  await desk.go("Training");
  await desk.shown("Training", "training");
  await page.getByText(/^5 courses are due by/).waitFor();
  await desk.follow(phishing.title);
  await desk.shown(phishing.title, "training-course");
  const decide = page.getByRole("group", { name: "Your reaction" });
  for (let i = 0; i < 12 && (await decide.count()) > 0; i++) {
    await decide.getByRole("button").first().click();
    await page.locator(".played li:focus").waitFor();
  }
  await page.getByText(/^The chat is over: \d of \d decisions were good\.$/).waitFor();
  await desk.looks("training-played");

  await desk.press("Begin the questions");
  await page.locator("[data-question] input:focus").waitFor();
  await desk.press("Send the answers");
  await desk.problem().filter({ hasText: "A question has no answer yet." }).waitFor();
  await desk.looks("training-asked");
  const asked = await page.locator("[data-question]").evaluateAll((all) => all.map((one) => one.dataset.question));
  // Whoever closed the page goes on with the same questions.
  await page.reload();
  await desk.view(phishing.title);
  await desk.press("Begin the questions");
  await page.locator("[data-question]").first().waitFor();
  assert.deepEqual(await page.locator("[data-question]").evaluateAll((all) => all.map((one) => one.dataset.question)), asked);
  await answers(desk, phishing, 3);
  await page.getByText("Not passed yet.", { exact: true }).waitFor();
  await page.getByText("7 of 10 answers were right.").waitFor();
  await desk.looks("training-failed");
  await desk.press("Begin again");
  await desk.problem().filter({ hasText: /wait|ten minutes/ }).waitFor();
  await desk.pass(601);
  await desk.press("Begin again");
  await answers(desk, phishing, 2);
  await page.getByText("Passed.", { exact: true }).waitFor();
  await page.getByText("8 of 10 answers were right.").waitFor();
  await desk.looks("training-passed");
  await desk.follow("All courses");
  await desk.view("Training");
  await page.getByText(/passed on/).waitFor();
  await page.getByText(/^4 courses are due by/).waitFor();
  await desk.isClean();
});

test("after the first week the courses open the way back to work", {}, async (desk) => {
  const { page } = desk;
  await desk.pass(8 * DAY);
  await desk.signIn(learner, "#/training", "Training");
  await page.getByText("You cannot take conversations or read transcripts now.").waitFor();
  await desk.looks("training-closed");
  for (const id of COURSES.filter((id) => id !== "phishing")) await passes(desk, id);
  await desk.load("#/training");
  await desk.view("Training");
  await page.getByText(/^You have passed what you need\./).waitFor();
  await desk.isClean();
});

test("an admin sees who is trained, and a course can be read on a phone, in German", { ...PHONE, locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  await desk.load("?lang=en");
  await desk.signIn(admin, "?lang=en#/training", "Training");
  await desk.press("Show who is trained");
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  const record = desk.part("Everybody").getByText(/^May work until/).first();
  await dialog.or(record).first().waitFor();
  if (await dialog.isVisible()) await desk.stepUp(admin);
  await record.waitFor();
  await desk.looks("training-everybody");
  await desk.load("?lang=de#/training/assistants");
  const { title } = course("assistants", "de");
  await desk.shown(title, "training-phone");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await desk.press("Mit den Fragen beginnen");
  await page.locator("[data-question]").first().waitFor();
  await desk.looks("training-asked-phone");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await desk.isClean();
});
