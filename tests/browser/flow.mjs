// What a visitor meets, in a real browser: node flow.mjs BASE_URL OUTPUT_FOLDER
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { launch } from "./browser.mjs";

const [base, output] = process.argv.slice(2);
if (!base || !output) {
  console.error("usage: node flow.mjs BASE_URL OUTPUT_FOLDER");
  process.exit(2);
}
mkdirSync(output, { recursive: true });

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const QUESTION = "where is my parcel?";
const SEALED = "application/sotto-sealed+json";
const TAG_LENGTH = 16;
const browser = await launch();
const tests = [];

function test(name, options, run) {
  tests.push({ name, options, run });
}

/** A page in a context of its own, and all that it requested, complained about or stored. */
class Visit {
  requests = [];
  complaints = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on("request", (request) => this.requests.push(request));
    page.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) this.complaints.push(line.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  static async begin(options) {
    const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
    return new Visit(context, await context.newPage());
  }

  async load(path = "/") {
    await this.page.goto(base + path);
    await this.launcher().waitFor();
  }

  launcher() {
    return this.page.locator("sotto-chat .launcher");
  }

  dialog() {
    return this.page.getByRole("dialog");
  }

  log() {
    return this.page.getByRole("log");
  }

  alert() {
    return this.page.locator("sotto-chat dialog").getByRole("alert");
  }

  button(name) {
    return this.dialog().getByRole("button", { name });
  }

  async open() {
    await this.launcher().click();
    await this.dialog().waitFor();
  }

  async consent() {
    await this.button(/start chat|Chat starten/).click();
    await this.log().waitFor();
  }

  async start(path) {
    await this.load(path);
    await this.open();
    await this.consent();
  }

  async say(text) {
    await this.dialog().getByRole("textbox").fill(text);
    await this.button(/^(Send|Senden)$/).click();
  }

  async answered() {
    await this.log().locator(".message.bot").last().waitFor();
  }

  apiRequests() {
    return this.requests.filter((request) => new URL(request.url()).pathname.startsWith("/v1/"));
  }

  stored() {
    return this.page.evaluate(() => ({
      cookies: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
    }));
  }

  async picture(name) {
    await this.page.screenshot({ path: join(output, `${name}.png`) });
  }

  /** axe-core's rules for WCAG 2.2 A and AA; evaluated over the debugging protocol, which the page's policy does not bind. */
  async accessible() {
    await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async () => {
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      const result = await window.axe.run(document, { runOnly: tags });
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    });
    assert.deepEqual(violations, []);
  }
}

/** Answers in the server's place while `answer` gives something; else the server does. */
async function intercept(visit, path, answer) {
  await visit.page.route(
    (url) => path.test(url.pathname),
    async (route) => {
      const instead = await answer(route.request(), route);
      if (instead === "abort") await route.abort();
      else if (instead) await route.fulfill(instead);
      else await route.continue();
    },
  );
}

function problem(status, code, headers = {}) {
  return { status, headers, contentType: "application/problem+json", body: JSON.stringify({ status, code }) };
}

const messagesPath = /\/messages$/;
const isPost = (request) => request.method() === "POST";

test("nothing is stored or fetched before the chat is opened", {}, async (visit) => {
  await visit.load();
  await visit.page.waitForLoadState("networkidle");
  assert.deepEqual(await visit.context.cookies(), []);
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  const { origin } = new URL(base);
  for (const request of visit.requests) assert.equal(new URL(request.url()).origin, origin);
  const scripts = visit.requests.filter((request) => request.resourceType() === "script");
  assert.deepEqual(scripts.map((request) => new URL(request.url()).pathname), ["/widget.js"]);
  assert.deepEqual(visit.apiRequests(), []);
  assert.deepEqual(visit.complaints, []);
  await visit.accessible();
  await visit.picture("page");
});

