// Erasures that no request asks for: one officer asks, another one approves.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, problem } from "../../visit.mjs";
import { invited, officer, saved, second, STALE_SECONDS, subjectOf, visitorWith } from "./people.mjs";

const REASON = "The customer desk stored it by mistake";
const DAY_SECONDS = 24 * 3600;

test("an erasure without a request waits for another officer, who sees why and approves it", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: "mistake@example.com", text: "an order of somebody else" });
  await desk.signIn(officer);
  const subject = await subjectOf(desk, "mistake@example.com");
  await desk.go("Privacy");
  await desk.view("Privacy");
  const waiting = desk.part("Erasures that wait for approval");
  const ask = page.getByRole("dialog", { name: "Ask for an erasure without a request" });
  await desk.press("Ask for an erasure without a request");
  await desk.looks("erasure-ask");
  await desk.press("Ask for it", ask);
  await ask.getByText("Please fill this in.").first().waitFor();
  await desk.field("Subject id", ask).fill("01890000-0000-7000-8000-000000000000");
  await desk.field("Reason", ask).fill(REASON);
  await desk.press("Ask for it", ask);
  await ask.getByText("Nothing is stored under this id.").waitFor();
  await desk.field("Subject id", ask).fill(subject);
  await ask.getByRole("radio", { name: /^Incident/ }).check();
  await desk.press("Ask for it", ask);
  await desk.status().getByText("The erasure waits for approval by another privacy officer.").waitFor();
  await waiting.getByText(/^It waits for another privacy officer\. If there is none, you can approve it from \d/).waitFor();
  await waiting.getByText(/ by you$/).waitFor();
  await desk.looks("erasure-waits");

  const erase = page.getByRole("dialog", { name: "Erase everything about this person?" });
  await desk.press(`Approve…: ${REASON}`);
  await desk.press("Erase for good", erase);
  await erase.getByText(/^You have asked for it yourself\. Another privacy officer approves it, or you from \d/).waitFor();
  await desk.press("Cancel", erase);

  const boss = await desk.another();
  const link = await invited(boss, second, "Privacy");
  await boss.context.close();
  const other = await desk.another();
  await other.accept(link, second);
  await other.go("Privacy");
  await other.view("Privacy");
  const theirs = other.part("Erasures that wait for approval");
  await theirs.getByText(REASON, { exact: true }).waitFor();
  await theirs.getByText(`Incident · Subject id: ${subject}`).waitFor();
  await theirs.getByText("Somebody else asked for it, so you can approve it.").waitFor();
  await other.pass(STALE_SECONDS);
  const dialog = other.page.getByRole("dialog", { name: "Erase everything about this person?" });
  await other.press(`Approve…: ${REASON}`);
  await dialog.getByText(REASON).waitFor();
  await other.looks("erasure-approve");
  await other.press("Erase for good", dialog);
  await other.stepUp(second);
  const receipt = other.page.getByRole("dialog", { name: "The receipt of the erasure" });
  await receipt.waitFor();
  await other.looks("erasure-receipt");
  const file = await saved(other.page, () => other.press("Download the receipt", receipt));
  assert.deepEqual([file.subject_id, file.conversations], [subject, 1]);
  await other.press("Done", receipt);
  await theirs.getByText("No erasure waits for approval.").waitFor();
  await other.isClean();
  await other.context.close();

  // The officer who asked has an old page: it says that the erasure was carried out.
  await desk.press(`Withdraw…: ${REASON}`);
  const withdraw = page.getByRole("dialog", { name: "Withdraw this erasure?" });
  await desk.press("Withdraw", withdraw);
  await desk.stepUp(officer);
  await withdraw.getByText("It was carried out meanwhile").waitFor();
  await desk.press("Cancel", withdraw);
  await visitor.say("are you still there?");
  await visitor.dialog().getByText("This conversation no longer exists.").waitFor();
  await visitor.context.close();
  await desk.isClean();
});

test("an erasure is withdrawn, and a single officer approves one after a day", {}, async (desk) => {
  const { page } = desk;
  const visitor = await visitorWith(desk, { email: "single@example.com", text: "only me here" });
  await desk.signIn(officer);
  const subject = await subjectOf(desk, "single@example.com");
  const waiting = desk.part("Erasures that wait for approval");
  const askFor = async (reason) => {
    await desk.go("Privacy");
    await desk.view("Privacy");
    await desk.press("Ask for an erasure without a request");
    const ask = page.getByRole("dialog", { name: "Ask for an erasure without a request" });
    await desk.field("Subject id", ask).fill(subject);
    await desk.field("Reason", ask).fill(reason);
    await desk.press("Ask for it", ask);
    await waiting.getByText(reason, { exact: true }).waitFor();
  };
  await askFor("A court asked for it");
  await desk.press("Withdraw…: A court asked for it");
  const withdraw = page.getByRole("dialog", { name: "Withdraw this erasure?" });
  await desk.looks("erasure-withdraw");
  await desk.press("Withdraw", withdraw);
  await desk.status().getByText("The erasure was withdrawn.").waitFor();
  await waiting.getByText("No erasure waits for approval.").waitFor();

  await askFor("The court asked again");
  await desk.pass(DAY_SECONDS);
  await desk.signIn(officer, "#/privacy", "Privacy");
  const erase = page.getByRole("dialog", { name: "Erase everything about this person?" });
  const refusals = [problem(409, "legal_hold"), problem(404, "not_found")];
  await intercept(desk, /\/approve$/, () => refusals.shift());
  await desk.press("Approve…: The court asked again");
  await desk.press("Erase for good", erase);
  await erase.getByText("is carried out when the hold is released").waitFor();
  await desk.press("Erase for good", erase);
  await erase.getByText("It waits no longer").waitFor();
  await desk.press("Erase for good", erase);
  await desk.press("Done", page.getByRole("dialog", { name: "The receipt of the erasure" }));
  await waiting.getByText("No erasure waits for approval.").waitFor();
  await desk.press("Deutsch");
  await desk.view("Datenschutz");
  await desk.part("Löschungen, die auf Freigabe warten").getByText("Keine Löschung wartet auf Freigabe.").waitFor();
  await visitor.context.close();
  await desk.isClean();
});
