// A visitor with a browser, and what tests ask of both.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export const QUESTION = "where is my parcel?";
export const PHONE = { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
export const SEALED = "application/sotto-sealed+json";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** As long as a step may take on a machine that is busy with other tests. */
export const WAIT_MS = 45_000;

/** A page in a context of its own, and all that it requested, complained about or stored. */
export class Visit {
  requests = [];
  complaints = [];

  constructor(base, output, context, page) {
    this.base = base;
    this.output = output;
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
    page.on("request", (request) => this.requests.push(request));
    page.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) this.complaints.push(line.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  static async begin(browser, base, output, options) {
    const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
    return new this(base, output, context, await context.newPage());
  }

  /** Another tab of the same browser. */
  async elsewhere() {
    return new Visit(this.base, this.output, this.context, await this.context.newPage());
  }

  async load(path = "/") {
    await this.page.goto(this.base + path);
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

  button(name, options) {
    return this.dialog().getByRole("button", { name, ...options });
  }

  async open() {
    await this.launcher().click();
    await this.dialog().waitFor();
  }

  /** Waits for the notice, which comes with the keys, and that the focus is on it. */
  async notice() {
    const heading = this.dialog().getByRole("heading", { name: /Before we start|Bevor wir anfangen/ });
    await heading.and(this.page.locator(":focus")).waitFor();
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

  /** Moves the page's clock, once it is a clock that is moved, in small steps; what each of them begins comes to its end first. */
  async pass(seconds) {
    for (let step = 0; step < seconds * 4; step++) {
      await this.page.clock.runFor(250);
      const under = this.requests.filter((request) => !request.timing().responseEnd || request.timing().responseEnd < 0);
      if (under.length > 0) await Promise.allSettled(under.slice(-2).map((request) => request.response().then((response) => response?.finished())));
    }
  }

  stored() {
    return this.page.evaluate(() => ({
      cookies: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
    }));
  }

  async picture(name) {
    await this.page.screenshot({ path: join(this.output, `${name}.png`) });
  }

  /**
   * axe-core's rules for WCAG 2.2 A and AA, and no target under 24 pixels, spacing or not.
   * Evaluated over the debugging protocol, which the page's policy does not bind.
   */
  async accessible() {
    await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async () => {
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      const result = await window.axe.run(document, { runOnly: tags });
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    });
    const small = await this.page.evaluate(() =>
      [...(document.querySelector("sotto-chat")?.shadowRoot ?? document).querySelectorAll("button, a, input, textarea, summary")]
        .map((element) => [element.textContent || element.type, element.getBoundingClientRect()])
        .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
        .map(([name]) => name),
    );
    assert.deepEqual({ violations, small }, { violations: [], small: [] });
  }
}

/** Answers in the server's place while `answer` gives something; else the server does. */
export async function intercept(visit, path, answer) {
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

/** Changes what the server answers, one change an answer. */
export async function changed(visit, path, changes) {
  await intercept(visit, path, async (request, route) => {
    const change = request.method() === "GET" && changes.shift();
    if (typeof change !== "function") return change;
    // Sent by the test and not by the page, so that the header which says whose it is has to be told.
    const response = await route.fetch({ headers: { ...request.headers(), "sec-fetch-site": "same-origin" } });
    return { response, json: change(await response.json()) };
  });
}

export function problem(status, code, headers = {}) {
  return { status, headers, contentType: "application/problem+json", body: JSON.stringify({ status, code }) };
}

export const messagesPath = /\/messages$/;

export function isPost(request) {
  return request.method() === "POST";
}
