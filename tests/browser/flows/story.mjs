// A visitor, and somebody who answers: in opening hours and outside them, with agents who leave, and on a phone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../tests.mjs";
import { QUESTION, Visit } from "../visit.mjs";
import { admin, answer, atWork, ben, box, cleo, close, log, rows, take } from "./inbox/desk.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const UNKNOWN = "can a walrus play the trombone?";
const LEAD = { name: "Ines Winter", email: "visitor0@example.com" };

function beside(desk, options = {}) {
  return Visit.begin(desk.browser, desk.base, desk.output, options);
}

/** A visitor whom the assistant cannot answer, and who asks for a person where it offers one. */
async function unanswered(desk, options) {
  const visit = await beside(desk, options);
  await visit.start();
  // The first time it asks for other words, the second time it offers a person.
  await visit.say(UNKNOWN);
  await visit.answered();
  await visit.say(`${UNKNOWN} a walrus?`);
  await visit.log().getByRole("button", { name: "Talk to a person" }).last().click();
  return visit;
}

async function leave(visit) {
  await visit.button("Leave contact details").last().click();
  await visit.dialog().getByLabel("Name").fill(LEAD.name);
  await visit.dialog().getByLabel("E-mail").fill(LEAD.email);
  await visit.dialog().getByRole("checkbox").check();
  await visit.button("Leave details").click();
  await visit.log().getByText(/details have been passed on/).waitFor();
}

async function rate(visit) {
  await visit.button("Rate this chat").click();
  await visit.dialog().getByLabel("5", { exact: true }).check();
  await visit.button("Send rating").click();
  await visit.log().getByText(/Thank you for your rating/).waitFor();
}

async function runJob(desk, job) {
  const response = await fetch(`${desk.place.control}/run/${job}`, { method: "POST" });
  assert.ok(response.ok, `${job}: ${response.status}`);
}

/** Goes on by Tab until what has that name has the focus. */
async function tabTo(desk, name) {
  for (let i = 0; i < 200; i++) {
    const focused = await desk.page.evaluate(() => {
      const { activeElement } = document;
      return (activeElement.labels?.[0] ?? activeElement).textContent;
    });
    if (focused.startsWith(name)) return;
    await desk.page.keyboard.press("Tab");
  }
  assert.fail(`no way to ${name} by Tab`);
}

/** The page has heard all that is so now. What it hears is sealed: of two answers, the second one was asked for after this. */
async function polled(desk) {
  for (let polls = 0; polls < 2; polls++) await desk.page.waitForResponse((response) => /\/v1\/inbox\?/.test(response.url()));
}

