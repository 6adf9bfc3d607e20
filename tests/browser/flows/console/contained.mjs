// Attacks over HTTP that are contained by themselves, and what the console then says: to those who watch, and to
// whoever has attacked. They take almost two weeks.
import assert from "node:assert/strict";
import { test } from "../../tests.mjs";
import { QUESTION } from "../../visit.mjs";
import { COURSES, course } from "./course.mjs";
import { admin, officer, STALE_SECONDS } from "./staff.mjs";

const HOUR = 60 * 60;
const DAY = 24 * HOUR;
/** By how much a code moves the clock. */
const CODE_SECONDS = 30;
/** A lock, or its end, is known everywhere by then. */
const KNOWN_SECONDS = 61;
/** The list of incidents has looked again by then. */
const LOOK_MS = 16_000;
/** Days with conversations after which hours are somebody's habit. */
const WORK_DAYS = 10;
/** The transcripts that an attacker is after: whatever is contained is contained before the last of them. */
const TRANSCRIPTS = 30;

/** Somebody of the staff with a program in the place of a browser. */
class Program {
  #token;

  constructor(desk) {
    this.desk = desk;
  }

  /** Accepts an invitation to an account or to a new second factor, which is an authenticator app. */
  static async accept(desk, person, invitation_token) {
    const program = new Program(desk);
    const { name, password } = person;
    program.#token = (await program.done("POST", "/v1/auth/invitations/accept", { invitation_token, name, password })).enrolment_token;
    person.secret = (await program.done("POST", "/v1/auth/totp/enrol", {})).secret;
    program.take(await program.done("POST", "/v1/auth/totp/confirm", { code: await desk.code(person) }));
    person.id = (await program.done("GET", "/v1/auth/me")).id;
    return program;
  }

  static async signIn(desk, person) {
    const program = new Program(desk);
    const { email, password } = person;
    const { mfa_token } = await program.done("POST", "/v1/auth/login", { email, password });
    program.take(await program.done("POST", "/v1/auth/totp", { mfa_token, code: await desk.code(person) }));
    return program;
  }

  take({ access_token, refresh_token }) {
    this.#token = access_token;
    this.refresh = refresh_token;
  }

  renew() {
    return this.send("POST", "/v1/auth/refresh", { refresh_token: this.refresh });
  }

  read(conversation, purpose = "quality") {
    const why = { "Sotto-Purpose": purpose, "Sotto-Reason": "a look at answers" };
    return this.send("GET", `/v1/transcripts/${conversation}`, undefined, why);
  }

