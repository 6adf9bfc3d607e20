// What the bench counts in a browser, printed as `counted {…}`: texts that get lost when the request that sends
// them fails, and with --handover the requests of the widget in a hand-over.
//
//   node counted.mjs BASE_URL CONTROL_URL INVITATION_LINK OUTPUT_FOLDER [--handover]
//
// The link is of the first admin and not used yet.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import { Desk } from "./desk.mjs";
import { Agent } from "./flows/live/agent.mjs";
import { box, close, log, take } from "./flows/inbox/desk.mjs";
import { intercept, isPost, messagesPath, QUESTION, Visit } from "./visit.mjs";

const [url, control, invitation, output, handover] = process.argv.slice(2);
if (!url || !control || !invitation || !output) {
  console.error("usage: node counted.mjs BASE_URL CONTROL_URL INVITATION_LINK OUTPUT_FOLDER [--handover]");
  process.exit(2);
}
const base = new URL(url).origin;
const ben = { name: "Ben Example", email: "ben@example.com", password: "quiet copper window orchard" };
const LONG = { timeout: 60_000 };

mkdirSync(output, { recursive: true });
const browser = await launch();
const token = new URLSearchParams(new URL(invitation).hash.slice(1)).get("invitation");
const admin = await Agent.accept(base, token, "Ada");
const anna = await admin.invite("Anna");
const invited = await admin.call("POST", "/v1/auth/invitations", { email: ben.email, roles: ["agent"] });

const counted = { lost: 0, steps: 0 };
await anna.presence("available");
for (const status of ["open", "waiting", "with_agent"]) {
  for (const isStored of [false, true]) {
    for (const reloads of [false, true]) await step(`visitor, ${status}`, isStored, reloads, (text) => ofVisitor(status, text, isStored, reloads));
  }
}
await anna.presence("away");
const desk = await Desk.open(browser, { base, control: new URL(control).origin, invitation, output }, {});
// What was not sent yet holds a page back; these tests leave it all the same.
desk.page.on("dialog", (dialog) => dialog.accept());
await desk.accept(`${desk.console}#invitation=${invited.invitation_token}`, ben);
await desk.go("Inbox");
await desk.page.getByRole("switch", { name: "Available" }).click();
await desk.page.getByRole("switch", { name: "Available", checked: true }).waitFor();
for (const isStored of [false, true]) {
  for (const reloads of [false, true]) await step("agent", isStored, reloads, (text) => ofAgent(text, isStored, reloads));
}
await desk.context.close();
if (handover) Object.assign(counted, await handedOver());
console.log(`counted ${JSON.stringify(counted)}`);
await browser.close();
process.exit(counted.lost > 0 ? 1 : 0);

/** One text; it is lost if it is not in the conversation in the end, or twice. */
async function step(who, isStored, reloads, run) {
  counted.steps++;
  const name = `${who}, fails ${isStored ? "after" : "before"} it is stored${reloads ? ", page reloaded" : ""}`;
  try {
    await run(`Text ${counted.steps} of ${who}`);
    console.log(`kept ${name}`);
  } catch (error) {
    counted.lost++;
    console.log(`LOST ${name}\n${error.stack ?? error}`);
  }
}

/** Lets the first request that sends a text fail, before or after the server has it. */
async function failing(visit, path, isStored) {
  let fail;
  const failed = new Promise((resolve) => (fail = resolve));
  let isFirst = true;
  await intercept(visit, path, async (request, route) => {
    if (!isPost(request) || !isFirst) return null;
    isFirst = false;
    if (isStored) await route.fetch();
    fail();
    return "abort";
  });
  // Not the promise itself, which would be waited for.
  return { failed };
}

/** It is there once. One that is not known to have arrived is shown beside it until the server says that it has. */
async function once(sent, shown) {
  const counts = async () => `${await sent.count()} ${await shown.count()}`;
  const end = Date.now() + LONG.timeout;
  while ((await counts()) !== "1 1" && Date.now() < end) await sent.first().page().waitForTimeout(100);
  assert.equal(await counts(), "1 1", "it is there once");
}

