// The whole story without a mouse, on both sides, and the tree that a screen reader has of it: what things are,
// what they are called, and what is spoken when it comes.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { Visit, WAIT_MS } from "../../visit.mjs";
import { atWork, ben, log, rows } from "./desk.mjs";

const UNKNOWN = "can a walrus play the trombone?";

/** The name of what has the focus: in the page, or in the chat on it. */
function focused(visit) {
  return visit.page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? "";
  });
}

/** Waits for a button of that name, goes on by Tab until it has the focus, and presses Enter. */
async function enter(visit, name) {
  await visit.page.getByRole("button", { name }).first().waitFor();
  for (let i = 0; i < 80; i++) {
    if (name.test(await focused(visit))) return visit.page.keyboard.press("Enter");
    await visit.page.keyboard.press("Tab");
  }
  assert.fail(`no way to ${name} by Tab`);
}

/** Writes where the focus is, once that is where one writes, and sends it. */
async function write(visit, text) {
  await visit.page.getByRole("textbox").and(visit.page.locator(":focus")).waitFor();
  await visit.page.keyboard.type(text);
  await visit.page.keyboard.press("Enter");
}

/** Waits until the tree of an element has each of these lines, in this order. What is counted comes with a poll. */
async function has(locator, lines) {
  const missing = (tree) => {
    for (const line of lines) {
      const at = tree.search(line);
      if (at < 0) return line;
      tree = tree.slice(at);
    }
    return null;
  };
  for (const end = Date.now() + WAIT_MS; ; await locator.page().waitForTimeout(100)) {
    const tree = await locator.ariaSnapshot();
    const line = missing(tree);
    if (!line) return;
    assert.ok(Date.now() < end, `${line} is not in its place in\n${tree}`);
  }
}

/** Whether a screen reader speaks what comes into an element. */
function isSpoken(locator) {
  return locator.evaluate((element) => {
    for (let at = element; at; at = at.parentElement) {
      const live = at.getAttribute("aria-live") ?? { log: "polite", status: "polite", alert: "assertive" }[at.getAttribute("role")];
      if (live) return live !== "off";
    }
    return false;
  });
}

test("the whole story by keyboard alone on both sides, as a screen reader has it", {}, async (desk) => {
  await atWork(desk, ben);
  const { page } = desk;
  await has(page.locator("body"), [/navigation/, /link "Inbox"/, /main/, /heading "Inbox" \[level=1\]/, /switch "Available" \[checked\]/, /tablist/, /tab "Waiting 0" \[selected\]/, /tab "Mine 0"/, /tab "Closed/, /tabpanel/]);

  const visit = await Visit.begin(desk.browser, desk.base, desk.output, {});
  await visit.load();
  await enter(visit, /Chat with us/);
  await visit.notice();
  await enter(visit, /start chat/);
  await visit.log().waitFor();
  await write(visit, UNKNOWN);
  await visit.answered();
  await write(visit, `${UNKNOWN} a walrus?`);
  await visit.log().locator(".message.bot").nth(1).waitFor();
  await enter(visit, /Talk to a person/);
  const queue = visit.dialog().getByRole("status").getByText(/You are next/);
  await queue.waitFor();
  assert.ok(await isSpoken(queue), "the place in the queue");

  await rows(desk).first().waitFor();
  await page.getByRole("tab", { name: "Waiting 1" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await log(desk).getByText(UNKNOWN, { exact: true }).waitFor();
  const joined = visit.log().getByText("Ben has joined the conversation.");
  await joined.waitFor();
  assert.ok(await isSpoken(joined), "that somebody is there");
  await has(page.locator("main"), [/tab "Waiting 0"/, /tab "Mine 1"/, /group "What to do with the conversation"/, /button "Close"/, /log "Messages, oldest first"/, /textbox "Answer"/]);

  await page.keyboard.press("r");
  await write(desk, "It cannot. Shall I look for one that can?");
  // Held for five seconds, in which it could be taken back.
  const answer = visit.log().locator(".message.agent").filter({ hasText: "It cannot." });
  await answer.waitFor();
  assert.ok(await isSpoken(answer), "an answer");
  await has(visit.dialog(), [/log/, /Ben/, /It cannot\. Shall I look/, /textbox/, /button "Send"/]);
  // The focus stayed in the box when the person came.
  await write(visit, "Yes, please");
  const heard = log(desk).getByText("Yes, please", { exact: true });
  await heard.waitFor();
  assert.ok(await isSpoken(heard), "what the visitor says");

  await page.keyboard.press("Escape");
  await page.keyboard.press("x");
  const dialog = page.getByRole("dialog", { name: "Close the conversation" });
  await dialog.waitFor();
  await has(dialog, [/dialog "Close the conversation"/, /radio "Solved"/, /button "Close"/]);
  await enter(desk, /^Close$/);
  const closed = desk.status().getByText("The conversation is closed.");
  await closed.waitFor();
  assert.ok(await isSpoken(closed), "that it is closed");
  const ended = visit.dialog().getByText("Ben has ended the conversation.");
  await ended.waitFor();
  assert.ok(await isSpoken(ended), "that it has ended");
  await enter(visit, /Rate this chat/);
  await visit.page.keyboard.press("Tab");
  await visit.page.keyboard.press("ArrowRight");
  await enter(visit, /Send rating/);
  const thanks = visit.dialog().getByText(/Thank you for your rating/);
  await thanks.waitFor();
  assert.ok(await isSpoken(thanks), "that the rating has arrived");
  assert.deepEqual(visit.complaints, []);
  await visit.context.close();
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
});
