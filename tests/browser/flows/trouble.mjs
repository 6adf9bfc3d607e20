// When things fail: retries, retired keys and tokens, conversations that ended.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { intercept, isPost, messagesPath, problem, QUESTION } from "../visit.mjs";

test("a message is sent again, under the same key, until it is one message", {}, async (visit) => {
  await visit.start();
  const trouble = ["abort", problem(503, "unavailable"), problem(429, "rate_limited", { "Retry-After": "1" }), problem(409, "in_progress")];
  await intercept(visit, messagesPath, (request) => isPost(request) && trouble.shift());
  await visit.say(QUESTION);
  await visit.log().locator(".message.bot").waitFor({ timeout: 60_000 });
  const sent = visit.apiRequests().filter((request) => messagesPath.test(request.url()) && isPost(request));
  assert.equal(sent.length, 5);
  assert.equal(new Set(sent.map((request) => request.headers()["idempotency-key"])).size, 1);
  assert.equal(new Set(sent.map((request) => request.postDataJSON().enc)).size, 5, "sealed afresh each time");
  assert.equal(await visit.log().locator(".message.visitor").count(), 1);
});

test("a message that cannot be sent says so and can be sent again", {}, async (visit) => {
  await visit.start();
  let refuse = true;
  await intercept(visit, messagesPath, (request) => isPost(request) && refuse && problem(422, "invalid"));
  await visit.say(QUESTION);
  await visit.log().getByText("Not sent.").waitFor();
  await visit.alert().getByText("Something went wrong").waitFor();
  await visit.accessible();
  await visit.picture("not-sent");
  refuse = false;
  await visit.button("Try again").click();
  await visit.answered();
  assert.equal((await visit.alert().allInnerTexts()).join(""), "");
});

test("the keys cannot be fetched: says so, and goes on when they can", {}, async (visit) => {
  let refuse = true;
  await intercept(visit, /\/v1\/keys$/, () => refuse && problem(404, "no_such_route"));
  await visit.load();
  await visit.open();
  await visit.dialog().getByRole("heading", { name: "The chat cannot start at the moment." }).and(visit.page.locator(":focus")).waitFor();
  await visit.alert().getByText("Something went wrong").waitFor();
  await visit.accessible();
  refuse = false;
  await visit.button("Try again").click();
  await visit.notice();
  await visit.consent();
});

test("a retired key: the list is fetched again and the message sealed again", {}, async (visit) => {
  await visit.start();
  const trouble = [problem(422, "unknown_key")];
  await intercept(visit, messagesPath, (request) => isPost(request) && trouble.shift());
  await visit.say(QUESTION);
  await visit.answered();
  const lists = visit.apiRequests().filter((request) => request.url().endsWith("/v1/keys"));
  const sealed = lists.filter((request) => request.headers()["sotto-reply-key"]);
  assert.deepEqual([lists.length, sealed.length], [4, 2], "each time the list, and under its key the days");
});

test("an expired token is renewed, for the same visitor", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.page.reload();
  const trouble = [problem(401, "token_expired")];
  await intercept(visit, /^\/v1\/conversations\/[^/]+$/, () => trouble.shift());
  await visit.open();
  await visit.log().getByText(QUESTION, { exact: true }).waitFor();
  const sessions = visit.apiRequests().filter((request) => request.url().endsWith("/v1/sessions"));
  assert.equal(sessions.length, 2);
  assert.match(sessions[1].headers().authorization, /^Bearer /);
});

test("a conversation that ended elsewhere: says so and offers a new chat", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.dialog().getByRole("checkbox").check();
  await visit.consent();
  const elsewhere = await visit.elsewhere();
  await elsewhere.load();
  await elsewhere.open();
  await elsewhere.log().waitFor();
  await elsewhere.button("End chat").click();
  await elsewhere.button("End chat").click();
  await elsewhere.dialog().getByText("This conversation has ended.").waitFor();

  await visit.say(QUESTION);
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  assert.deepEqual(await visit.stored(), { cookies: "", local: ["sotto:default"], session: [] });
  await visit.button("Start a new chat").click();
  await visit.consent();
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: ["sotto:default"] });
});

test("a conversation that is gone: says so and offers a new chat", {}, async (visit) => {
  await visit.start();
  await visit.page.evaluate(() => {
    const remembered = JSON.parse(sessionStorage["sotto:default"]);
    const conversation = remembered.conversation.replace(/.{12}$/, "0123456789ab");
    sessionStorage["sotto:default"] = JSON.stringify({ ...remembered, conversation });
  });
  await visit.page.reload();
  await visit.open();
  await visit.dialog().getByText("This conversation no longer exists.").waitFor();
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  await visit.picture("gone");
  await visit.button("Start a new chat").click();
  await visit.consent();
});

test("an end that is not sealed is not believed", {}, async (visit) => {
  await visit.start();
  const ends = [problem(404, "not_found"), problem(410, "erased"), problem(409, "conversation_closed")];
  await intercept(visit, messagesPath, (request) => isPost(request) && ends.shift());
  await visit.say(QUESTION);
  for (let left = 2; left >= 0; left--) {
    await visit.alert().getByText(/not sealed as it should be/).waitFor();
    await visit.button("Try again").click();
  }
  await visit.answered();
  assert.deepEqual((await visit.stored()).session, ["sotto:default"]);
});
