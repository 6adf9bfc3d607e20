// A visitor whom the page names. The server's part is in tests/sotto/security/identity.rs; here it is
// played, by a guest's session.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { intercept, problem, QUESTION } from "../visit.mjs";

/** The identity that the site's server would sign; the widget reads nothing of it but the name. */
const IDENTITY = `x.${btoa(JSON.stringify({ sub: "4711" }))}.x`;

async function loadNamed(visit) {
  await visit.load();
  await visit.page.evaluate((identity) => {
    document.querySelector("script[data-site]").dataset.identity = identity;
  }, IDENTITY);
  await visit.open();
}

function opened(visit) {
  return visit.apiRequests().filter((request) => request.method() === "POST" && request.url().endsWith("/v1/conversations"));
}

test("a customer whom the page names goes on with the open conversation in another browser", {}, async (visit) => {
  let session = null;
  await intercept(visit, /\/v1\/sessions$/, async (request, route) => {
    assert.equal(request.postDataJSON().identity, IDENTITY);
    assert.equal(request.headers()["authorization"], undefined);
    const guest = await route.fetch({ postData: JSON.stringify({ site: "default", identity: null }) });
    session = { ...(await guest.json()), verified: true, conversations: [] };
    return { status: 201, contentType: "application/json", body: JSON.stringify(session) };
  });
  await loadNamed(visit);
  await visit.consent();
  await visit.say(QUESTION);
  await visit.answered();
  assert.deepEqual((await visit.stored()).session, [`sotto:default:${session.subject_id}`]);
  const { conversation } = await visit.page.evaluate(() => JSON.parse(Object.values(sessionStorage)[0]));

  const again = await visit.elsewhere();
  await intercept(again, /\/v1\/sessions$/, async () => {
    const body = JSON.stringify({ ...session, conversations: [{ id: conversation }] });
    return { status: 201, contentType: "application/json", body };
  });
  await loadNamed(again);
  await again.consent();
  await again.log().getByText(QUESTION, { exact: true }).waitFor();
  assert.equal(opened(again).length, 0, "none was opened beside it");
  await again.say("and how do I send it back?");
  await again.log().locator(".message.bot").nth(1).waitFor();
  assert.deepEqual(again.complaints, []);

  // A guest on the same page does not find it.
  const guest = await visit.elsewhere();
  await guest.load();
  await guest.open();
  await guest.consent();
  assert.equal(await guest.log().getByText(QUESTION, { exact: true }).count(), 0);
});

test("a customer whose name is refused is told so, and is no guest instead", {}, async (visit) => {
  await intercept(visit, /\/v1\/sessions$/, async () => problem(401, "token_expired"));
  await loadNamed(visit);
  await visit.button(/start chat/).click();
  await visit.alert().getByText(/who you are/).waitFor();
  assert.equal(opened(visit).length, 0);
  assert.deepEqual((await visit.stored()).session, []);
});
