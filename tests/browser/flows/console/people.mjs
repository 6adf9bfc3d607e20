// The people page: an admin, and those who are invited.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept } from "../../visit.mjs";
import { admin, agent, STALE_SECONDS } from "./staff.mjs";

test("a person is invited after a step up, accepts elsewhere, and works", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await desk.go("People");
  await desk.shown("People", "people");
  await desk.pass(STALE_SECONDS);
  await desk.press("Invite a person");
  const invite = page.getByRole("dialog", { name: "Invite a person" });
  await desk.looks("invite");
  await desk.field("E-mail", invite).fill(agent.email);
  assert.equal(await invite.getByRole("checkbox", { checked: true }).count(), 0, "nobody gets a role by itself");
  await desk.press("Make the invitation", invite);
  await invite.getByText("Choose at least one role.").waitFor();
  await invite.getByLabel("Agent").check();
  await desk.press("Make the invitation", invite);

  const stepUp = page.getByRole("dialog", { name: "Is it you?" });
  await stepUp.waitFor();
  assert.ok(await desk.field("Code from your authenticator app", stepUp).evaluate((field) => field === document.activeElement));
  await desk.looks("step-up");
  await page.keyboard.press("Escape");
  await stepUp.waitFor({ state: "detached" });
  assert.ok(await invite.isVisible(), "turning back leaves what was begun");
  assert.equal(await desk.problem().count(), 0);
  await desk.press("Make the invitation", invite);
  await desk.stepUp(admin);

  const link = page.getByRole("dialog", { name: "A link to hand over" });
  await link.waitFor();
  await desk.looks("link");
  const invitation = await desk.field("Link", link).inputValue();
  assert.ok(invitation.startsWith(`${desk.console}#invitation=`), invitation);
  await desk.press("Done", link);

  const other = await desk.another();
  await other.accept(invitation, agent);
  assert.equal(await other.page.getByRole("link", { name: "People" }).count(), 0, "not for an agent");
  await other.part("Profile").getByText(agent.email).waitFor();
  await other.isClean();
  await other.context.close();
  const row = page.getByRole("listitem").filter({ hasText: agent.email });
  assert.equal(await row.count(), 0, "not before they have accepted");
  await desk.go("People");
  await row.getByText("Active").waitFor();
  await desk.isClean();
});

test("a passkey as the first factor, in a browser that has only the older forms of passkeys", {}, async (desk) => {
  await desk.signIn(admin);
  await desk.go("People");
  await desk.view("People");
  await desk.press("Invite a person");
  const invite = desk.page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", invite).fill("cleo@example.com");
  await invite.getByLabel("Agent").check();
  await desk.press("Make the invitation", invite);
  const link = desk.page.getByRole("dialog", { name: "A link to hand over" });
  const invitation = await desk.field("Link", link).inputValue();

  const other = await desk.another();
  await other.authenticator();
  await other.page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
  });
  await other.page.goto(invitation);
  await other.view("Welcome");
  await other.field("Your name").fill("Cleo Example");
  await other.field("New password").fill("marble kites over the estuary");
  await other.press("Continue");
  await other.view("Choose a second factor");
  await other.press("Set up a passkey");
  await other.view("Set up a passkey");
  await other.press("Create the passkey");
  await other.view("Recovery codes");
  await other.field("I have kept them").check();
  await other.press("Continue");
  await other.view("Overview");
  await other.go("Your account");
  await other.part("Second factors").getByRole("link", { name: "Add an authenticator app" }).waitFor();
  await other.press("Sign out", other.page.getByRole("navigation"));
  await other.view("Sign in");
  await other.press("Sign in with a passkey");
  await other.view("Overview");
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});

