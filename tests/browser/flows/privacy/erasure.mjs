// Somebody wants to be forgotten.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { findAndVerify, goesOnAt, officer, openRequest, saved, STALE_SECONDS, step, visitorWith } from "./people.mjs";

const EMAIL = "forgotten@example.com";

test("an erasure: found, made sure, erased after a step up, and answered", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: EMAIL, text: "please forget the blue bicycle" });
  await desk.signIn(officer);
  await desk.go("Privacy");
  await desk.view("Privacy");
  await desk.press("Open a request");
  const open = page.getByRole("dialog", { name: "Open a request" });
  await desk.looks("privacy-open");
  await desk.field("Received on", open).fill("2999-01-01");
  await desk.press("Open it", open);
  await open.getByText("This day is still to come.").waitFor();
  await desk.press("Cancel", open);

  await openRequest(desk, "Erasure");
  await desk.looks("privacy-case");
  await desk.field("E-mail address or subject id").fill("somebody else");
  await desk.press("Search");
  await page.getByText("This is neither an e-mail address nor an id.").waitFor();
  await desk.field("E-mail address or subject id").fill("nobody@example.com");
  await desk.press("Search");
  await page.getByText("Nothing is stored under this.").waitFor();
  await desk.field("E-mail address or subject id").fill(EMAIL);
  await desk.press("Search");
  await page.getByText("1 conversation, contact details").waitFor();
  await desk.looks("privacy-found");
  await findAndVerify(desk, EMAIL);

  await desk.pass(STALE_SECONDS);
  const erase = page.getByRole("dialog", { name: "Erase everything about this person?" });
  await desk.press("Erase…");
  await erase.getByText("Stored at the moment: 1 conversation, contact details.").waitFor();
  await desk.looks("privacy-erase");
  await desk.press("Cancel", erase);
  await step(desk, "Erase").waitFor();
  await goesOnAt(desk, "Erase", async () => {
    await desk.press("Erase…");
    await desk.press("Erase for good", erase);
    await desk.stepUp(officer);
  });
  await desk.status().getByText("It is erased. The receipt is below.").waitFor();
  const receipt = await saved(page, () => desk.press("Download the receipt"));
  assert.equal(receipt.conversations, 1);
  assert.match(receipt.jws, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.ok(!JSON.stringify(receipt).includes(EMAIL));

  const letter = desk.field("Letter");
  const written = await letter.inputValue();
  assert.match(written, /\(Article 17 GDPR\)/);
  const receiptUrl = written.match(/https?:\/\/\S+/)[0];
  assert.equal(receiptUrl, `${new URL(desk.console).origin}/v1/receipts/${receipt.id}`);
  // Meanwhile the audit log may have it: then the receipt says where, and is signed anew.
  const same = ({ jws: _, log: __, ...rest }) => rest;
  assert.deepEqual(same(await (await fetch(receiptUrl.replace("localhost", "127.0.0.1"))).json()), same(receipt));
  await letter.fill(`${written}\n\nP.S. Good luck.`);
  await page.getByRole("radio", { name: "Deutsch" }).check();
  assert.match(await letter.inputValue(), /Artikel 17 DSGVO/);
  assert.equal(await letter.getAttribute("lang"), "de");
  await page.getByRole("radio", { name: "English" }).check();
  assert.match(await letter.inputValue(), /P\.S\. Good luck\.$/);
  await desk.looks("privacy-letter");
  await desk.press("The answer was sent");
  await desk.status().getByText("The case is closed.").waitFor();
  await desk.looks("privacy-answered");
  const log = await desk.part("What was done").getByRole("listitem").allInnerTexts();
  const lines = log.map((line) => line.split("\n")[0]);
  assert.deepEqual(lines, ["Opened", "Person chosen", "Made sure who asks", "Erased", "Answered"]);
  await desk.follow("All requests");
  await desk.view("Privacy");
  await desk.part("Requests").getByText("No request is open.").waitFor();
  await desk.part("Requests").getByText("Closed requests (1)").click();
  await desk.follow(/^Show: Erasure · GDPR/);
  await desk.view("Request for erasure");

  await visitor.say("are you still there?");
  await visitor.dialog().getByText("This conversation no longer exists.").waitFor();
  await visitor.accessible();
  await visitor.picture("erased-by-officer");
  assert.deepEqual(await visitor.stored(), { cookies: "", local: [], session: [] });
  await visitor.button("Start a new chat").click();
  await visitor.consent();
  await visitor.context.close();
  await desk.isClean();
});
