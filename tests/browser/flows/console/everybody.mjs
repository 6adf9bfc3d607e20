// For everybody: keyboard, languages, dark, phone, the system's own colours.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { admin, agent } from "./staff.mjs";

test("signing in by keyboard alone", {}, async (desk) => {
  const { page } = desk;
  const tabTo = async (name) => {
    for (let i = 0; i < 30; i++) {
      const focused = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement.labels?.[0]?.textContent ?? activeElement.textContent;
      });
      if (focused === name) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no way to ${name} by Tab`);
  };
  await desk.load("#/account");
  await desk.view("Sign in");
  await tabTo("E-mail");
  await page.keyboard.type(agent.email);
  await tabTo("Password");
  await page.keyboard.insertText(agent.password);
  await page.keyboard.press("Enter");
  await desk.view("Second step");
  await tabTo("Code from your authenticator app");
  await page.keyboard.type(await desk.code(agent));
  await tabTo("Confirm");
  await page.keyboard.press("Space");
  await desk.view("Your account");
  await tabTo("Make new recovery codes");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await tabTo("Make new recovery codes");
  await page.keyboard.press("Shift+Tab");
  await tabTo("Sign out everywhere");
  await page.keyboard.press("Enter");
  await desk.view("Sign in");
  await desk.isClean();
});

test("German, by the browser or by choice", { locale: "de-DE" }, async (desk) => {
  const { page } = desk;
  await desk.load("#/account");
  await desk.shown("Anmelden", "german-sign-in");
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await desk.field("E-Mail").fill(admin.email);
  await desk.field("Passwort").fill(admin.password);
  await desk.press("Anmelden");
  await desk.shown("Zweiter Schritt", "german-second-factor");
  await desk.field("Code aus Ihrer Authenticator-App").fill("000000");
  await desk.press("Bestätigen");
  await desk.problem().filter({ hasText: "nicht angenommen" }).waitFor();
  await desk.field("Code aus Ihrer Authenticator-App").fill(await desk.code(admin));
  await desk.press("Bestätigen");
  await desk.shown("Ihr Konto", "german-account");
  assert.equal(await desk.page.getByText("Authenticator app").count(), 0, "the server's English name is not shown");
  await desk.go("Personen");
  await desk.shown("Personen", "german-people");
  await desk.press("English");
  await desk.view("People");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.reload();
  await desk.view("People");
  await desk.load("?lang=de#/account");
  await desk.view("Ihr Konto");
  await desk.isClean();
});

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ["forced-colours", { forcedColors: "active" }],
]) {
  test(`${name}: nothing is lost`, options, async (desk) => {
    const fits = () => desk.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    await desk.load();
    await desk.shown("Sign in", `${name}-sign-in`);
    assert.ok(await fits());
    await desk.signIn(admin);
    await desk.looks(`${name}-account`);
    assert.ok(await fits());
    await desk.go("People");
    await desk.shown("People", `${name}-people`);
    assert.ok(await fits());
    await desk.press("Invite a person");
    await desk.looks(`${name}-invite`);
    assert.ok(await fits());
    await desk.isClean();
  });
}