test("ending all other sessions ends the one elsewhere", {}, async (desk) => {
  const other = await desk.another();
  await other.signIn(agent);
  await desk.signIn(agent);
  await desk.part("Sessions").getByText("This session", { exact: true }).waitFor();
  assert.ok((await desk.part("Sessions").getByRole("listitem").count()) >= 2);
  await desk.looks("sessions");
  const third = await desk.another();
  await third.signIn(agent);
  const sessions = desk.part("Sessions").getByRole("listitem");
  await desk.go("Your account");
  await desk.view("Your account");
  const before = await sessions.count();
  await desk.part("Sessions").getByRole("button", { name: /^End this session/ }).last().click();
  await desk.status().getByText("The session was ended.").waitFor();
  assert.equal(await sessions.count(), before - 1);
  await third.context.close();
  await desk.press("End all others");
  await desk.status().getByText("All other sessions were ended.").waitFor();
  await desk.part("Sessions").getByText("You are signed in nowhere else.").waitFor();
  await desk.pass(60);
  await other.page.getByRole("link", { name: "Your account" }).click();
  await other.view("Sign in");
  await other.status().getByText("Your session has ended.").waitFor();
  await other.looks("ended");
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});

test("an admin changes roles, disables, enables and resets", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await desk.go("People");
  await desk.view("People");
  await desk.press(`Roles: ${agent.name}`);
  const roles = page.getByRole("dialog", { name: `Roles of ${agent.name}` });
  await roles.getByLabel("Privacy").check();
  await desk.looks("roles");
  await desk.press("Save", roles);
  await desk.status().getByText(`Saved for ${agent.name}.`).waitFor();
  const row = page.getByRole("listitem").filter({ hasText: agent.email });
  await row.getByText("Privacy").waitFor();
  await desk.press(`Disable: ${agent.name}`);
  await desk.press("Disable", page.getByRole("dialog"));
  await row.getByText("Disabled").waitFor();
  await desk.looks("people-disabled");
  await desk.press(`Enable: ${agent.name}`);
  await row.getByText("Active").waitFor();

  const locked = "2031-05-04T03:02:01Z";
  const lists = [locked];
  const changes = [];
  await intercept(desk, /\/v1\/auth\/staff/, async (request, route) => {
    if (request.method() === "PATCH") changes.push(request.postDataJSON());
    if (request.method() !== "GET" || lists.length === 0) return;
    // Sent by the test and not by the page, so that the header which says whose it is has to be told.
    const response = await route.fetch({ headers: { ...request.headers(), "sec-fetch-site": "same-origin" } });
    const { items, ...rest } = await response.json();
    const until = lists.pop();
    return { response, json: { ...rest, items: items.map((item) => ({ ...item, locked_until: until })) } };
  });
  await desk.go("People");
  await row.getByText("Locked until 4 May 2031").waitFor();
  await desk.press(`Unlock: ${agent.name}`);
  await desk.status().getByText(`Saved for ${agent.name}.`).waitFor();
  assert.deepEqual(changes, [{ unlock: true }]);

  await desk.press(`Reset: ${agent.name}`);
  const reset = page.getByRole("dialog", { name: `Reset for ${agent.name}` });
  await reset.waitFor();
  await desk.looks("reset");
  await desk.press("Reset", reset);
  const link = await desk.field("Link", page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
  const other = await desk.another();
  await other.page.goto(link);
  await other.shown("New second factor", "reset-factor");
  assert.equal(await other.field("Your name").count(), 0, "they have a name");
  await other.field("Password").fill(agent.password);
  await other.press("Continue");
  await other.enrolTotp(agent);
  await other.press("Continue");
  await other.view("Overview");
  await other.context.close();

  await desk.press("Done");
  // This list is from before they enrolled: without a second factor the password is not taken as well.
  await desk.press(`Reset: ${agent.name}`);
  await reset.waitFor();
  assert.equal(await reset.getByRole("radio").count(), 1);
  await desk.press("Cancel", reset);
  await desk.go("People");
  await row.getByText("Active").waitFor();
  await desk.press(`Reset: ${agent.name}`);
  await reset.getByRole("radio", { name: /^Password/ }).check();
  await desk.press("Reset", reset);
  const next = await desk.field("Link", page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
  const third = await desk.another();
  await third.page.goto(next);
  await third.shown("New password", "reset-password");
  agent.password = "seven slow herons at noon";
  await third.field("New password").fill(agent.password);
  await third.press("Continue");
  await third.view("Second step");
  await third.field("Code from your authenticator app").fill(await third.code(agent));
  await third.press("Confirm");
  await third.view("Overview");
  await third.isClean();
  await third.context.close();
  await desk.isClean();
});
