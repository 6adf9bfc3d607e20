// The data that the widget sends and believes, and the data that it refuses.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "../tests.mjs";
import { intercept, messagesPath, QUESTION, SEALED } from "../visit.mjs";

const TAG_LENGTH = 16;
const OTHER_PIN = `sha256-${Buffer.alloc(32, 9).toString("base64url")}`;

test("everything after the session goes sealed, both ways, padded", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const sealed = visit.apiRequests().filter((request) => !/\/v1\/(keys|sessions|sites\/default\/widget)$/.test(request.url()));
  assert.equal(sealed.length, 2);
  for (const request of sealed) {
    assert.equal(request.headers()["content-type"], SEALED);
    const { kid, enc, ct, ...rest } = request.postDataJSON();
    assert.deepEqual(rest, {});
    assert.match(kid, /^[\w-]+$/);
    assert.equal(Buffer.from(enc, "base64url").length, 1120, "X-Wing is preferred");
    const padded = Buffer.from(ct, "base64url").length - TAG_LENGTH;
    assert.ok(padded >= 256 && Number.isInteger(Math.log2(padded)), `${padded} bytes`);
    const response = await request.response();
    assert.equal(response.headers()["content-type"], SEALED);
    assert.deepEqual(Object.keys(await response.json()).sort(), ["ct", "nonce"]);
  }
});

test("what has no body asks for a sealed answer, and gets one", {}, async (visit) => {
  await visit.start();
  await visit.page.reload();
  await visit.open();
  await visit.log().waitFor();
  const reads = visit.apiRequests().filter((request) => request.method() === "GET" && !request.url().endsWith("/keys"));
  assert.equal(reads.length, 4, "the site and what was said, before and after the reload");
  for (const request of reads) {
    assert.match(request.headers()["sotto-reply-key"], /^[\w-]+\.[\w-]+$/);
    assert.equal((await request.response()).headers()["content-type"], SEALED);
  }
});

test("the next message brings back the cursor that the last answer gave", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.say("thank you");
  await visit.log().locator(".message.bot").nth(1).waitFor();
  const [first, second] = visit.apiRequests().filter((request) => messagesPath.test(request.url()));
  const cursor = (await first.response()).headers()["sotto-cursor"];
  assert.ok(cursor);
  assert.equal(second.headers()["sotto-cursor"], cursor);
});

