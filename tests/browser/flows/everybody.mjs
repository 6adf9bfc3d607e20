// For everybody: languages, dark, phone, zoom, keyboard, other people's pages.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "../tests.mjs";
import { intercept, PHONE, QUESTION } from "../visit.mjs";

test("German", { locale: "de-DE" }, async (visit) => {
  await visit.load("/?lang=de");
  await visit.open();
  assert.equal(await visit.page.locator("sotto-chat").getAttribute("lang"), "de");
  await visit.notice();
  await visit.dialog().getByText("nach 30 Tagen gelöscht, Kontaktdaten nach 180 Tagen.").waitFor();
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
  await visit.notice();
  await visit.accessible();
  await visit.consent();
  await visit.say(QUESTION);
  await visit.answered();
  await visit.accessible();
  await visit.picture("dark");
});

test("on a phone the window fills the screen and holds the focus", PHONE, async (visit) => {
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
  await visit.notice();
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

test("on somebody else's page with a strict policy of its own", {}, async (visit) => {
  const { origin } = new URL(visit.base);
  // Here the API knows no page but its own.
  await intercept(visit, /\/v1\/keys$/, async (_, route) => {
    const response = await route.fetch();
    return { response, headers: { ...response.headers(), "access-control-allow-origin": "*" } };
  });
  const pin = /data-root="([^"]*)"/.exec(await (await fetch(visit.base)).text())[1];
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
    await visit.notice();
    assert.equal(await visit.dialog().evaluate((dialog) => getComputedStyle(dialog).display), "flex", "styled");
    const width = () => visit.dialog().evaluate((dialog) => dialog.getBoundingClientRect().width);
    const before = await width();
    await visit.page.evaluate(() => (document.documentElement.style.fontSize = "10px"));
    assert.equal(await width(), before, "the page's sizes are not the widget's");
    await visit.picture("elsewhere");
  } finally {
    shop.close();
  }
});