/** Saves the site, with the second factor if the sign-in was too long ago. */
async function saved(desk, status = 200) {
  const put = () => desk.page.waitForResponse((response) => response.request().method() === "PUT" && /\/v1\/sites\//.test(response.url()));
  const first = put();
  await desk.press("Save");
  let answer = await first;
  if (answer.status() === 403) {
    const second = put();
    await desk.stepUp(admin);
    answer = await second;
  }
  assert.equal(answer.status(), status);
  if (status === 200) await desk.status().getByText("Saved.").waitFor();
}

function fits(desk) {
  return desk.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

/** A count of the report. */
function figure(desk, term) {
  const row = desk.page.locator(".figures > div").filter({ has: desk.page.getByText(term, { exact: true }) });
  return row.locator("strong").innerText().then((text) => Number(text.replaceAll(",", "")));
}

async function signedOut(desk) {
  await desk.press("Sign out", desk.page.getByRole("navigation"));
  await desk.view("Sign in");
  await desk.isClean();
}

for (const [device, options] of [["desktop", {}], ["phone", PHONE]]) {
  test(`${device}: the assistant does not know, a person does, and the visitor leaves an address and a rating`, options, async (desk) => {
    const picture = (name) => desk.looks(`story-${device}-${name}`);
    await atWork(desk, ben);
    const visit = await unanswered(desk, options);
    await visit.dialog().getByRole("status").getByText(/You are next/).waitFor();
    await visit.picture(`story-${device}-visitor-waits`);
    await rows(desk).first().waitFor();
    assert.match(await desk.page.title(), /^\(1\) /, "the agent notices");
    await picture("noticed");
    await rows(desk).first().click();
    await desk.press("Take this conversation");
    await log(desk).getByText(UNKNOWN, { exact: true }).waitFor();
    await visit.log().getByText("Ben has joined the conversation.").waitFor();
    await visit.say(QUESTION);
    await log(desk).getByText(QUESTION, { exact: true }).waitFor();
    // Those for the question before it stand there until then.
    const suggestion = desk.page.locator(".suggestion").filter({ hasText: "Where is my parcel?" });
    const text = await suggestion.locator("p").first().innerText();
    await suggestion.getByRole("button").first().click();
    assert.equal(await box(desk).inputValue(), text);
    await picture("suggestion");
    await answer(desk, text);
    await visit.log().locator(".message.agent").filter({ hasText: text }).waitFor();
    await visit.accessible();
    await visit.picture(`story-${device}-visitor-answered`);
    await leave(visit);
    await close(desk);
    await visit.dialog().getByText("Ben has ended the conversation.").waitFor();
    await rate(visit);
    await visit.picture(`story-${device}-visitor-rated`);
    await signedOut(desk);
    await visit.context.close();
  });
}

test("who is silent loses the conversation to a colleague, who transfers it back later", {}, async (desk) => {
  await atWork(desk, cleo);
  const gone = await desk.another();
  await atWork(gone, ben);
  const visit = await unanswered(desk);
  await take(gone, UNKNOWN);
  await visit.log().getByText("Ben has joined the conversation.").waitFor();
  await gone.context.close();
  await visit.say("Are you there?");
  const note = visit.log().getByText("Ben is no longer here. You are in the queue again and keep your place.");
  // A step at a time, so that the colleague does not count as away.
  for (let minute = 0; minute < 7 && !(await note.isVisible()); minute++) {
    await desk.pass(60);
    await desk.page.waitForResponse((response) => response.url().endsWith("/v1/presence") && response.ok(), { timeout: 60_000 });
  }
  await note.waitFor();
  await visit.picture("story-visitor-back-in-queue");
  await take(desk, UNKNOWN);
  await visit.log().getByText("Cleo has joined the conversation.").waitFor();

  const back = await desk.another();
  await atWork(back, ben);
  // The page has heard that he is there.
  await polled(desk);
  await desk.page.evaluate(() => new Promise(requestAnimationFrame));
  await desk.press("Transfer", desk.page.getByRole("group", { name: "What to do with the conversation" }));
  const dialog = desk.page.getByRole("dialog", { name: "Transfer to a colleague" });
  await dialog.getByRole("radio", { name: "Ben" }).check();
  await desk.field("A note for them", dialog).fill("It is about a walrus.");
  await desk.press("Transfer", dialog);
  await visit.log().getByText("Cleo has handed you over to Ben.").waitFor();
  await back.page.getByRole("tab", { name: "Mine 1" }).click();
  await rows(back).first().click();
  await log(back).locator(".message.note").filter({ hasText: "It is about a walrus." }).waitFor();
  await answer(back, "It cannot, I am afraid.");
  await visit.log().getByText("It cannot, I am afraid.").waitFor();
  await visit.picture("story-visitor-transferred");
  await close(back);
  await rate(visit);
  await signedOut(desk);
  await back.context.close();
  await visit.context.close();
});

test("outside opening hours the visitor hears when people are back, and leaves an address", {}, async (desk) => {
  await desk.signIn(admin, "#/site", "Site");
  await desk.looks("story-site");
  const hour = new Date(await desk.pass(1)).getUTCHours();
  const [from, until] = hour < 12 ? ["20:00", "21:00"] : ["05:00", "06:00"];
  await desk.page.getByRole("radio", { name: "At these hours" }).check();
  await desk.page.getByLabel("Time zone").selectOption("UTC");
  for (const day of ["Saturday", "Sunday"]) await desk.press(/^Add hours/, desk.page.getByRole("group", { name: day }));
  for (const day of ["Monday", "Saturday", "Sunday"]) {
    await desk.page.getByLabel(`${day}: From`).fill(from);
    await desk.page.getByLabel(`${day}: Until`).fill(until);
  }
  await desk.press("Copy Monday to Tuesday until Friday");
  await desk.field("Hourly wage").fill("30");
  await saved(desk);
  await desk.looks("story-site-hours");
  await desk.pass(60);

  const agent = await desk.another();
  await atWork(agent, ben);
  const visit = await unanswered(desk);
  const said = visit.log().locator(".note").filter({ hasText: "We are closed at the moment." });
  await said.waitFor();
  assert.match(await said.innerText(), /We are open again: \w+day.* \d\d:\d\d\./);
  await visit.accessible();
  await visit.picture("story-visitor-closed");
  await leave(visit);
  await visit.say(QUESTION);
  await visit.log().locator(".message.bot").nth(1).waitFor();
  assert.equal(await rows(agent).count(), 0, "nobody waits");

  await desk.page.getByRole("radio", { name: /^At any time/ }).check();
  await saved(desk);
  await desk.pass(60);
  await signedOut(desk);
  await agent.context.close();
  await visit.context.close();
});

for (const [device, options] of [["desktop", {}], ["phone", PHONE]]) {
  test(`${device}: the address is among the leads, by keyboard alone, and the report counts it`, options, async (desk) => {
    const { page } = desk;
    await desk.signIn(ben, "#/leads", "Leads");
    await page.getByText("That you look is recorded before anything is opened").waitFor();
    await desk.looks(`story-${device}-leads`);
    await tabTo(desk, "Support");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await tabTo(desk, "Reason");
    await page.keyboard.type("Do we get back to them?");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "Leads, the newest first" }).and(page.locator(":focus")).waitFor();
    const row = page.getByRole("listitem").filter({ hasText: LEAD.name }).first();
    await row.getByRole("link", { name: LEAD.email }).waitFor();
    await desk.looks(`story-${device}-leads-list`);
    assert.ok(await fits(desk));
    // The API gives a long file in parts; here it has two.
    let part = "";
    await page.route("**/v1/leads/export*", async (route) => {
      if (new URL(route.request().url()).searchParams.has("cursor")) {
        return route.fulfill({ contentType: "text/csv; charset=utf-8", body: part });
      }
      const response = await route.fetch();
      if (response.ok()) part = await response.text();
      return route.fulfill({ response, headers: { ...response.headers(), "sotto-next-cursor": "next" } });
    });
    await tabTo(desk, "Download as CSV");
    const saved = page.waitForEvent("download");
    await page.keyboard.press("Enter");
    // A sign-in a moment ago may be enough.
    const dialog = page.getByRole("dialog", { name: "Is it you?" });
    await Promise.race([saved, dialog.waitFor()]);
    if (await dialog.isVisible()) await desk.stepUp(ben);
    const file = await saved;
    assert.equal(file.suggestedFilename(), "leads.csv");
    const lines = (await readFile(await file.path(), "utf8")).trimEnd().split("\r\n");
    assert.deepEqual(lines.slice(1), Array(2).fill(part.trimEnd().split("\r\n").slice(1)).flat(), "both parts, and the names once");

    await runJob(desk, "reports");
    await desk.go("Reports");
    await desk.view("Reports");
    assert.ok((await figure(desk, "Conversations")) > 0);
    assert.ok((await figure(desk, "Leads")) > 0);
    for (const name of ["By day", "By hour of the day"]) {
      const plot = desk.part(name);
      assert.match(await plot.getByRole("img").getAttribute("aria-label"), /^\d+ conversations\. The most, \d+, /);
      await plot.getByText("As a table").click();
      await plot.getByRole("table").waitFor();
    }
    await desk.looks(`story-${device}-report`);
    assert.ok(await fits(desk));
    await signedOut(desk);
  });
}

