// A site of one's own: from the first admin's overview to a page that shows it.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { PHONE, Visit } from "../../visit.mjs";
import { admin } from "./staff.mjs";

const GREETING = "Hello from the mill!\nWhat may we bake for you?";
const PAGE = /\/v1\/sites\/default$/;

async function save(desk) {
  const saved = desk.page.waitForResponse((response) => PAGE.test(response.url()) && response.request().method() === "PUT" && response.status() === 200);
  await desk.press("Save");
  const stepUp = desk.page.getByRole("dialog", { name: "Is it you?" });
  await Promise.race([saved, stepUp.waitFor()]);
  if (await stepUp.isVisible()) await desk.stepUp(admin);
  await saved;
  await desk.status().getByText(/in force everywhere within a minute/).waitFor();
}

/** A visitor of a page that embeds the widget by the line that the console gives. */
async function visitor(desk, snippet, { options, lang = "en" } = {}) {
  // Under the name of the host that the line has: to a page of another one the browser gives nothing of this machine.
  const { origin } = new URL(desk.console);
  const visit = await Visit.begin(desk.browser, origin, desk.output, options);
  const html = `<!doctype html><html lang="${lang}"><head><title>Mill</title>${snippet}</head><body><main><h1>The mill</h1></main></body></html>`;
  await visit.page.route(`${origin}/mill`, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
  await visit.load("/mill");
  return visit;
}

function colourOf(locator) {
  return locator.evaluate((element) => getComputedStyle(element).backgroundColor);
}

test("an admin gives the chat a name, colours and words, and a visitor sees them", {}, async (desk) => {
  const { page } = desk;
  await desk.signIn(admin, "", "Overview");
  const steps = desk.part("Set up your chat");
  await steps.getByRole("link", { name: "Give it a name and colours" }).waitFor();
  await desk.looks("set-up");
  await desk.follow("Give it a name and colours", steps);
  await desk.shown("Chat window", "look-unset");

  await desk.field("Name").fill("Mill & Sons");
  await page.getByRole("radio", { name: "Your own" }).check();
  await desk.field("Buttons and links").fill("#ffd400");
  await desk.press("Save");
  await page.getByText("Links in this colour cannot be read on white. Please choose a darker one.").waitFor();
  await desk.field("Buttons and links").fill("#7a1f5c");
  await desk.field("Text on buttons").fill("#331122");
  await desk.press("Save");
  await page.getByText(/Text in this colour cannot be read on the buttons/).waitFor();
  await desk.field("Text on buttons").fill("#fff4d6");
  await desk.field("Button that opens the chat, English").fill("Ask the mill");
  await desk.field("Greeting, English").fill(GREETING);
  await desk.field("Questions to begin with, English").fill("Where can I park?\nMay I bring my dog?");
  await desk.field("Your own words, English").fill("The mill's owner reads along when you ask for a person.");
  await desk.field("Address of your privacy notice").fill("http://mill.example/privacy");
  await desk.field("Pages that may embed the chat").fill("https://Mill.example/contact\nblog.mill.example");
  await desk.press("Save");
  await page.getByText("This is not an address that begins with https://.").waitFor();
  await desk.field("Address of your privacy notice").fill("https://mill.example/privacy");
  await desk.looks("look-filled");
  await save(desk);
  assert.equal(await desk.field("Pages that may embed the chat").inputValue(), "https://mill.example\nhttps://blog.mill.example");
  await page.getByText(/In force: version 2026-11\.\d+/).waitFor();
  const snippet = await page.locator(".snippet").innerText();
  assert.match(snippet, /data-root="sha256-[\w-]+" data-accent="#7a1f5c" data-on-accent="#fff4d6" data-launcher="Ask the mill" async/);
  // The other page of the site leaves this alone.
  await desk.go("Site");
  await desk.view("Site");
  await save(desk);
  await desk.go("Chat window");
  await desk.view("Chat window");
  assert.equal(await desk.field("Name").inputValue(), "Mill & Sons");
  await desk.pass(61);

  const visit = await visitor(desk, snippet);
  await visit.launcher().getByText("Ask the mill").waitFor();
  assert.equal(await colourOf(visit.launcher()), "rgb(122, 31, 92)");
  assert.equal(visit.apiRequests().length, 0, "nothing is asked before the chat is opened");
  await visit.open();
  await visit.notice();
  await visit.dialog().getByRole("heading", { name: "Mill & Sons" }).waitFor();
  await visit.dialog().getByText("The mill's owner reads along").waitFor();
  assert.equal(await visit.dialog().getByRole("link", { name: /Privacy notice/ }).getAttribute("href"), "https://mill.example/privacy");
  await visit.accessible();
  await visit.picture("look-notice");
  await visit.consent();
  await visit.log().getByText("What may we bake for you?").waitFor();
  const suggested = visit.log().getByRole("list", { name: "Questions to begin with" });
  await visit.accessible();
  await visit.picture("look-greeting");
  await suggested.getByRole("button", { name: "Where can I park?" }).click();
  await visit.log().getByText("Park behind the building; it is free.").waitFor();
  assert.equal(await suggested.count(), 0, "what was offered for the beginning is over");
  await visit.picture("look-answered");
  assert.deepEqual(visit.complaints, []);
  await visit.context.close();

  const dark = await visitor(desk, snippet, { options: { ...PHONE, colorScheme: "dark" } });
  await dark.open();
  await dark.consent();
  await dark.log().getByText("What may we bake for you?").waitFor();
  await dark.accessible();
  await dark.picture("look-dark-phone");
  await dark.context.close();

  // In a language in which nothing was written, the usual words stand.
  const german = await visitor(desk, snippet, { lang: "de" });
  await german.open();
  await german.notice();
  await german.dialog().getByRole("heading", { name: "Mill & Sons" }).waitFor();
  assert.equal(await german.dialog().getByText("The mill's owner").count(), 0);
  await german.context.close();
  await desk.isClean();
});

test("a notice that changes while it is read is read once more", {}, async (desk) => {
  await desk.signIn(admin, "#/look", "Chat window");
  const visit = await Visit.begin(desk.browser, desk.base, desk.output);
  await visit.load();
  await visit.open();
  await visit.notice();
  await desk.field("Your own words, English").fill("The mill has moved to Berlin.");
  await save(desk);
  // Until now the one before was taken.
  await desk.pass(3_700);
  await visit.button("Agree and start chat").click();
  await visit.alert().getByText("This notice has changed meanwhile.").waitFor();
  await visit.dialog().getByText("The mill has moved to Berlin.").waitFor();
  await visit.accessible();
  await visit.consent();
  await visit.context.close();
});

test("of two admins one is told, on a phone, and all goes back to what it was", PHONE, async (desk) => {
  await desk.signIn(admin, "#/look", "Chat window");
  await desk.looks("look-phone");
  assert.ok(await desk.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  const other = await desk.elsewhere();
  await other.load("#/look");
  await other.view("Chat window");
  for (const name of ["Name", "Button that opens the chat, English", "Greeting, English", "Questions to begin with, English", "Your own words, English", "Address of your privacy notice", "Pages that may embed the chat"]) {
    await other.field(name).fill("");
  }
  await other.page.getByRole("radio", { name: "The usual blue" }).check();
  await save(other);
  await desk.field("Name").fill("Another mill");
  await desk.press("Save");
  await desk.page.getByText(/Somebody else has saved this site meanwhile/).waitFor();
  await desk.looks("look-conflict-phone");
  await desk.load("#/look");
  await desk.view("Chat window");
  assert.equal(await desk.field("Name").inputValue(), "");
  await desk.pass(61);
  await desk.isClean();
});
