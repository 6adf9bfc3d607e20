// Permanent changes to an account: its password, a reset, its end.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, problem } from "../../visit.mjs";
import { admin, agent, STALE_SECONDS } from "./staff.mjs";

test("a person is deleted, after a question, and what stands against it is said", {}, async (desk) => {
  const { page } = desk;
  const person = { name: "Dora Example", email: "dora@example.com", password: "plum ladders under nine clouds" };
  await desk.signIn(admin);
  const invitation = await invite(desk, person.email);
  const other = await desk.another();
  await other.accept(invitation, person);

  await desk.go("People");
  await page.getByRole("listitem").filter({ hasText: person.email }).getByText("Active").waitFor();
  const own = page.getByRole("listitem").filter({ hasText: admin.email });
  assert.equal(await own.getByRole("button", { name: /^Delete/ }).count(), 0, "nobody deletes themselves");
  const dialog = page.getByRole("dialog", { name: `Delete ${person.name}` });
  await desk.press(`Delete: ${person.name}`);
  await desk.looks("delete");
  await desk.press("Cancel", dialog);
  await dialog.waitFor({ state: "detached" });

  const refusals = [problem(409, "conflict")];
  await intercept(desk, /\/v1\/auth\/staff\/[^/]+$/, (request) => request.method() === "DELETE" && refusals.shift());
  await desk.press(`Delete: ${person.name}`);
  await desk.press("Delete", dialog);
  await dialog.getByText("This is not possible as things stand now.").waitFor();
  await desk.looks("delete-refused");
  await desk.press("Delete", dialog);
  await desk.status().getByText(`${person.name} was deleted.`).waitFor();
  assert.equal(await page.getByText(person.email).count(), 0);

  await other.pass(60);
  await other.go("Your account");
  await other.view("Sign in");
  await other.password(person);
  await other.problem().filter({ hasText: "The address or the password is wrong." }).waitFor();
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});

test("the account says that an admin has reset something, in both languages", {}, async (desk) => {
  await desk.signIn(agent);
  const resets = [{ what: "password", at: "2031-05-04T03:02:01Z" }, { what: "second_factor", at: "2031-05-04T03:02:01Z" }];
  await intercept(desk, /\/v1\/auth\/me$/, async (request, route) => {
    const reset = resets[0];
    // Sent by the test and not by the page, so that the header which says whose it is has to be told.
    const response = await route.fetch({ headers: { ...request.headers(), "sec-fetch-site": "same-origin" } });
    return { response, json: { ...(await response.json()), reset } };
  });
  await desk.go("Your account");
  await desk.page.getByText(/^An admin has reset your password on 4 May 2031/).waitFor();
  await desk.looks("reset-notice");
  resets.shift();
  await desk.press("Deutsch");
  await desk.view("Ihr Konto");
  await desk.page.getByText(/^Ihr zweiter Faktor wurde von der Verwaltung zurückgesetzt: /).waitFor();
  await desk.looks("german-reset-notice");
  resets[0] = null;
  await desk.press("English");
  await desk.view("Your account");
  assert.equal(await desk.page.locator(".notice").count(), 0);
  await desk.isClean();
});

test("what was done to an account is told: what, when and by whom", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(agent, "", "Overview");
  const changes = desk.part("Recent changes");
  assert.equal(await changes.getByRole("listitem").count(), 3, "the newest");
  await desk.looks("changes");
  await desk.follow(/^All \d+ changes$/);
  await desk.view("Your account");
  const password = changes.getByRole("listitem").filter({ hasText: "Your password was reset" });
  await password.getByText(`by ${admin.name}`).waitFor();
  await changes.getByRole("listitem").filter({ hasText: "Your roles were changed" }).getByText(`by ${admin.name}`).waitFor();
  await changes.getByRole("listitem").filter({ hasText: "A second factor was added" }).getByText("from your own account").first().waitFor();
  await changes.getByRole("listitem").filter({ hasText: "Signed in on a new device" }).first().waitFor();
  await desk.press("Deutsch");
  await desk.view("Ihr Konto");
  await desk.part("Letzte Änderungen").getByText(`von ${admin.name}`).first().waitFor();
  await desk.looks("german-changes");
  assert.equal(await page.getByText(/password_reset|new_device/).count(), 0, "no word of the API");
  await desk.isClean();
});

test("a role that rests after a reset is said before it is tried, and used a day later", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(agent, "", "Overview");
  await page.getByText(/^You can answer requests, .* from \d.*\.$/).waitFor();
  await page.getByText(/^You can read transcripts from \d.*\.$/).waitFor();
  await desk.looks("cooling-overview");
  const asked = desk.apiRequests().length;
  await desk.go("Transcripts");
  await desk.shown("Not yet", "cooling");
  await page.getByText(/^You can read transcripts from \d.*Until then the right rests/).waitFor();
  const paths = desk.apiRequests().slice(asked).map((request) => new URL(request.url()).pathname);
  assert.deepEqual(paths, ["/v1/auth/me"], "it is not tried");
  await desk.press("Deutsch");
  await desk.shown("Noch nicht", "german-cooling");
  await page.getByText(/^Ab \d.* können Sie Gesprächsverläufe lesen\./).waitFor();
  await desk.press("English");

  // After the day it opens; an unexpected refusal still says what it means.
  await desk.pass(24 * 3600);
  await desk.signIn(agent, "#/transcripts", "Transcripts");
  await intercept(desk, /\/v1\/transcripts\//, () => problem(403, "cooling_down"));
  await desk.field("Id of the conversation").fill("01890000-0000-7000-8000-000000000000");
  await desk.field("Reason").fill("to see what is said");
  await desk.press("Record it and read");
  await desk.problem().getByText("You cannot do this yet").waitFor();
  await desk.isClean();
});

