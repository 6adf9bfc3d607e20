// For everybody: German, dark, phone, the system's own colours.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { officer } from "./people.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["phone", PHONE],
  ["forced-colours", { forcedColors: "active" }],
]) {
  test(`${name}: nothing of the privacy page is lost`, options, async (desk) => {
    await desk.signIn(officer);
    await desk.go("Privacy");
    await desk.shown("Privacy", `${name}-privacy`);
    assert.ok(await fits(desk));
    await desk.part("Requests").getByText(/^Closed requests/).click();
    await desk.part("Requests").getByRole("link", { name: /^Show: Erasure · GDPR/ }).first().click();
    await desk.shown("Request for erasure", `${name}-privacy-case`);
    assert.ok(await fits(desk));
    await desk.isClean();
  });
}

test("German, on a phone: nothing of the privacy page is lost", PHONE, async (desk) => {
  await desk.signIn(officer);
  await desk.go("Privacy");
  await desk.view("Privacy");
  await desk.press("Deutsch");
  await desk.shown("Datenschutz", "german-privacy");
  assert.ok(await fits(desk));
  await desk.press("Löschsperre einrichten");
  await desk.looks("german-privacy-hold");
  assert.ok(await fits(desk));
  await desk.press("Abbrechen");
  await desk.part("Anfragen").getByText(/^Abgeschlossene Anfragen/).click();
  await desk.part("Anfragen").getByRole("link", { name: /^Ansehen: Löschung · DSGVO/ }).first().click();
  await desk.shown("Anfrage auf Löschung", "german-privacy-case");
  assert.ok(await fits(desk));
  await desk.isClean();
});

/** Nobody has to scroll sideways. */
function fits({ page }) {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}
