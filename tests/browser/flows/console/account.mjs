// From an invitation to an account, and the ways to sign in to it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { totp } from "../../desk.mjs";
import { test } from "../../tests.mjs";
import { admin, STALE_SECONDS } from "./staff.mjs";

test("codes are those of RFC 6238", {}, async () => {
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const vectors = [[59, "287082"], [1_111_111_109, "081804"], [1_234_567_890, "005924"], [20_000_000_000, "353130"]];
  for (const [seconds, code] of vectors) assert.equal(totp(secret, seconds * 1000), code);
});

test("an invitation becomes an account, with an authenticator app and recovery codes", {}, async (desk) => {
  const { page } = desk;
  // Under the address of numbers, which sends itself to the host name that passkeys need.
  await page.goto(desk.place.invitation, { waitUntil: "commit" });
  await page.waitForURL(desk.console);
  await desk.shown("Welcome", "invitation");
  assert.equal(page.url(), desk.console, "the token is not in the address");

  await desk.press("Continue");
  assert.ok(await desk.field("Your name").evaluate((field) => field === document.activeElement));
  await desk.field("Your name").fill(admin.name);
  await desk.field("New password").fill("too short");
  await page.getByText("9 of at least 15 characters").waitFor();
  await desk.press("Continue");
  await assertDescribed(desk.field("New password"), /At least 15 characters/);
  await desk.field("New password").fill("passwordpassword");
  await desk.press("Continue");
  await desk.problem().first().waitFor();
  await assertDescribed(desk.field("New password"), /\w{4}/);
  await desk.looks("invitation-refused");
  await desk.field("Show password").check();
  assert.equal(await desk.field("New password").getAttribute("type"), "text");
  await desk.field("New password").fill(admin.password);
  await desk.press("Continue");

  await desk.shown("Choose a second factor", "enrol");
  await desk.press("Set up an authenticator app");
  await desk.shown("Set up an authenticator app", "enrol-totp");
  assert.ok(await page.locator("img.qr").evaluate(async (image) => (await image.decode(), image.naturalWidth > 0)));
  await desk.field("Code from your authenticator app").fill("000000");
  await desk.press("Confirm");
  await desk.problem().filter({ hasText: "This was not accepted" }).waitFor();
  admin.secret = (await page.locator(".secret code").innerText()).replaceAll(" ", "");
  await desk.field("Code from your authenticator app").fill(await desk.code(admin));
  await desk.press("Confirm");

  await desk.shown("Recovery codes", "recovery-codes");
  admin.recoveryCodes = await page.locator(".codes code").allInnerTexts();
  assert.equal(new Set(admin.recoveryCodes).size, 10);
  const [download] = await Promise.all([page.waitForEvent("download"), desk.press("Download as text")]);
  const text = readFileSync(await download.path(), "utf8");
  for (const code of admin.recoveryCodes) assert.ok(text.includes(code));
  await desk.press("Continue");
  await desk.problem().filter({ hasText: "Please keep the codes first" }).waitFor();
  await desk.field("I have kept them").check();
  await desk.press("Continue");

  await desk.shown("Overview", "overview");
  await desk.go("Your account");
  await desk.view("Your account");
  await desk.part("Profile").getByText(admin.name).waitFor();
  admin.email = await desk.part("Profile").getByText("@").innerText();
  await desk.part("Second factors").getByText("10 recovery codes are left.").waitFor();
  await desk.looks("account");
  await desk.isClean();

  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Sign in");
  await desk.status().getByText("You are signed out.").waitFor();
  await page.reload();
  await desk.shown("Sign in", "sign-in");
  await desk.isClean();
});

test("the invitation works once", {}, async (desk) => {
  await desk.page.goto(desk.console + new URL(desk.place.invitation).hash);
  await desk.view("Welcome");
  await desk.field("Your name").fill("Somebody Else");
  await desk.field("New password").fill("another long enough sentence");
  await desk.press("Continue");
  await desk.problem().filter({ hasText: "not valid any more" }).waitFor();
  await desk.isClean();
});