  /** The status of the answer, and what it says. */
  send(method, path, body, headers = {}) {
    return sent(this.desk, method, path, body, { ...headers, ...(this.#token && { Authorization: `Bearer ${this.#token}` }) });
  }

  /** What a request answers that succeeds. */
  async done(method, path, body) {
    return ofSuccess(await this.send(method, path, body), `${method} ${path}`);
  }
}

async function sent(desk, method, path, body, headers) {
  const json = body && { "Content-Type": "application/json" };
  const response = await fetch(desk.base + path, { method, headers: { ...json, ...headers }, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, answer: text ? JSON.parse(text) : null };
}

function ofSuccess({ status, answer }, what) {
  assert.ok(status >= 200 && status < 300, `${what}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

function refusal({ status, answer }) {
  return [status, answer.code];
}

/** Lets somebody in who has that role, and who has accepted. */
async function joined(desk, person, role) {
  const program = await Program.signIn(desk, admin);
  const { invitation_token } = await program.done("POST", "/v1/auth/invitations", { email: person.email, roles: [role] });
  return Program.accept(desk, person, invitation_token);
}

/** So many conversations, each of another visitor. */
async function conversations(desk, count) {
  const call = async (path, body, headers) => ofSuccess(await sent(desk, "POST", path, body, headers), path);
  const { consent } = ofSuccess(await sent(desk, "GET", "/v1/sites/default/widget"), "the site");
  const agreed = { notice_version: consent.notice_version, purposes: consent.purposes };
  const ids = [];
  while (ids.length < count) {
    const { access_token } = await call("/v1/sessions", { site: "default", identity: null });
    const headers = { Authorization: `Bearer ${access_token}` };
    const { id } = await call("/v1/conversations", { consent: agreed, locale: "en" }, headers);
    await call(`/v1/conversations/${id}/messages`, { text: QUESTION }, { ...headers, "Idempotency-Key": crypto.randomUUID() });
    ids.push(id);
  }
  return ids;
}

/** Passes every course. */
async function train(program) {
  for (const id of COURSES) {
    const { right } = course(id);
    const path = `/v1/training/courses/${id}/attempts`;
    const { attempt_id, questions } = await program.done("POST", path, {});
    const answers = Object.fromEntries(questions.map((question) => [question.id, right[question.id]]));
    assert.ok((await program.done("POST", `${path}/${attempt_id}`, { answers })).passed, id);
  }
}

/** Opens one after the other until one is refused; answers how many were opened, and the refusal. */
async function until(desk, ids, open) {
  for (const [count, id] of ids.entries()) {
    const response = await open(id);
    if (response.status !== 200) return [count, refusal(response)];
    await desk.pass(1);
  }
  assert.fail(`all ${ids.length} were opened`);
}

/** The security officer at the list of incidents, in a browser whose clock is the functions'. */
async function onGuard(desk) {
  await desk.page.goto("about:blank");
  await desk.page.clock.install({ time: await desk.pass(0) });
  await desk.signIn(officer, "#/security", "Security");
}

/** Nobody has asked: the list looks by itself, and says what is new. */
async function told(desk, title) {
  // What there is to notice is noticed.
  await desk.pass(1);
  await desk.page.clock.fastForward(LOOK_MS);
  await desk.status().getByText(`A new incident: ${title}.`).waitFor();
}

function row(desk, { id }) {
  return desk.page.getByRole("listitem").filter({ hasText: `Account …${id.slice(-8)}` });
}

/** Opens the incident about somebody, which is contained and which nobody has touched. */
async function opened(desk, person, { title, measured, evidence, people, action, hours }) {
  const { page } = desk;
  await row(desk, person).getByText("Contained", { exact: true }).waitFor();
  await row(desk, person).getByText(/ · nobody is at it yet$/).waitFor();
  await row(desk, person).getByRole("link", { name: title, exact: true }).click();
  await desk.view(title);
  const about = desk.part("Number");
  await about.getByText(`Account ${person.id}`).waitFor();
  await about.getByText("Contained", { exact: true }).waitFor();
  await about.getByText(hours).waitFor();
  const noticed = desk.part("What was noticed");
  for (const words of measured) await noticed.getByText(words, { exact: true }).waitFor();
  await noticed.getByText(evidence).click();
  const [events = 1] = /\d+/.exec(await noticed.getByText(evidence).innerText()) ?? [];
  assert.equal(await noticed.locator(".ids code").count(), Number(events));
  await desk.press("Check all", noticed);
  await noticed.getByText(/^(The event is|All \d+ events are) in the log\.$/).waitFor();
  const done = desk.part("What was done").getByRole("listitem").filter({ hasText: action });
  await done.getByText(/ · by itself$/).waitFor();
  await desk.part("What happened").getByRole("listitem").filter({ hasText: action }).getByText(/ · by itself$/).waitFor();
  const affected = desk.part("Whom it concerns");
  await affected.locator("dl > div").filter({ hasText: /^People/ }).getByText(people, { exact: true }).waitFor();
}

/** Their console is signed out, and they cannot sign in, until the officer lifts the lock. */
async function locked(desk, theirs, person) {
  await theirs.view("Sign in");
  await theirs.status().getByText("Your session has ended. Please sign in again.").waitFor();
  await theirs.password(person);
  await theirs.problem().filter({ hasText: "The address or the password is wrong." }).waitFor();
  await theirs.isClean();
  await theirs.context.close();

  await desk.pass(STALE_SECONDS);
  await desk.press("Lift: The account was locked");
  await desk.press("Lift", desk.page.getByRole("dialog", { name: "Lift this?" }));
  await desk.stepUp(officer);
  await desk.part("What was done").getByText(/ · lifted \d/).waitFor();
  await resolved(desk);
  await desk.pass(KNOWN_SECONDS);
  const again = await desk.another();
  await again.signIn(person);
  await again.isClean();
  await again.context.close();
}

async function resolved(desk) {
  await desk.press("Resolve");
  await desk.press("Resolve", desk.page.getByRole("dialog", { name: "Resolve this incident" }));
  await desk.status().getByText("The incident is resolved.").waitFor();
}

test("a stolen refresh token: every session of its owner ends", {}, async (desk) => {
  const owner = { name: "Vera Example", email: "vera@example.com", password: "green ferries across the fjord" };
  const title = "A session has a second holder";
  await joined(desk, owner, "privacy");
  const ids = await conversations(desk, 2);
  const elsewhere = await desk.another();
  await elsewhere.signIn(owner);
  await onGuard(desk);
  const theirs = await desk.another();
  await theirs.signIn(owner);

  const cookies = await theirs.context.cookies();
  const thief = new Program(desk);
  thief.refresh = cookies.find(({ name }) => name === "__Host-sotto-refresh").value;
  thief.take(ofSuccess(await thief.renew(), "the token is good once"));
  assert.equal((await thief.read(ids[0])).status, 200);
  await theirs.page.reload();
  await theirs.view("Sign in");
  await theirs.status().getByText("Your session was ended for safety: its key was used twice.").waitFor();
  await told(desk, title);
  assert.deepEqual(refusal(await thief.read(ids[1])), [401, "token_revoked"]);
  assert.deepEqual(refusal(await thief.renew()), [401, "token_revoked"]);
  await desk.pass(KNOWN_SECONDS);
  await elsewhere.go("Your account");
  await elsewhere.view("Sign in");
  await elsewhere.status().getByText("Your session has ended. Please sign in again.").waitFor();

  await opened(desk, owner, {
    title,
    measured: ["A refresh token was used twice: one of its two holders is a stranger.", "Measured 1; the rule speaks from 1 on."],
    evidence: "The event behind it",
    people: "1",
    action: "All sessions of the account were ended",
    hours: /^by \d.*, in 7[12] hours$/,
  });
  await desk.looks("contained-token");
  assert.equal(await desk.page.getByRole("button", { name: /^Lift/ }).count(), 0, "what was ended is not given back");
  await resolved(desk);
  for (const browser of [theirs, elsewhere]) {
    await browser.signIn(owner);
    await browser.isClean();
    await browser.context.close();
  }
  await desk.isClean();
});

test("an agent who reads at night: locked at the fifth transcript", {}, async (desk) => {
  const agent = { name: "Nils Example", email: "nils@example.com", password: "paper boats beneath the bridge" };
  const title = "Somebody reads far more than they do";
  const atWork = await joined(desk, agent, "agent");
  await train(atWork);
  for (let day = 0; day < WORK_DAYS; day++) {
    const [id] = await conversations(desk, 1);
    const program = await Program.signIn(desk, agent);
    await program.done("POST", `/v1/inbox/${id}/claim`, {});
    assert.equal((await program.read(id, "support")).status, 200);
    await desk.pass(DAY - CODE_SECONDS);
  }
  await desk.pass(12 * HOUR);
  const ids = await conversations(desk, TRANSCRIPTS);
  await onGuard(desk);
  assert.equal(await row(desk, agent).count(), 0, "work is no incident");
  const theirs = await desk.another();
  await theirs.signIn(agent, "#/inbox", "Inbox");

  const program = await Program.signIn(desk, agent);
  const [read, refused] = await until(desk, ids, async (id) => {
    const claim = await program.send("POST", `/v1/inbox/${id}/claim`, {});
    return claim.status === 200 ? program.read(id, "support") : claim;
  });
  assert.deepEqual(refused, [401, "token_revoked"]);
  // The fifth claim is enough: detection may be quicker than the read behind it.
  assert.ok([4, 5].includes(read), `${read} read`);
  assert.deepEqual(refusal(await program.renew()), [401, "token_revoked"]);
  await told(desk, title);
  await opened(desk, agent, {
    title,
    measured: ["They read at an hour or on a weekday at which they never work.", "Measured 5; the rule speaks from 5 on."],
    evidence: /^The (9|10) events behind it$/,
    people: "5",
    action: "The account was locked",
    hours: /^by \d.*, in 7[12] hours$/,
  });
  await desk.looks("contained-night");
  // The inbox asks by itself.
  await theirs.pass(KNOWN_SECONDS);
  await locked(desk, theirs, agent);
  await desk.isClean();
});

test("an officer whose factor was reset: told of in the cool-down, and locked behind it", {}, async (desk) => {
  const reader = { name: "Rosa Example", email: "rosa@example.com", password: "slow trains along the coast" };
  const title = "Reads after the second factor was reset";
  await joined(desk, reader, "privacy");
  const ids = await conversations(desk, TRANSCRIPTS);
  await onGuard(desk);
  const atAdmin = await Program.signIn(desk, admin);
  const { invitation_token } = await atAdmin.done("PATCH", `/v1/auth/staff/${reader.id}`, { reset: "second_factor" });
  const cooling = await Program.accept(desk, reader, invitation_token);
  assert.deepEqual(refusal(await cooling.read(ids[0])), [403, "cooling_down"]);
  await told(desk, title);
  await row(desk, reader).getByText("Open", { exact: true }).waitFor();

  await desk.pass(DAY + 60);
  await onGuard(desk);
  const theirs = await desk.another();
  await theirs.signIn(reader);
  const program = await Program.signIn(desk, reader);
  assert.deepEqual(await until(desk, ids, (id) => program.read(id)), [10, [401, "token_revoked"]]);
  assert.deepEqual(refusal(await program.renew()), [401, "token_revoked"]);
  await desk.page.clock.fastForward(LOOK_MS);
  await opened(desk, reader, {
    title,
    measured: [
      "They used a right that rests for a day.",
      "Measured 1; the rule speaks from 1 on.",
      "Their password or second factor was reset in the last week, and they read.",
      "Measured 10; the rule speaks from 10 on.",
    ],
    evidence: "The 11 events behind it",
    people: "10",
    action: "The account was locked",
    hours: /^by \d.*, in 4[78] hours$/,
  });
  await desk.looks("contained-reset");
  await theirs.pass(KNOWN_SECONDS);
  await theirs.go("Your account");
  await locked(desk, theirs, reader);
  await desk.isClean();
});