test("two admins save the site at once: whoever comes second loses nothing, and is told", {}, async (desk) => {
  await desk.signIn(admin, "#/site", "Site");
  const other = await desk.another();
  await other.signIn(admin, "#/site", "Site");
  await other.field("Hourly wage").fill("42");
  await saved(other);
  await desk.field("Words that hand over at once").fill("refund");
  await saved(desk, 412);
  const told = desk.page.getByRole("alert").filter({ hasText: "Somebody else has saved this site meanwhile." });
  await told.and(desk.page.locator(":focus")).waitFor();
  await desk.looks("story-site-conflict");
  assert.equal(await desk.field("Words that hand over at once").inputValue(), "refund", "what was typed");
  assert.equal(await desk.field("Hourly wage").inputValue(), "42", "what the other has saved");
  await saved(desk);
  await desk.load("#/site");
  await desk.view("Site");
  assert.equal(await desk.field("Words that hand over at once").inputValue(), "refund");
  assert.equal(await desk.field("Hourly wage").inputValue(), "42");
  await other.context.close();
});

test("phone: the page of the site", PHONE, async (desk) => {
  await desk.signIn(admin, "#/site", "Site");
  await desk.page.getByRole("radio", { name: "At these hours" }).check();
  await desk.looks("story-phone-site");
  assert.ok(await fits(desk));
  await signedOut(desk);
});
