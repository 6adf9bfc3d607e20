// Several tabs, nobody there, and things that fail.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { intercept, isPost, problem } from "../../visit.mjs";
import { agent } from "./staff.mjs";

test("two tabs refresh one after the other, and the session lives on", {}, async (desk) => {
  await desk.signIn(agent);
  const tabs = [desk, await desk.elsewhere(), await desk.elsewhere(), await desk.elsewhere()];
  await Promise.all(tabs.map((tab) => tab.load("#/account")));
  await Promise.all(tabs.map((tab) => tab.page.getByRole("heading", { name: "Your account" }).waitFor()));
  await desk.pass(700);
  const refreshed = (tab) => tab.page.waitForResponse((response) => response.url().endsWith("/v1/auth/refresh"));
  await Promise.all(tabs.map((tab) => Promise.all([refreshed(tab), tab.go("Your account")])));
  await Promise.all(tabs.map((tab) => tab.part("Profile").waitFor()));
  const refreshes = tabs.flatMap((tab) => tab.requests.filter((request) => request.url().endsWith("/v1/auth/refresh")));
  const answers = await Promise.all(refreshes.map(async (request) => (await request.response()).status()));
  assert.ok(answers.length >= 8, `${answers.length} refreshes`);
  assert.deepEqual(answers.filter((status) => status !== 200).length, 1, "only the first page of all had no session");
  await desk.press("Sign out", desk.page.getByRole("navigation"));
  await Promise.all(tabs.map((tab) => tab.page.getByRole("heading", { name: "Sign in" }).waitFor()));
  for (const tab of tabs) await tab.isClean();
});

test("after half an hour without anybody the page forgets who it was", {}, async (desk) => {
  const { page } = desk;
  await page.clock.install();
  await desk.signIn(agent);
  await page.clock.fastForward("29:00");
  assert.equal(await page.getByRole("heading", { name: "Your account" }).count(), 1);
  await page.clock.fastForward("01:30");
  await desk.view("Sign in");
  await desk.status().getByText("Nobody was here for 30 minutes").waitFor();
  await desk.looks("idle");
  await page.waitForResponse((response) => response.url().endsWith("/v1/auth/logout")).catch(() => {});
  await page.reload();
  await desk.view("Sign in");
  await desk.isClean();
});

test("a clock that is set back keeps nobody signed in, and a device that slept does not either", {}, async (desk) => {
  const { page } = desk;
  const HOURS_MS = 10 * 3600_000;
  await page.clock.install();
  await desk.signIn(agent);
  await page.clock.setSystemTime(Date.now() - HOURS_MS);
  const ended = page.waitForResponse((response) => response.url().endsWith("/v1/auth/logout"));
  await page.clock.fastForward("31:00");
  await desk.view("Sign in");
  await desk.status().getByText("Nobody was here for 30 minutes").waitFor();
  await ended;

  await desk.signIn(agent);
  // The page's own clock stands still while the device sleeps, and that of the wall does not.
  await page.clock.setSystemTime(Date.now() + HOURS_MS);
  await page.keyboard.press("Shift");
  await desk.view("Sign in");
  await desk.status().getByText("Nobody was here for 30 minutes").waitFor();
  await desk.isClean();
});

test("trouble is said, and the way on offered", {}, async (desk) => {
  const { page } = desk;
  await desk.load();
  const trouble = ["abort", problem(429, "rate_limited", { "Retry-After": "7" }), problem(503, "unavailable")];
  await intercept(desk, /\/v1\/auth\/login$/, (request) => isPost(request) && trouble.shift());
  for (const words of ["could not be reached", "Please wait 7 seconds", "busy at the moment"]) {
    await desk.password(agent);
    await desk.problem().filter({ hasText: words }).waitFor();
  }
  await desk.password(agent);
  await desk.view("Second step");
  const ends = [problem(401, "token_expired")];
  await intercept(desk, /\/v1\/auth\/totp$/, () => ends.shift());
  await desk.field("Code from your authenticator app").fill("000000");
  await desk.press("Confirm");
  await desk.view("Sign in");
  await desk.status().getByText("That took too long").waitFor();

  await desk.signIn(agent);
  const factors = ["abort"];
  await intercept(desk, /\/v1\/auth\/factors$/, () => factors.shift());
  await page.reload();
  await desk.shown("This cannot be shown", "unreachable");
  await desk.press("Try again");
  await desk.view("Your account");

  const expired = [problem(401, "token_expired")];
  await intercept(desk, /\/v1\/auth\/me$/, () => expired.shift());
  await intercept(desk, /\/v1\/auth\/refresh$/, () => problem(401, "token_reused"));
  await desk.go("Your account");
  await desk.view("Sign in");
  await desk.status().getByText("its key was used twice").waitFor();
  await desk.looks("reused");
});

test("a script that was altered is not run", {}, async (desk) => {
  await intercept(desk, /\/assets\/console-.*\.js$/, async (_, route) => {
    const response = await route.fetch();
    return { response, body: `${await response.text()} ` };
  });
  await desk.page.goto(desk.console, { waitUntil: "networkidle" });
  assert.equal(await desk.page.getByRole("heading").count(), 0);
  assert.ok(desk.complaints.some((line) => line.includes("integrity")), desk.complaints.join("\n"));
});
