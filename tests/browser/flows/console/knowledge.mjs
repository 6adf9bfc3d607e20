// What the assistant knows: from a table of questions to an answer on the page, and back.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { Visit } from "../../visit.mjs";
import { admin } from "./staff.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const TABLE = `title,question,answer,url
Parking,Where can I park?|parking space|Is there a car park?|Where do I leave my car?,Park behind the building; it is free.,/parking
Dogs,May I bring my dog?|Are dogs allowed?|Can my pet come along?,Dogs on a lead are welcome.,
,Who are you?,Nobody.,
Bold,Is it bold?,<b>It is.</b>,
`;

async function publishes(desk) {
  const published = desk.page.waitForResponse(async (response) => {
    const body = response.request().postDataJSON?.() ?? {};
    return /\/publish$/.test(response.url()) && !body.dry_run && response.status() === 200;
  });
  await desk.press("Publish …");
  const dialog = desk.page.getByRole("dialog", { name: "Publish these entries?" });
  const stepUp = desk.page.getByRole("dialog", { name: "Is it you?" });
  await dialog.or(stepUp).first().waitFor();
  if (await stepUp.isVisible()) await desk.stepUp(admin);
  await dialog.waitFor();
  return { dialog, published };
}

test("an admin imports a table, tries it and publishes it, and a visitor is answered", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await desk.go("Knowledge");
  await desk.shown("Knowledge", "knowledge");
  await desk.press("Import a file");
  const dialog = page.getByRole("dialog", { name: "Import entries" });
  await desk.press("Import a file", dialog);
  await dialog.getByText("Please choose a file, or paste a page.").waitFor();
  await desk.field("File", dialog).setInputFiles({ name: "ours.csv", mimeType: "text/csv", buffer: Buffer.from(TABLE) });
  await desk.looks("knowledge-import");
  await desk.press("Import a file", dialog);
  const imported = page.getByRole("dialog", { name: "Imported" });
  await imported.getByText("2 added, 0 changed, 0 as they were.").waitFor();
  await imported.getByText("Line 4: Please give the entry a title.").waitFor();
  await imported.getByText("Line 5: This contains HTML. Please write plain text.").waitFor();
  await desk.looks("knowledge-imported");
  await desk.press("Done", imported);
  await desk.press("Import a file");
  await desk.field("Or a page (HTML)", dialog).fill("<h1>Help</h1><h2>Do you have Wi-Fi?</h2><p>Yes, it is <b>free</b>.</p>");
  await desk.press("Import a file", dialog);
  await imported.getByText("1 added, 0 changed, 0 as they were.").waitFor();
  await desk.press("Done", imported);

  await desk.field("Question").fill("May I bring my dog?");
  await desk.press("Ask");
  await desk.part("Try it").getByText("Dogs on a lead are welcome.").waitFor();
  await desk.looks("knowledge-tried");

  const { dialog: question, published } = await publishes(desk);
  await question.getByText(/phrasings? (is|are) answered otherwise/).waitFor();
  await desk.looks("knowledge-publish");
  await desk.press("Publish", question);
  await published;
  await desk.status().getByText(/Visitors get it within a minute/).waitFor();
  await desk.pass(61);
  const visit = await Visit.begin(desk.browser, desk.base, desk.output);
  await visit.start();
  await visit.say("Where can I park?");
  await visit.log().getByText("Park behind the building; it is free.").waitFor();
  await visit.picture("knowledge-visitor");
  await visit.context.close();
  await desk.isClean();
});

test("an entry is changed, found, deleted, and comes back with an earlier version, on a phone", PHONE, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await desk.load("#/knowledge");
  await desk.shown("Knowledge", "knowledge-phone");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await desk.field("Search").fill("on a lead");
  const rows = page.getByRole("list", { name: "Entries" }).getByRole("listitem");
  assert.equal(await rows.count(), 1);
  await page.getByRole("button", { name: "Change: Dogs" }).click();
  const form = page.getByRole("dialog", { name: "Change the entry" });
  await desk.field("Answer", form).fill("");
  await desk.press("Save", form);
  await form.getByText("Please write the answer.").waitFor();
  await desk.field("Answer", form).fill("<p>Dogs</p>");
  await desk.press("Save", form);
  await form.getByText("This contains HTML. Please write plain text.").waitFor();
  await desk.looks("knowledge-change-phone");
  await desk.field("Answer", form).fill("Small dogs are welcome.");
  await desk.press("Save", form);
  await desk.status().getByText("Saved as a draft.").waitFor();
  await desk.field("Search").fill("");
  await page.getByRole("button", { name: "Delete: Parking" }).click();
  await desk.press("Delete", page.getByRole("dialog", { name: "Delete “Parking”?" }));
  await desk.status().getByText("Deleted from the drafts.").waitFor();
  await desk.part("Entries").getByText(/1 deleted, still published/).waitFor();

  const { dialog, published } = await publishes(desk);
  await desk.press("Publish", dialog);
  await published;
  await desk.status().getByText(/Visitors get it within a minute/).waitFor();
  await page.getByRole("button", { name: /^Publish again: Version/ }).first().click();
  const again = page.getByRole("dialog", { name: /Publish version \d+ again\?/ });
  await desk.press("Publish again", again);
  await page.getByRole("list", { name: "Published versions" }).getByText(/again · in force/).waitFor();
  await desk.looks("knowledge-versions-phone");
  await desk.isClean();
});