test("signing in with a password and a code; what is wrong is said", {}, async (desk) => {
  const { page } = desk;
  await desk.load("#/account");
  await desk.press("Sign in");
  await assertDescribed(desk.field("E-mail"), /Please fill this in/);
  await desk.password({ ...admin, password: "not the right password" });
  await desk.problem().filter({ hasText: "The address or the password is wrong." }).waitFor();
  await desk.looks("sign-in-refused");
  await desk.password(admin);
  await desk.shown("Second step", "second-factor");
  const code = desk.field("Code from your authenticator app");
  assert.equal(await code.getAttribute("autocomplete"), "one-time-code");
  assert.equal(await code.getAttribute("inputmode"), "numeric");
  await code.fill("12345");
  await desk.press("Confirm");
  await assertDescribed(code, /six digits/);
  await code.fill((await desk.code(admin)).replace(/(...)/, "$1 "));
  await desk.press("Confirm");
  await desk.view("Your account");
  await page.reload();
  await desk.view("Your account");
  await desk.isClean();
});

test("a recovery code in place of the app", {}, async (desk) => {
  await desk.load("#/account");
  await desk.password(admin);
  await desk.view("Second step");
  await desk.press("Use a recovery code instead");
  await desk.shown("Recovery code", "recovery");
  const code = desk.field("Recovery code");
  await code.fill(admin.recoveryCodes[0]);
  assert.ok(await code.evaluate((field) => field.scrollWidth <= field.clientWidth), "it is seen whole");
  await desk.press("Confirm");
  await desk.view("Your account");
  await desk.part("Second factors").getByText("9 recovery codes are left.").waitFor();
  await desk.isClean();
});

test("a passkey is added, named, signs in, steps up and is removed", {}, async (desk) => {
  const { page } = desk;
  await desk.authenticator();
  await desk.signIn(admin);
  await desk.follow("Add a passkey");
  await desk.shown("Set up a passkey", "enrol-passkey");
  await desk.field("Name of the passkey (optional)").fill("Laptop");
  await desk.press("Create the passkey");
  await desk.view("Your account");
  await desk.status().getByText("The second factor was added.").waitFor();
  await desk.part("Second factors").getByText("Laptop").waitFor();
  await desk.press("Rename: Laptop");
  const rename = page.getByRole("dialog", { name: "Rename Laptop" });
  await desk.field("New name", rename).fill("Grey laptop");
  await desk.looks("rename");
  await desk.press("Save", rename);
  await desk.view("Your account");
  await desk.part("Second factors").getByText("Grey laptop").waitFor();
  // The browser offers the passkey in the field; this one's owner takes whatever is offered.
  await desk.press("Sign out", page.getByRole("navigation"));
  await desk.view("Overview");
  await desk.go("Your account");
  await page.getByText("signed in by passkey").first().waitFor();
  await desk.view("Your account");

  await desk.pass(STALE_SECONDS);
  await desk.press("Remove: Grey laptop");
  await desk.press("Remove", page.getByRole("dialog", { name: "Remove Grey laptop" }));
  const stepUp = page.getByRole("dialog", { name: "Is it you?" });
  await desk.press("Use a passkey", stepUp);
  await desk.view("Your account");
  await desk.status().getByText("The second factor was removed.").waitFor();

  await desk.press("Remove: Authenticator app");
  const last = page.getByRole("dialog", { name: "Remove Authenticator app" });
  await desk.press("Remove", last);
  await last.getByText("The last second factor cannot be removed.").waitFor();
  await desk.looks("last-factor");
  await page.keyboard.press("Escape");
  await last.waitFor({ state: "detached" });
  await desk.isClean();
});

test("new recovery codes after a step up", {}, async (desk) => {
  await desk.signIn(admin);
  await desk.pass(STALE_SECONDS);
  await desk.press("Make new recovery codes");
  await desk.press("Make new recovery codes", desk.page.getByRole("dialog"));
  await desk.stepUp(admin);
  await desk.view("Recovery codes");
  const codes = await desk.page.locator(".codes code").allInnerTexts();
  assert.equal(codes.filter((code) => admin.recoveryCodes.includes(code)).length, 0);
  await desk.field("I have kept them").check();
  await desk.press("Continue");
  await desk.view("Your account");
  await desk.isClean();
});

/** Asserts that the error of a field stands beside it and is tied to it. */
async function assertDescribed(field, reason) {
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  const described = await field.evaluate((input) =>
    input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id)).find((element) => element.className === "error").textContent,
  );
  assert.match(described, reason);
}
