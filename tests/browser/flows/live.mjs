// A person answers: what the visitor sees of it, and what must not get lost.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { intercept, isPost, messagesPath, problem, QUESTION } from "../visit.mjs";

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };

/** Polls, and not the list that is read when a chat is opened. */
function polls(visit) {
  return visit.requests.filter((request) => messagesPath.test(new URL(request.url()).pathname) && new URL(request.url()).searchParams.has("after"));
}

function notes(visit) {
  return visit.log().locator(".note");
}

/** A visitor who waits for a person, of whom two are there. */
async function waiting(visit) {
  const { anna, bea } = visit.place;
  await Promise.all([anna, bea].map((agent) => agent.presence("available")));
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  assert.equal(polls(visit).length, 0, "no poll while the bot answers");
  await visit.button("Talk to a person").click();
  await visit.dialog().getByRole("status").getByText(/A person has been asked.*You are next\./).waitFor();
}

async function joined(visit) {
  await waiting(visit);
  await visit.place.anna.claim();
  await notes(visit).getByText("Anna has joined the conversation.").waitFor();
}

/** The texts of the messages as they stand in the log. */
function texts(visit) {
  return visit.log().locator(".message .text").allInnerTexts();
}

for (const [device, options] of [["desktop", {}], ["phone", PHONE]]) {
  test(`${device}: a person answers, hands over to a colleague, who ends the conversation`, options, async (visit) => {
    const { anna, bea } = visit.place;
    await waiting(visit);
    assert.ok(await visit.dialog().getByRole("textbox").evaluate((field) => field.getRootNode().activeElement === field));
    await visit.accessible();
    await visit.picture(`live-${device}-waiting`);
    await anna.claim();
    await notes(visit).getByText("Anna has joined the conversation.").waitFor();
    await visit.dialog().getByText("Anna is in the conversation.").waitFor();
    assert.equal(await visit.log().getByText(/automated assistant, not a person/).isVisible(), false, "it is a person now");
    await anna.typing();
    await visit.dialog().getByText("Anna is typing…").waitFor();
    await visit.picture(`live-${device}-typing`);
    await anna.say("Hello, I look into it.");
    await visit.log().getByText("Hello, I look into it.").waitFor();
    assert.match(await visit.log().locator(".message.agent").innerText(), /^Anna · Our team/);

    await visit.dialog().getByRole("textbox").pressSequentially("Thank you for it", { delay: 300 });
    const typed = visit.apiRequests().filter((request) => request.url().endsWith("/typing")).length;
    assert.ok(typed >= 1 && typed <= 3, `${typed} requests in five seconds of typing`);
    await visit.say("Thank you!");
    await visit.log().locator(".message.visitor").filter({ hasText: "Thank you!" }).locator("time").waitFor();
    await anna.see();
    await visit.log().locator(".message.visitor").filter({ hasText: "Thank you!" }).getByText("Seen").waitFor();
    await visit.accessible();
    await visit.picture(`live-${device}-seen`);

    await anna.transfer(bea);
    await notes(visit).getByText("Anna has handed you over to Bea.").waitFor();
    await bea.say("All is well now. Goodbye!");
    await visit.dialog().getByRole("textbox").fill("What I had begun");
    await bea.close();
    await notes(visit).getByText("Bea has ended the conversation.").waitFor();
    await visit.log().getByText("All is well now. Goodbye!").waitFor();
    assert.equal(await visit.dialog().getByRole("textbox").inputValue(), "What I had begun");
    await visit.accessible();
    await visit.picture(`live-${device}-ended`);
    await visit.button("Rate this chat").click();
    await visit.dialog().getByLabel("5", { exact: true }).check();
    await visit.button("Send rating").click();
    await visit.log().getByText(/Thank you for your rating/).waitFor();
    await visit.button("Start a new chat").click();
    await visit.notice();
    assert.deepEqual(visit.complaints, []);
  });
}

test("an outage is told, its gap is caught up, and nothing is there twice", {}, async (visit) => {
  const { anna } = visit.place;
  await joined(visit);
  let isOut = true;
  let isAnswerLost = true;
  await intercept(visit, messagesPath, async (request, route) => {
    if (!isPost(request)) return isOut && "abort";
    if (!isAnswerLost) return null;
    isAnswerLost = false;
    await route.fetch();
    return "abort";
  });
  await anna.say("The first of two");
  await anna.say("The second of two");
  await visit.dialog().getByText("The connection is interrupted. We keep trying.").waitFor({ timeout: 60_000 });
  await visit.say("It arrives, and the answer is lost");
  isOut = false;
  await visit.log().getByText("The second of two").waitFor({ timeout: 60_000 });
  await visit.dialog().getByText("Anna is in the conversation.").waitFor();
  await anna.say("The last");
  await visit.log().getByText("The last").waitFor();
  const said = (await texts(visit)).slice(2);
  assert.deepEqual(said, ["The first of two", "The second of two", "It arrives, and the answer is lost", "The last"]);
  await visit.page.reload();
  await visit.open();
  await visit.log().getByText("The last").waitFor();
  assert.deepEqual((await texts(visit)).slice(2), said, "as it is stored");
  await anna.close();
});