test("a visitor consents, asks, reads the answer, reloads and reads it again", {}, async (visit) => {
  await visit.load();
  await visit.open();
  assert.deepEqual(visit.apiRequests(), [], "no request before the consent");
  await visit.accessible();
  await visit.picture("notice");
  await visit.consent();
  await visit.say(QUESTION);
  await visit.answered();
  const answer = visit.log().locator(".message.bot").last();
  assert.match(await answer.innerText(), /parcel|track/i);
  assert.match(await answer.innerText(), /From: \S/);
  assert.match(await visit.log().innerText(), /automated assistant/);
  assert.match(await visit.dialog().locator("summary").innerText(), /Kept until \d{1,2} \w+ \d{4}/);
  await visit.accessible();
  await visit.picture("answer");
  const said = await answer.locator(".text").innerText();

  await visit.page.reload();
  await visit.launcher().waitFor();
  await visit.open();
  await visit.log().getByText(QUESTION, { exact: true }).waitFor();
  await visit.log().getByText(said, { exact: true }).waitFor();
  assert.equal(await visit.button(/start chat/).count(), 0, "the consent is not asked for again");
  await visit.picture("reloaded");

  assert.deepEqual(await visit.context.cookies(), []);
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: ["sotto:default"] });
  const { origin } = new URL(base);
  for (const request of visit.requests) assert.equal(new URL(request.url()).origin, origin);
  assert.deepEqual(visit.complaints, []);
});

test("everything after the session goes sealed, both ways, padded", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const sealed = visit.apiRequests().filter((request) => !/\/v1\/(keys|sessions)$/.test(request.url()));
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

test("the visitor may be remembered on the device", {}, async (visit) => {
  await visit.load();
  await visit.open();
  await visit.dialog().getByRole("checkbox").check();
  await visit.consent();
  assert.deepEqual(await visit.stored(), { cookies: "", local: ["sotto:default"], session: [] });
  const again = new Visit(visit.context, await visit.context.newPage());
  await again.load();
  await again.open();
  await again.log().waitFor();
});

test("a person can be asked for", {}, async (visit) => {
  await visit.start();
  await visit.button("Talk to a person").click();
  await visit.dialog().getByRole("status").getByText(/A person has been asked/).waitFor();
  assert.ok(await visit.dialog().getByRole("textbox").evaluate((field) => field.getRootNode().activeElement === field));
  await visit.accessible();
  await visit.picture("waiting");
});

test("contact details, a rating and the end of the chat", {}, async (visit) => {
  await visit.start();
  await visit.button("Leave contact details").click();
  await visit.accessible();
  await visit.picture("lead");
  await visit.dialog().getByLabel("Name").fill("Example Visitor");
  await visit.dialog().getByLabel("E-mail").fill("visitor@example.com");
  await visit.dialog().getByRole("checkbox").check();
  await visit.button("Leave details").click();
  await visit.log().getByText(/details have been passed on/).waitFor();

  await visit.button("Rate this chat").click();
  await visit.accessible();
  await visit.picture("rating");
  await visit.dialog().getByLabel("5", { exact: true }).check();
  await visit.dialog().getByLabel(/Comment/).fill("Quick.");
  await visit.button("Send rating").click();
  await visit.log().getByText(/Thank you for your rating/).waitFor();

  await visit.button("End chat").click();
  await visit.picture("end");
  await visit.button("End chat").click();
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  await visit.button("Start a new chat").click();
  await visit.consent();
});

test("German", { locale: "de-DE" }, async (visit) => {
  await visit.load("/?lang=de");
  await visit.open();
  assert.equal(await visit.page.locator("sotto-chat").getAttribute("lang"), "de");
  await visit.picture("german-notice");
  await visit.consent();
  await visit.say("Wo ist mein Paket?");
  await visit.answered();
  assert.match(await visit.log().innerText(), /automatischen Assistenten/);
  assert.match(await visit.dialog().locator("summary").innerText(), /Aufbewahrt bis \d{1,2}\.\d{1,2}\.\d{4}/);
  await visit.accessible();
  await visit.picture("german");
});

test("dark", { colorScheme: "dark" }, async (visit) => {
  await visit.load();
  await visit.accessible();
  await visit.picture("dark-page");
  await visit.open();
  await visit.accessible();
  await visit.consent();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.accessible();
  await visit.picture("dark");
});

test("on a phone the window fills the screen and holds the focus", phone(), async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const { width, height } = visit.page.viewportSize();
  assert.deepEqual(await visit.dialog().boundingBox(), { x: 0, y: 0, width, height });
  assert.ok(await visit.dialog().evaluate((dialog) => dialog.matches(":modal")));
  await visit.accessible();
  await visit.picture("phone");
  await visit.button("Close the chat window").click();
  await visit.picture("phone-page");
});

