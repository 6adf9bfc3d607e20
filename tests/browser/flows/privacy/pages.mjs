// Every page of the table, by somebody with all roles: Back, Forward, reload, a link that is opened directly.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "../../tests.mjs";
import { admin } from "./people.mjs";

const PAGES = JSON.parse(readFileSync(new URL("../../../../functions/site/web/dist/pages.json", import.meta.url)));
const everything = { name: "Gil Example", email: "gil@example.com", password: "nine copper kettles in a row" };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

test("somebody has all roles", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin, "#/people", "People");
  await desk.press("Invite a person");
  const invite = page.getByRole("dialog", { name: "Invite a person" });
  await desk.field("E-mail", invite).fill(everything.email);
  await desk.press("Make the invitation", invite);
  await invite.getByText("Choose at least one role.").waitFor();
  for (const role of ["Agent", "Privacy", "Security", "Admin"]) await invite.getByLabel(role).check();
  await desk.press("Make the invitation", invite);
  const link = await desk.field("Link", page.getByRole("dialog", { name: "A link to hand over" })).inputValue();
  const other = await desk.another();
  await other.accept(link, everything);
  await other.go("Overview");
  await other.view("Overview");
  for (const { isPlace, title } of PAGES) assert.equal(await other.to(title.en).count(), isPlace ? 1 : 0, title.en);
  await other.isClean();
  await other.context.close();
});

for (const [name, options] of [["desktop", {}], ["a phone", PHONE]]) {
  test(`each page on ${name}: Back, Forward, reload and a link to it`, options, async (desk) => {
    const { page } = desk;
    await desk.signIn(everything);
    const ids = { ...(await page.evaluate(idsFor, desk.console)), course: "phishing" };
    // The audit that has just begun has its results then.
    await fetch(`${desk.place.control}/run/examine`, { method: "POST" });
    // A second authenticator app is refused, and the page says so.
    const headings = {
      authenticator: "This cannot be shown",
      case: /^Request for /,
      course: /^Phishing/,
      practice: "The new colleague",
      incident: "Entered by hand",
      audit: /^Audit of /,
    };
    for (const { name: of, address, title } of PAGES) {
      const hash = `#${address.replace("{id}", ids[of])}`;
      const heading = headings[of] ?? title.en;
      await desk.load(hash);
      await desk.shown(heading, `page-${of}-${name.split(" ").pop()}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${of} fits`);
      await page.reload();
      await desk.view(heading);
      const away = of === "account" ? "Overview" : "Your account";
      await desk.go(away);
      await desk.view(away);
      await page.goBack();
      await desk.view(heading);
      assert.equal(new URL(page.url()).hash || "#/", hash);
      await page.goForward();
      await desk.view(away);
    }
    await desk.isClean();
  });
}

test("what is asked for before signing in comes after it, and what is not there or not allowed is said", {}, async (desk) => {
  const { page } = desk;
  await desk.load("#/people");
  await page.getByText("After that you go on to “People”.").waitFor();
  await desk.signIn(admin, "#/people", "People");
  await desk.load("#/privacy");
  await desk.shown("This page is not for you", "not-yours");
  await desk.load("#/nowhere");
  await desk.shown("There is no such page", "no-such-page");
  await desk.follow("Go to the overview");
  await desk.view("Overview");
  await desk.isClean();
});

test("a page that was altered is not run", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin);
  await page.route(/\/assets\/console-people\.page-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()} ` });
  });
  await desk.go("People");
  await desk.view("This cannot be shown");
  assert.ok(desk.complaints.some((line) => line.includes("integrity")), desk.complaints.join("\n"));
});

test("a session that ended says so, also after a reload", {}, async (desk) => {
  await desk.signIn(admin);
  await desk.pass(13 * 3600);
  await desk.page.reload();
  await desk.view("Sign in");
  await desk.status().getByText("Your session has ended.").waitFor();
});

/** A request that the other tests have opened, an incident, a practice, and an audit. */
async function idsFor(console) {
  const headers = { "Sotto-Console": "1", "Content-Type": "application/json" };
  const origin = new URL(console).origin;
  const tokens = await (await fetch(`${origin}/v1/auth/refresh`, { method: "POST", headers, body: "{}" })).json();
  const authorized = { ...headers, Authorization: `Bearer ${tokens.access_token}` };
  const { items } = await (await fetch(`${origin}/v1/cases`, { headers: authorized })).json();
  const body = JSON.stringify({ kind: "manual", note: "a rehearsal" });
  const incident = await (await fetch(`${origin}/v1/incidents`, { method: "POST", headers: authorized, body })).json();
  const practices = `${origin}/v1/training/practices`;
  const script = JSON.stringify({ script: "new-colleague" });
  // It is open already where this page was here before.
  await fetch(practices, { method: "POST", headers: authorized, body: script });
  const open = await (await fetch(practices, { headers: authorized })).json();
  const audits = `${origin}/v1/audits`;
  // One may be running already.
  await fetch(audits, { method: "POST", headers: authorized, body: "{}" });
  const begun = await (await fetch(audits, { headers: authorized })).json();
  return { case: items[0].id, incident: incident.id, practice: open.items[0].id, audit: begun.items[0].id };
}