test("an answer that comes late and overlaps: what is asked behind was shown, in order, and nothing is there twice", {}, async (visit) => {
  const { anna } = visit.place;
  await joined(visit);
  const held = deferred();
  const asked = deferred();
  let isFirst = true;
  await intercept(visit, messagesPath, async (request, route) => {
    if (isPost(request) || !isFirst) return null;
    isFirst = false;
    await anna.say("Before mine");
    const response = await route.fetch();
    asked.resolve();
    await held.promise;
    return { response };
  });
  await asked.promise;
  await visit.say("Mine");
  await visit.log().locator(".message.visitor").filter({ hasText: "Mine" }).locator("time").waitFor();
  held.resolve();
  await anna.say("Behind mine");
  await visit.log().getByText("Behind mine").waitFor();
  assert.deepEqual((await texts(visit)).slice(2), ["Before mine", "Mine", "Behind mine"]);
  await visit.say("The last");
  await visit.log().locator(".message.visitor").filter({ hasText: "The last" }).locator("time").waitFor();
  assert.deepEqual((await texts(visit)).slice(2), ["Before mine", "Mine", "Behind mine", "The last"]);
  await anna.close();
});

test("behind the launcher and on the next page a message is counted", {}, async (visit) => {
  const { anna } = visit.place;
  const badge = (count) => visit.page.locator("sotto-chat .badge").getByText(count, { exact: true }).waitFor();
  await joined(visit);
  await visit.button("Close the chat window").click();
  await anna.say("The first");
  await badge("1");
  await visit.page.getByRole("status").getByText("One new message").waitFor();
  await visit.accessible();
  await visit.picture("live-badge");
  await visit.load();
  await badge("1");
  await anna.say("The second");
  await badge("2");
  const title = await visit.page.title();
  await see(visit, "hidden");
  assert.equal(await visit.page.title(), `(2) ${title}`);
  await see(visit, "visible");
  assert.equal(await visit.page.title(), title);
  await visit.open();
  await visit.log().getByText("The second").waitFor();
  await visit.page.locator("sotto-chat .badge").waitFor({ state: "hidden" });
  assert.deepEqual((await visit.stored()).session.sort(), ["sotto-live:default", "sotto:default"]);
  await anna.close();
  await notes(visit).getByText("Anna has ended the conversation.").waitFor();
  assert.deepEqual((await visit.stored()).session, ["sotto:default"]);
});

test("a person leaves: to the queue, to the assistant; and nobody is left", {}, async (visit) => {
  const { anna, bea } = visit.place;
  await joined(visit);
  await anna.release("queue");
  await notes(visit).getByText("Anna is no longer here. You are in the queue again and keep your place.").waitFor();
  await visit.dialog().getByRole("status").getByText(/You are next/).waitFor();
  await bea.claim();
  await notes(visit).getByText("Bea has joined the conversation.").waitFor();
  await bea.release("bot");
  await notes(visit).getByText("Bea has left the conversation. The automated assistant answers again.").waitFor();
  await visit.log().getByText(/automated assistant, not a person/).waitFor();
  const before = polls(visit).length;
  await visit.say("and how do I send it back?");
  await visit.log().locator(".message.bot").nth(1).waitFor();
  assert.equal(polls(visit).length, before, "the bot answers, so nobody asks for news");

  await visit.button("Talk to a person").last().click();
  await visit.dialog().getByRole("status").getByText(/You are next/).waitFor();
  await Promise.all([anna, bea].map((agent) => agent.presence("away")));
  await notes(visit).getByText(/^Nobody is here to answer at the moment\./).waitFor();
  await visit.accessible();
  await visit.picture("live-nobody");
  await notes(visit).getByRole("button", { name: "Leave contact details" }).click();
  await visit.dialog().getByRole("heading", { name: "How can we reach you?" }).waitFor();
});

test("it asks often while a person answers and the page is seen, and seldom otherwise", {}, async (visit) => {
  const { anna } = visit.place;
  await visit.page.clock.install();
  await waiting(visit);
  const asks = async (what, seconds, least, most) => {
    const before = polls(visit).length;
    await visit.pass(seconds);
    const count = polls(visit).length - before;
    assert.ok(least <= count && count <= most, `${what}: ${count} in ${seconds} s`);
  };
  await asks("every three seconds in the queue", 30, 9, 11);
  await see(visit, "hidden");
  await asks("every fifteen on a hidden page", 60, 3, 5);
  await see(visit, "visible");
  await anna.presence("available");
  await anna.claim();
  await visit.pass(6);
  await asks("every one and a half with a person", 30, 18, 21);
  const path = "**/v1/conversations/*/messages?*";
  await visit.page.route(path, (route) => route.fulfill(problem(503, "unavailable")));
  await asks("twice as long after each failure", 60, 3, 8);
  await visit.page.unroute(path);
  await visit.page.route(path, (route) => route.fulfill(problem(429, "rate_limited", { "retry-after": "600" })));
  await visit.pass(61);
  await asks("not before it may", 400, 0, 0);
  await visit.page.unroute(path);
  await anna.say("Are you still there?");
  await see(visit, "visible");
  await visit.pass(3);
  await visit.log().getByText("Are you still there?").waitFor();
});

test("an answer of the assistant helped, or not", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const group = visit.log().getByRole("group", { name: "Was this helpful?" });
  for (const name of ["Yes", "No"]) {
    const taken = visit.page.waitForResponse((response) => response.url().endsWith("/feedback"));
    await group.getByRole("button", { name }).click();
    assert.equal((await taken).status(), 200);
    assert.deepEqual(await group.getByRole("button", { pressed: true }).allInnerTexts(), [name], "the last word counts");
  }
  await visit.accessible();
  assert.deepEqual(visit.complaints, []);
});

/** As if another tab were in front, or this one again. */
function see(visit, state) {
  return visit.page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
