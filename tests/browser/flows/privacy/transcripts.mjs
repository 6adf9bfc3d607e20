// Somebody of the staff reads what was said, and the person finds that they did.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept } from "../../visit.mjs";
import { admin, findAndVerify, guard, officer, openRequest, saved, step, visitorWith } from "./people.mjs";

const TEXT = "is the <b>yellow</b> kettle in stock?";
const REASON = "Vorfall 7: prüfen, was geschah";

test("security staff read a transcript for a reason, and its person finds it", {}, async (desk) => {
  const visitor = await visitorWith(desk, { email: "read@example.com", text: TEXT });
  const { conversation } = await visitor.page.evaluate(() => JSON.parse(sessionStorage["sotto:default"]));

  await desk.signIn(admin);
  assert.equal(await desk.page.getByRole("link", { name: "Transcripts" }).count(), 0, "not for an admin");
  await desk.go("People");
  await desk.view("People");
  await desk.press("Invite a person");
  const invite = desk.page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", invite).fill(guard.email);
  assert.equal(await invite.getByRole("checkbox", { checked: true }).count(), 0, "nobody gets a role by itself");
  await invite.getByLabel("Security").check();
  await desk.press("Make the invitation", invite);
  const link = await desk.field("Link", desk.page.getByRole("dialog", { name: "A link to hand over" })).inputValue();

  const other = await desk.another();
  const { page } = other;
  await other.accept(link, guard);
  assert.equal(await page.getByRole("link", { name: "Privacy" }).count(), 0);
  await other.go("Transcripts");
  await other.shown("Transcripts", "transcripts");
  await page.getByText("The person finds it in their export.").waitFor();
  await other.field("Id of the conversation").fill("nobody");
  await other.field("Reason").fill("short");
  await other.press("Record it and read");
  await page.getByText("This is not an id.").waitFor();
  await page.getByText("At least 8 characters, please.").waitFor();
  await other.field("Reason").fill(REASON);
  await other.field("Id of the conversation").fill(conversation.replace(/.{12}$/, "0123456789ab"));
  await other.press("Record it and read");
  await other.problem().getByText("There is no such conversation").waitFor();
  await other.field("Id of the conversation").fill(conversation);
  const isRead = (response) => response.url().includes("/v1/transcripts/") && response.ok();
  const [response] = await Promise.all([page.waitForResponse(isRead), other.press("Record it and read")]);
  const first = await response.json();
  const said = other.part("What was said");
  await said.getByText(TEXT, { exact: true }).waitFor();
  await said.getByRole("heading").and(page.locator(":focus")).waitFor();
  assert.equal(await said.locator("b").count(), 0, "markup does nothing");
  await said.getByText("Assistant").first().waitFor();
  await other.looks("transcript");

  // Of what was altered it is said on which page that is. Here the server's part is played.
  await intercept(other, /\/v1\/transcripts\//, (request) => {
    const goesOn = new URL(request.url()).searchParams.get("cursor") === "more";
    const later = { ...first, messages: [{ ...first.messages[0], text: "a later one" }] };
    return { json: goesOn ? later : { ...first, next_cursor: "more", integrity: "broken" } };
  });
  await other.press("Record it and read");
  await said.getByText("Do not rely on it.").waitFor();
  await other.press("Read on");
  const later = said.getByRole("listitem").filter({ hasText: "a later one" });
  await later.and(page.locator(":focus")).waitFor();
  assert.equal(await said.getByText("Do not rely on it.").count(), 1);
  assert.equal(await said.getByRole("button", { name: "Read on" }).count(), 0);
  await other.isClean();
  await other.context.close();

  await visitor.dialog().locator("summary").click();
  const { reads } = await saved(visitor.page, () => visitor.button("Download my data (JSON)").click());
  const known = reads.map(({ by_role, purpose, reason, conversation_id }) => [by_role, purpose, reason, conversation_id]);
  assert.deepEqual(known, [["security", "incident", REASON, conversation]]);
  await visitor.context.close();
});

test("an officer goes from a case to what was said", {}, async (desk) => {
  const visitor = await visitorWith(desk, { email: "case@example.com", text: TEXT });
  const { conversation } = await visitor.page.evaluate(() => JSON.parse(sessionStorage["sotto:default"]));
  await desk.signIn(officer);
  await openRequest(desk, "Access");
  await findAndVerify(desk, "case@example.com");
  await step(desk, "Hand over the data").waitFor();
  await desk.press("Show contact details and conversations");
  await desk.press(/^Read: Conversation of /);
  await desk.view("Transcripts");
  assert.ok(await desk.page.getByRole("radio", { name: /^Request of the person/ }).isChecked());
  assert.match(await desk.field("Reason").inputValue(), /^Case [\da-f-]{36}$/);
  assert.equal(await desk.field("Id of the conversation").inputValue(), conversation, "nobody pastes it");
  await desk.press("Record it and read");
  await desk.part("What was said").getByText(TEXT, { exact: true }).waitFor();
  await desk.press("Deutsch");
  await desk.view("Gesprächsverläufe");
  assert.equal(await desk.page.getByText(TEXT).count(), 0, "not read again without a word");
  await desk.isClean();
  await visitor.context.close();
});