test("the form for a new password refuses what it can, and says what the server refuses", {}, async (desk) => {
  await desk.signIn(agent);
  await desk.follow("Change the password");
  await desk.shown("Change the password", "password");
  const current = desk.field("Current password");
  const chosen = desk.field("New password");
  assert.equal(await current.getAttribute("autocomplete"), "current-password");
  assert.equal(await chosen.getAttribute("autocomplete"), "new-password");
  await current.fill(agent.password);
  await chosen.fill("too short");
  await desk.press("Change the password");
  await desk.page.getByText("At least 15 characters, please.").waitFor();
  const errors = (code) => JSON.stringify({ status: 422, code: "invalid", errors: [{ pointer: "/new_password", code }] });
  const reasons = ["too_long", "common", "personal", "guessable", "not_unicode"];
  const refusals = reasons.map((code) => ({ status: 422, contentType: "application/problem+json", body: errors(code) }));
  await intercept(desk, /\/v1\/auth\/password$/, () => refusals.shift());
  await chosen.fill("a sentence that the server refuses");
  const said = new Set();
  for (const [i] of reasons.entries()) {
    await chosen.press("Enter");
    await desk.problem().filter({ hasText: "Please change what is marked below." }).waitFor();
    assert.equal(await chosen.getAttribute("aria-invalid"), "true");
    said.add(await desk.page.locator(".error:not(:empty)").innerText());
    assert.equal(said.size, i + 1, "each reason has its own words");
    await chosen.press("End");
    await chosen.press("!");
  }
  await desk.press("Back");
  await desk.view("Your account");
  await desk.isClean();
});

test("one's own password is changed after a step up, and the sessions elsewhere end", {}, async (desk) => {
  const { page } = desk;
  const other = await desk.another();
  await other.signIn(agent);
  await desk.signIn(agent);
  await desk.pass(STALE_SECONDS);
  await desk.follow("Change the password");
  await desk.view("Change the password");
  const chosen = "eleven patient otters knit";
  await desk.field("Current password").fill("not the right password");
  await desk.field("New password").fill(chosen);
  await desk.press("Change the password");
  await desk.stepUp(agent);
  await desk.problem().filter({ hasText: "The current password is wrong." }).waitFor();
  await desk.looks("password-wrong");
  await desk.field("Current password").fill(agent.password);
  await desk.field("New password").fill(`${agent.name} ${agent.name}`);
  await desk.press("Change the password");
  await page.getByText("This password contains your name or address.").waitFor();
  await desk.looks("password-refused");
  await desk.field("New password").fill(chosen);
  await desk.press("Change the password");
  await desk.view("Your account");
  await desk.status().getByText("The password was changed.").waitFor();
  await desk.part("Sessions").getByText("You are signed in nowhere else.").waitFor();
  await desk.looks("password-changed");
  await page.reload();
  await desk.view("Your account");

  await desk.pass(60);
  await other.go("Your account");
  await other.view("Sign in");
  await other.password(agent);
  await other.problem().filter({ hasText: "The address or the password is wrong." }).waitFor();
  agent.password = chosen;
  await other.signIn(agent);
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});

test("whoever was reset is told so when they come in", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await desk.go("People");
  await desk.view("People");
  await desk.press(`Reset: ${agent.name}`);
  await desk.press("Reset", page.getByRole("dialog", { name: `Reset for ${agent.name}` }));
  const link = await handedOver(desk);
  const other = await desk.another();
  await other.page.goto(link);
  await other.view("New second factor");
  await other.field("Password").fill(agent.password);
  await other.press("Continue");
  await other.enrolTotp(agent);
  await other.press("Continue");
  await other.view("Overview");
  await other.page.getByText(/^An admin has reset your second factor on /).waitFor();
  await other.looks("reset-told");
  await other.go("Your account");
  await other.view("Your account");
  await other.page.getByText(/^An admin has reset your second factor on /).waitFor();
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});

async function invite(desk, email) {
  await desk.go("People");
  await desk.view("People");
  await desk.press("Invite a person");
  const dialog = desk.page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", dialog).fill(email);
  await dialog.getByLabel("Agent").check();
  await desk.press("Make the invitation", dialog);
  return handedOver(desk);
}

async function handedOver(desk) {
  const dialog = desk.page.getByRole("dialog", { name: "A link to hand over" });
  const link = await desk.field("Link", dialog).inputValue();
  await desk.press("Done", dialog);
  return link;
}
