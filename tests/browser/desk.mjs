// Somebody of the staff with a browser, and what tests of the console ask of both.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { Visit } from "./visit.mjs";

const STEP_SECONDS = 30;
/** A name in the browser's storage under which the console keeps what it has seen of the audit log, which is about nobody. */
const LASTING = /^sotto:log:/;
/** The message that the browser itself writes for an answer that the page expects and deals with. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4(01|03|04|09|12|22|29)/;

export class Desk extends Visit {
  static async open(browser, place, options) {
    const desk = await Desk.begin(browser, place.base, place.output, options);
    return Object.assign(desk, { browser, place });
  }

  /** Another tab of the same browser. */
  async elsewhere() {
    const desk = new Desk(this.base, this.output, this.context, await this.context.newPage());
    return Object.assign(desk, { browser: this.browser, place: this.place });
  }

  /** A browser of somebody else. */
  another(options = {}) {
    return Desk.open(this.browser, this.place, options);
  }

  /** The console under the host name that passkeys need. */
  get console() {
    const url = new URL("/console", this.base);
    if (url.hostname === "127.0.0.1") url.hostname = "localhost";
    return url.href;
  }

  /** Opens the console anew, at what is behind its address: a query, a page, or both. */
  async load(behind = "") {
    // To the same file the browser would only move within the document.
    if (this.page.url().split("#")[0] === (this.console + behind).split("#")[0]) await this.page.goto("about:blank");
    await this.page.goto(this.console + behind);
    await this.page.getByRole("heading", { level: 1 }).waitFor();
  }

  /** Waits for a view, and that the focus is on its heading. */
  async view(name) {
    await this.page.getByRole("heading", { level: 1, name }).and(this.page.locator(":focus")).waitFor();
    assert.match(await this.page.title(), / – Sotto$/);
  }

  /** A view as it should be: accessible, and to be looked at. */
  async shown(view, picture) {
    await this.view(view);
    await this.looks(picture);
  }

  async looks(picture) {
    await this.accessible();
    await this.picture(picture);
  }

  /** Of the whole page; of a dialog, what it covers is enough. */
  async picture(name) {
    const fullPage = (await this.page.getByRole("dialog").count()) === 0;
    await this.page.screenshot({ path: join(this.output, `console-${name}.png`), fullPage });
  }

  /** Goes to a place by the navigation. */
  go(name) {
    return this.to(name).click();
  }

  to(name) {
    return this.page.getByRole("navigation").getByRole("link", { name, exact: true });
  }

  follow(name, within = this.page) {
    return within.getByRole("link", { name, exact: typeof name === "string" }).click();
  }

  press(name, within = this.page) {
    return within.getByRole("button", { name, exact: typeof name === "string" }).click();
  }

  field(label, within = this.page) {
    return within.getByLabel(label, { exact: true });
  }

  part(name) {
    return this.page.getByRole("region", { name });
  }

  status() {
    return this.page.locator(".notices").getByRole("status");
  }

  problem() {
    return this.page.getByRole("alert").filter({ hasText: /./ });
  }

  /** Lets the functions' time pass, and answers what it is then, in milliseconds. */
  async pass(seconds) {
    const response = await fetch(`${this.place.control}/clock`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ advance_seconds: seconds }),
    });
    assert.equal(response.status, 200);
    return Date.parse((await response.json()).now);
  }

  /** A code that was not used yet: time moves on, since each step's is taken once. */
  async code(person) {
    return totp(person.secret, await this.pass(STEP_SECONDS));
  }

  async password({ email, password }) {
    await this.field("E-mail").fill(email);
    await this.field("Password").fill(password);
    await this.press("Sign in");
  }

  /** Signs in at a page that was asked for, which is then shown. */
  async signIn(person, behind = "#/account", view = "Your account") {
    await this.load(behind);
    await this.view("Sign in");
    await this.password(person);
    await this.view("Second step");
    await this.field("Code from your authenticator app").fill(await this.code(person));
    await this.press("Confirm");
    await this.view(view);
  }

  /** Accepts an invitation, with an authenticator app as the second factor. */
  async accept(link, person) {
    await this.page.goto(link);
    await this.view("Welcome");
    await this.field("Your name").fill(person.name);
    await this.field("New password").fill(person.password);
    await this.press("Continue");
    await this.enrolTotp(person);
    await this.press("Continue");
    // Those who only answer visitors begin in the inbox, and auditors in the log.
    await this.view(/^(Overview|Inbox|Audit log)$/);
    await this.go("Your account");
    await this.view("Your account");
  }

  async enrolTotp(person) {
    await this.view("Choose a second factor");
    await this.press("Set up an authenticator app");
    await this.view("Set up an authenticator app");
    person.secret = (await this.page.locator(".secret code").innerText()).replaceAll(" ", "");
    await this.field("Code from your authenticator app").fill(await this.code(person));
    await this.press("Confirm");
    await this.view("Recovery codes");
    person.recoveryCodes = await this.page.locator(".codes code").allInnerTexts();
    await this.field("I have kept them").check();
  }

  /** Answers the dialog that asks for the second factor again. */
  async stepUp(person) {
    const dialog = this.page.getByRole("dialog", { name: "Is it you?" });
    await dialog.waitFor();
    await this.field("Code from your authenticator app", dialog).fill(await this.code(person));
    await this.press("Confirm", dialog);
    await dialog.waitFor({ state: "detached" });
  }

  /** A device that keeps passkeys and says that it asked its owner. */
  async authenticator() {
    const session = await this.context.newCDPSession(this.page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  /** Every address that this tab has been at, as its history has them. */
  async addresses() {
    const session = await this.context.newCDPSession(this.page);
    const { entries } = await session.send("Page.getNavigationHistory");
    await session.detach();
    return entries.map(({ url }) => url).filter((url) => url !== "about:blank");
  }

  /** Nothing is where a script could find it, nobody else was asked, and nothing broke or was blocked. */
  async isClean() {
    const { local, ...others } = await this.stored();
    assert.deepEqual({ ...others, local: local.filter((name) => !LASTING.test(name)) }, { cookies: "", local: [], session: [] });
    for (const cookie of await this.context.cookies()) {
      const { name, httpOnly, secure, sameSite, path } = cookie;
      assert.match(name, /^__Host-sotto-(refresh|device)$/);
      assert.deepEqual({ httpOnly, secure, sameSite, path }, { httpOnly: true, secure: true, sameSite: "Strict", path: "/" });
    }
    for (const address of await this.addresses()) assertNamesNobody(address);
    const origins = this.requests.map((request) => request.url()).filter((url) => !/^(data|blob):/.test(url));
    const own = [this.base, new URL(this.console).origin];
    assert.deepEqual(origins.filter((url) => !own.includes(new URL(url).origin)), []);
    assert.deepEqual(this.complaints.filter((line) => !REFUSED.test(line)), []);
  }
}

/** A page by its name; a course by its name; of a case, an incident, a practice or an audit, which is no person, its id. No token, no address of mail, no other id. */
function assertNamesNobody(address) {
  const { hash, search } = new URL(address);
  assert.match(hash, /^(#\/([a-z]+(\/[a-z-]+)*(\/(cases|practice)\/[\da-f-]{36})?|(security|audits)\/[\da-f-]{36})?)?$/, address);
  assert.match(search, /^(\?lang=(en|de))?$/, address);
}

/** RFC 6238 with its defaults: HMAC-SHA-1, six digits, 30 seconds. */
export function totp(secret, nowMs) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 1000 / STEP_SECONDS)));
  const digest = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const truncated = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fff_ffff;
  return String(truncated % 1_000_000).padStart(6, "0");
}

function fromBase32(text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...text.replaceAll("=", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