test("zoomed to 200 % nothing is lost", { viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 }, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  for (const name of ["Send", "End chat"]) {
    await visit.button(name).scrollIntoViewIfNeeded();
    const box = await visit.button(name).boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 360, `${name} can be reached`);
  }
  assert.ok(await visit.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await visit.picture("zoomed");
});

test("the system's own colours are kept", { forcedColors: "active" }, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.picture("forced-colours");
});

test("by keyboard alone, with the focus where it belongs", {}, async (visit) => {
  const { page } = visit;
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement?.shadowRoot?.activeElement;
      return element ? (element.getAttribute("aria-label") ?? element.textContent) || element.tagName : "";
    });
  const tabTo = async (name) => {
    for (let i = 0; i < 30; i++) {
      if (name.test(await focused())) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no way to ${name} by Tab`);
  };
  await visit.load();
  await tabTo(/Chat with us/);
  await page.keyboard.press("Enter");
  await visit.dialog().waitFor();
  assert.match(await focused(), /Before we start/);
  await tabTo(/start chat/);
  await page.keyboard.press("Enter");
  await visit.log().waitFor();
  assert.equal(await focused(), "TEXTAREA");
  await page.keyboard.type("where is my");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("parcel?");
  await page.keyboard.press("Enter");
  await visit.answered();
  assert.equal(await visit.log().locator(".visitor .text").innerText(), "where is my\nparcel?");
  await page.keyboard.press("Escape");
  await visit.dialog().waitFor({ state: "hidden" });
  assert.match(await focused(), /Chat with us/);
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "TEXTAREA");
  await tabTo(/Rate this chat/);
  await page.keyboard.press("Enter");
  assert.match(await focused(), /How was this chat/);
  await tabTo(/^Back$/);
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "TEXTAREA");
});

test("targets are at least 24 pixels wide and high", {}, async (visit) => {
  await visit.start();
  await visit.say(QUESTION);
  await visit.answered();
  const small = await visit.page.evaluate(() =>
    [...document.querySelector("sotto-chat").shadowRoot.querySelectorAll("button, a, input, textarea, summary")]
      .map((element) => [element.textContent || element.tagName, element.getBoundingClientRect()])
      .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
      .map(([name]) => name),
  );
  assert.deepEqual(small, []);
});

/** Refusals: what is made wrong about the key list, and the words for it. */
const bentKeyLists = {
  "a root that is not pinned": [
    (list) => ({ ...list, root: { ...list.root, x: Buffer.alloc(32, 7).toString("base64url") } }),
    /not signed by the signer that this page expects/,
  ],
  "a changed signature": [
    ({ jws, root }) => ({ root, jws: flipped(jws, 2) }),
    /signature .* is wrong/,
  ],
  "a changed key": [({ jws, root }) => ({ root, jws: flipped(jws, 1) }), /signature .* is wrong/],
  "another type of token": [
    ({ jws, root }) => ({ root, jws: withHeader(jws, { alg: "EdDSA", typ: "at+jwt" }) }),
    /signature .* is wrong/,
  ],
  "no signature": [
    ({ jws, root }) => ({ root, jws: withHeader(jws, { alg: "none", typ: "sotto-keys+jwt" }) }),
    /signature .* is wrong/,
  ],
  "no key list": [() => ({}), /cannot be read/],
};

function flipped(jws, part) {
  const parts = jws.split(".");
  const bytes = Buffer.from(parts[part], "base64url");
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString("base64url");
  return parts.join(".");
}

function withHeader(jws, header) {
  const [, ...rest] = jws.split(".");
  return [Buffer.from(JSON.stringify(header)).toString("base64url"), ...rest].join(".");
}

for (const [what, [bend, words]] of Object.entries(bentKeyLists)) {
  test(`${what}: refuses to send and says so`, {}, async (visit) => {
    await intercept(visit, /\/v1\/keys$/, async (_, route) => {
      const list = await (await route.fetch()).json();
      return { json: bend(list) };
    });
    await refuses(visit, words);
  });
}

test("a wrong pin: refuses to send and says so", {}, async (visit) => {
  const otherPin = `sha256-${Buffer.alloc(32, 9).toString("base64url")}`;
  await intercept(visit, /^\/$/, async (_, route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace(/data-root="[^"]*"/, `data-root="${otherPin}"`);
    return { response, body: html };
  });
  await refuses(visit, /not signed by the signer that this page expects/);
  await visit.picture("refused");
  await visit.accessible();
});

test("an expired key list: refuses to send and says so", {}, async (visit) => {
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
  await visit.button(/start chat/).click();
  await visit.alert().getByText(words).waitFor();
  assert.match(await visit.alert().innerText(), /Nothing has been sent/);
  const paths = visit.apiRequests().map((request) => new URL(request.url()).pathname);
  assert.deepEqual(paths, ["/v1/keys"]);
}

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
  assert.equal(await visit.alert().innerText(), "");
});

test("a retired key: the list is fetched again and the message sealed again", {}, async (visit) => {
  await visit.start();
  const trouble = [problem(422, "unknown_key")];
  await intercept(visit, messagesPath, (request) => isPost(request) && trouble.shift());
  await visit.say(QUESTION);
  await visit.answered();
  const lists = visit.apiRequests().filter((request) => request.url().endsWith("/v1/keys"));
  assert.equal(lists.length, 2);
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
  const elsewhere = new Visit(visit.context, await visit.context.newPage());
  await elsewhere.load();
  await elsewhere.open();
  await elsewhere.log().waitFor();
  await elsewhere.button("End chat").click();
  await elsewhere.button("End chat").click();
  await elsewhere.dialog().getByText("This conversation has ended.").waitFor();

  await visit.say(QUESTION);
  await visit.dialog().getByText("This conversation has ended.").waitFor();
  assert.deepEqual(await visit.stored(), { cookies: "", local: [], session: [] });
  await visit.button("Start a new chat").click();
  await visit.consent();
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

test("markup is shown as it was written, and does nothing", {}, async (visit) => {
  await visit.start();
  const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script><a href="javascript:1">x</a>`;
  await visit.say(markup);
  await visit.answered();
  assert.equal(await visit.log().locator(".visitor .text").innerText(), markup);
  assert.equal(await visit.log().locator("img, script, a").count(), 0);
  assert.notEqual(await visit.page.title(), "run");
});

