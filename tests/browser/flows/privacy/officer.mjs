// The privacy officer: answers requests, in a role of their own.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { admin, officer } from "./people.mjs";

test("an admin invites a privacy officer, and has no such page themselves", {}, async (desk) => {
  const { page } = desk;
  await desk.accept(desk.console + new URL(desk.place.invitation).hash, admin);
  assert.equal(await page.getByRole("link", { name: "Privacy" }).count(), 0);
  await desk.go("People");
  await desk.view("People");
  await desk.press("Invite a person");
  const invite = page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", invite).fill(officer.email);
  assert.equal(await invite.getByRole("checkbox", { checked: true }).count(), 0, "nobody gets a role by itself");
  await invite.getByLabel("Privacy").check();
  await desk.press("Make the invitation", invite);
  const link = await desk.field("Link", page.getByRole("dialog", { name: "A link to hand over" })).inputValue();

  const other = await desk.another();
  await other.accept(link, officer);
  await other.go("Privacy");
  await other.shown("Privacy", "privacy-empty");
  await other.part("Requests").getByText("No request is open.").waitFor();
  await other.part("Erasures that wait for approval").getByText("No erasure waits for approval.").waitFor();
  await other.part("Legal holds").getByText("Nothing is held.").waitFor();
  await other.isClean();
  await other.context.close();
  await desk.isClean();
});