async function ofVisitor(status, text, isStored, reloads) {
  const visit = await Visit.begin(browser, base, output, {});
  try {
    await visit.start();
    if (status !== "open") {
      await visit.say(QUESTION);
      await visit.answered();
      await visit.button("Talk to a person").click();
      await visit.dialog().getByRole("status").getByText(/A person has been asked/).waitFor();
    }
    if (status === "with_agent") {
      await anna.claim();
      await visit.dialog().getByText("Anna is in the conversation.").waitFor();
    }
    const { failed } = await failing(visit, messagesPath, isStored);
    await visit.say(text);
    await failed;
    const sent = visit.log().locator(".message.visitor").filter({ hasText: text, has: visit.page.locator("time") });
    if (reloads) {
      // Nobody is quicker than the few milliseconds in which the text is sealed and kept.
      const kept = visit.page.waitForFunction(() => Object.keys(sessionStorage).some((name) => name.startsWith("sotto-unsent:")));
      await Promise.any([kept, sent.first().waitFor()]);
      await visit.page.reload();
      await visit.open();
      // What has not arrived is shown, and sent when its visitor says so.
      const again = visit.button("Try again");
      await sent.or(again).first().waitFor();
      if (await again.isVisible()) await again.click();
    }
    await sent.first().waitFor(LONG);
    await visit.page.unrouteAll();
    await visit.page.reload();
    await visit.open();
    await sent.first().waitFor();
    const shown = visit.log().locator(".message.visitor").filter({ hasText: text });
    await once(sent, shown);
    if (status === "with_agent") await anna.close();
    else if (status === "waiting") await anna.claim().then(() => anna.close());
  } finally {
    await visit.context.close();
  }
}

async function ofAgent(text, isStored, reloads) {
  const visit = await Visit.begin(browser, base, output, {});
  try {
    await visit.start();
    await visit.say(QUESTION);
    await visit.answered();
    await visit.button("Talk to a person").click();
    await desk.page.getByRole("tab", { name: /^Waiting/ }).click();
    await take(desk);
    await visit.dialog().getByText("Ben is in the conversation.").waitFor();
    const { failed } = await failing(desk, /\/v1\/inbox\/[^/]+\/messages$/, isStored);
    await box(desk).fill(text);
    await box(desk).press("Enter");
    await desk.press("Send now");
    await failed;
    if (reloads) await desk.page.reload();
    const sent = visit.log().locator(".message.agent").filter({ hasText: text });
    await sent.first().waitFor(LONG);
    await desk.page.unrouteAll();
    await desk.page.reload();
    const shown = log(desk).locator(".message.agent:not(:has(.pending))").filter({ hasText: text });
    await shown.first().waitFor();
    assert.deepEqual([await sent.count(), await shown.count()], [1, 1], "it is there once, on both sides");
    await close(desk);
  } finally {
    await visit.context.close();
  }
}

/** Four minutes of waiting and ten with an agent, five messages of each: by a clock that is moved. */
async function handedOver() {
  const visit = await Visit.begin(browser, base, output, {});
  await visit.page.clock.install();
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const before = visit.apiRequests().length;
  await anna.presence("available");
  await visit.button("Talk to a person").click();
  await visit.dialog().getByRole("status").getByText(/A person has been asked/).waitFor();
  await visit.pass(240);
  await anna.claim();
  for (let said = 0; said < 5; said++) {
    await visit.pass(60);
    await anna.say(`Answer ${said}`);
    await visit.pass(60);
    await anna.presence("available");
    await visit.dialog().getByRole("textbox").pressSequentially("I have read it");
    await visit.button("Send").click();
  }
  const requests = visit.apiRequests().slice(before);
  const polls = requests.filter((request) => new URL(request.url()).searchParams.has("after"));
  assert.equal(await visit.log().locator(".message.agent").count(), 5);
  await visit.context.close();
  return { requests: requests.length, polls: polls.length };
}