test("on somebody else's page with a strict policy of its own", {}, async (visit) => {
  const { origin } = new URL(base);
  const pin = /data-root="([^"]*)"/.exec(await (await fetch(base)).text())[1];
  const shop = createServer((_, response) => {
    const policy = `default-src 'none'; script-src ${origin}; connect-src ${origin}; require-trusted-types-for 'script'`;
    response.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": policy });
    response.end(`<!doctype html><html lang="de"><title>Laden</title><link rel="icon" href="data:,"><h1>Laden</h1>
      <script src="${origin}/widget.js" data-site="default" data-root="${pin}" async></script>`);
  });
  await new Promise((listening) => shop.listen(0, "127.0.0.1", listening));
  try {
    await visit.page.goto(`http://127.0.0.1:${shop.address().port}/`);
    await visit.open();
    await visit.dialog().getByRole("heading", { name: "Bevor wir anfangen" }).waitFor();
    assert.equal(await visit.dialog().evaluate((dialog) => getComputedStyle(dialog).display), "flex", "styled");
    await visit.picture("elsewhere");
  } finally {
    shop.close();
  }
});

function phone() {
  return { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
}

let passed = 0;
const failed = [];
for (const { name, options, run } of tests) {
  const visit = await Visit.begin(options);
  try {
    await run(visit);
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL ${name}\n${error.stack ?? error}\n${visit.complaints.join("\n")}`);
    await visit.picture(`failed-${failed.length}`);
  } finally {
    await visit.context.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length > 0 || passed === 0 ? 1 : 0);
