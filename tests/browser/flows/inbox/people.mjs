// Two agents are invited. They begin in the inbox.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { admin, ben, cleo } from "./desk.mjs";

test("agents begin in the inbox, and the overview leads there too", {}, async (desk) => {
  await desk.accept(desk.console + new URL(desk.place.invitation).hash, admin);
  for (const person of [ben, cleo]) {
    await desk.go("People");
    await desk.view("People");
    await desk.press("Invite a person");
    const invite = desk.page.getByRole("dialog", { name: "Invite a person" });
    await desk.field("E-mail", invite).fill(person.email);
    await invite.getByLabel("Agent").check();
    await desk.press("Make the invitation", invite);
    const dialog = desk.page.getByRole("dialog", { name: "A link to hand over" });
    const link = await desk.field("Link", dialog).inputValue();
    await desk.press("Done", dialog);
    const other = await desk.another();
    await other.accept(link, person);
    await other.load();
    await other.shown("Inbox", "inbox-empty");
    await other.page.getByText("Nobody is waiting.").waitFor();
    await other.page.getByText("Switch on Available, so that visitors can be given to you.").waitFor();
    await other.go("Overview");
    await other.view("Overview");
    await other.follow("Inbox", other.part("What you can do here"));
    await other.view("Inbox");
    await other.isClean();
    await other.context.close();
  }
  assert.equal(await desk.to("Inbox").count(), 0, "not for an admin");
});