test("markup is shown as it was written, and does nothing", {}, async (visit) => {
  await visit.start();
  const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script><a href="javascript:1">x</a>`;
  await visit.say(markup);
  await visit.answered();
  assert.equal(await visit.log().locator(".visitor .text").innerText(), markup);
  assert.equal(await visit.log().locator("img, script, a").count(), 0);
  assert.notEqual(await visit.page.title(), "run");
});

test("a file that was altered is not run", {}, async (visit) => {
  await intercept(visit, /\/assets\/seal-/, async (_, route) => {
    const response = await route.fetch();
    return { response, body: `${await response.text()} ` };
  });
  await visit.load();
  await visit.launcher().click();
  await visit.page.getByText("The chat could not be loaded").waitFor();
  assert.deepEqual(visit.apiRequests(), []);
});

test("an answer that is not sealed is not believed", {}, async (visit) => {
  await visit.start();
  await intercept(visit, messagesPath, () => ({
    status: 201,
    json: { message: { id: "1", author: "visitor", text: QUESTION }, reply: { id: "2", author: "bot", text: "forged" } },
  }));
  await visit.say(QUESTION);
  await visit.alert().getByText(/not sealed as it should be/).waitFor();
  await visit.log().getByText("Not sent.").waitFor();
  assert.equal(await visit.page.getByText("forged").count(), 0);
});

test("an answer sealed to another request is not believed", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const earlier = await visit.apiRequests().find((request) => messagesPath.test(request.url())).response();
  const body = await earlier.body();
  await intercept(visit, messagesPath, () => ({ status: 201, contentType: SEALED, body }));
  await visit.say("and the other one?");
  await visit.alert().getByText(/not sealed as it should be/).waitFor();
});

/** Key lists that did not come from the pinned root as they are: what is changed, and the words for it. */
const changedLists = {
  "a root that is not pinned": [
    (list) => ({ ...list, root: { ...list.root, x: Buffer.alloc(32, 7).toString("base64url") } }),
    /not signed by the signer that this page expects/,
  ],
  "a changed signature": [({ jws, root }) => ({ root, jws: flipped(jws, 2) }), /signature .* is wrong/],
  "a changed key": [({ jws, root }) => ({ root, jws: flipped(jws, 1) }), /signature .* is wrong/],
  "no key list": [() => ({}), /cannot be read/],
};

for (const [what, [change, words]] of Object.entries(changedLists)) {
  test(`${what}: refuses to send and says so`, {}, async (visit) => {
    await intercept(visit, /\/v1\/keys$/, async (_, route) => ({ json: change(await (await route.fetch()).json()) }));
    await refuses(visit, words);
  });
}

function flipped(jws, part) {
  const parts = jws.split(".");
  const bytes = Buffer.from(parts[part], "base64url");
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString("base64url");
  return parts.join(".");
}

/** Key lists that the pinned root did sign, and that are refused for what they say. */
const refusedLists = {
  "another type of token": [({ header }) => (header.typ = "at+jwt"), /signature .* is wrong/],
  "another algorithm": [({ header }) => (header.alg = "none"), /signature .* is wrong/],
  "an extension that nobody knows": [({ header }) => (header.crit = ["x"]), /signature .* is wrong/],
  "an expired list": [({ payload }) => (payload.exp = payload.iat - 1), /have expired/],
  "a list without an end": [({ payload }) => delete payload.exp, /have expired/],
  "keys that have expired": [
    ({ payload }) => payload.keys.forEach((key) => (key.not_after = "2026-01-01T00:00:00Z")),
    /no key at the moment/,
  ],
  "suites that nobody knows": [
    ({ payload }) => payload.keys.forEach((key) => (key.suite.aead = "AES-128-GCM")),
    /no key at the moment/,
  ],
  "a third live key of a suite": [
    ({ payload }) => payload.keys.push(payload.keys[0], payload.keys[0]),
    /cannot be read/,
  ],
};

for (const [what, [change, words]] of Object.entries(refusedLists)) {
  test(`${what}: refuses to send and says so`, {}, async (visit) => {
    await ownRoot(visit, change);
    await refuses(visit, words);
  });
}

test("the same list signed by another root that is pinned is taken", {}, async (visit) => {
  await ownRoot(visit, () => {});
  await visit.start();
});

test("X25519 is the fallback, and as sealed", {}, async (visit) => {
  await ownRoot(visit, ({ payload }) => {
    payload.keys = payload.keys.filter(({ suite }) => suite.kem !== "X-Wing");
  });
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const sent = visit.apiRequests().find((request) => messagesPath.test(request.url()));
  assert.equal(Buffer.from(sent.postDataJSON().enc, "base64url").length, 32);
});

/** The server's own list, changed and signed by a root of the test's, which the page is made to pin. */
async function ownRoot(visit, change) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { crv, kty, x } = publicKey.export({ format: "jwk" });
  const root = { crv, kty, x };
  const pin = createHash("sha256").update(JSON.stringify(root)).digest("base64url");
  await pinOnPage(visit, `sha256-${pin}`);
  await intercept(visit, /\/v1\/keys$/, async (request, route) => {
    if (request.headers()["sotto-reply-key"]) return null;
    const { jws } = await (await route.fetch()).json();
    const [header, payload] = jws.split(".").map((part, i) => i < 2 && JSON.parse(Buffer.from(part, "base64url")));
    change({ header, payload });
    const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return { json: { root, jws: `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}` } };
  });
}

async function pinOnPage(visit, pins) {
  await intercept(visit, /^\/$/, async (_, route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/data-root="[^"]*"/, `data-root="${pins}"`);
    return { response, body };
  });
}

test("several pins: one of them is enough", {}, async (visit) => {
  const pin = /data-root="([^"]*)"/.exec(await (await fetch(visit.base)).text())[1];
  await pinOnPage(visit, `${OTHER_PIN} ${pin}`);
  await visit.start();
});

for (const [what, pins] of [
  ["a wrong pin", OTHER_PIN],
  ["no pin", ""],
]) {
  test(`${what}: refuses to send and says so`, {}, async (visit) => {
    await pinOnPage(visit, pins);
    await refuses(visit, /not signed by the signer that this page expects/);
    await visit.picture("refused");
    await visit.accessible();
  });
}

test("a clock after the end of the list: refuses to send and says so", {}, async (visit) => {
  await visit.page.clock.install({ time: Date.now() + 400 * 86_400_000 });
  await refuses(visit, /have expired/);
});

test("a browser without Ed25519: refuses to send and says so", {}, async (visit) => {
  await visit.page.addInitScript(() => {
    const { importKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
      if (algorithm === "Ed25519") return Promise.reject(new DOMException("", "NotSupportedError"));
      return importKey.call(this, format, key, algorithm, ...rest);
    };
  });
  await refuses(visit, /Your browser cannot protect this chat/);
});

async function refuses(visit, words) {
  await visit.load();
  await visit.open();
  await visit.alert().getByText(words).waitFor();
  assert.equal(await visit.button(/start chat/).count(), 0, "nothing to agree to");
  assert.match(await visit.alert().innerText(), /Nothing has been sent/);
  const paths = visit.apiRequests().map((request) => new URL(request.url()).pathname);
  assert.deepEqual(paths, ["/v1/keys"]);
}
