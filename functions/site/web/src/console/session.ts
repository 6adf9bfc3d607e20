import type { VNode } from "preact";
import { here, put } from "./address.ts";
import { Api, type Answer } from "./client.ts";
import { knowRoles } from "./cooling.tsx";
import { Idle } from "./idle.ts";
import { AUDITOR, LOG } from "./page.ts";
import { Problem } from "./problem.ts";
import { isShown, show, type View } from "./stage.tsx";
import { pageWords } from "./words.ts";

/** The screens of the session. They are built on it, and the entry hands them to it. */
export interface Screens {
  signIn: View;
  page: View;
  stepUp(): Promise<void>;
}

/** Work that goes on beside the pages for as long as somebody is signed in. */
export interface Duty {
  /** Somebody is signed in, perhaps the same person as before. */
  begin(): void;
  /** The session is about to be ended; it can still be used. */
  leave(): Promise<unknown>;
  /** There is no session for now; the same person may go on. */
  pause(): void;
  /** The session is over. Nothing of it stays in the browser. */
  end(): void;
}

const IDLE_LIMIT_MS = 30 * 60_000;
/** So long before a training ends the overview comes first. */
const FEW_DAYS_MS = 3 * 24 * 60 * 60_000;

let screens: Screens;
let duty: Duty;
let person: Answer<"GET /v1/auth/me"> | null = null;

export const api = new Api({
  stepUp: () => screens.stepUp(),
  ended: (code) => void toSignIn(code === "token_reused" ? pageWords().reused : pageWords().ended),
  activeSince: (time) => idle.activeSince(time),
});

const tabs = new BroadcastChannel("sotto-console");
const idle = new Idle(IDLE_LIMIT_MS, leaveIdle, () => tabs.postMessage("active"));

export function begin(shownBy: Screens, beside: Duty): void {
  screens = shownBy;
  duty = beside;
  tabs.addEventListener("message", ({ data }) => {
    if (data === "active") idle.seen();
    // Another tab signed in or out: this one has the same cookie and follows.
    else if (person || isShown(screens.signIn)) void start(person ? pageWords().endedElsewhere : "");
  });
}

/** The person who is signed in. */
export function me(): Answer<"GET /v1/auth/me"> | null {
  return person;
}

/** The person who is signed in, as the server knows them now. */
export async function meNow(): Promise<Answer<"GET /v1/auth/me">> {
  person = await api.call("GET /v1/auth/me");
  knowRoles(person);
  return person;
}

/** Takes up the session of an earlier visit and shows the page that the address names, or asks to sign in. */
export async function start(withoutSession = ""): Promise<void> {
  forget();
  await show(async (): Promise<VNode> => {
    const refusal = await api.resume();
    if (refusal) {
      void toSignIn(reasonOf(refusal, withoutSession));
      throw new Problem("cancelled");
    }
    await meNow();
    beginWork();
    void open();
    throw new Problem("cancelled");
  });
}

/** Why there is no session any more. Of one that never was, or whose cookie the browser has dropped, nothing is known. */
function reasonOf(refusal: string, withoutSession: string): string {
  if (refusal === "token_reused") return pageWords().reused;
  return refusal === "token_missing" ? withoutSession : withoutSession || pageWords().ended;
}

/** Somebody has just signed in. */
export async function enter(): Promise<void> {
  await meNow();
  beginWork();
  tabs.postMessage("changed");
  await open();
}

function beginWork(): void {
  idle.start();
  // Those who only answer visitors begin where visitors wait, unless the overview has something to tell them.
  if (here() === "/" && person?.roles.join() === "agent" && !person.reset && !isUntrainedSoon(person)) put("/inbox", true);
  duty.begin();
}

/** Whether work rests for want of a training, or will in a few days. */
function isUntrainedSoon({ training: { expires_at } }: Answer<"GET /v1/auth/me">): boolean {
  return !!expires_at && Date.parse(expires_at) - Date.now() <= FEW_DAYS_MS;
}

/** Shows the page that the address names. */
export async function open(said = ""): Promise<void> {
  const before = opened;
  if (here() === "/" && person?.roles.includes(AUDITOR)) put(LOG, true);
  const wanted = here();
  if (await show(screens.page, said)) {
    opened = wanted;
  } else if (person && here() === wanted) {
    // The person turned back, and the address does too.
    put(before ?? "/", true);
    if (before === null) await show(screens.page);
  }
}

/** The address of the page that is shown. */
let opened: string | null = null;

/** Goes to a page. With `inPlace`, it takes the place of the present one in the history. */
export function go(address: string, { said = "", inPlace = false } = {}): Promise<void> {
  put(address, inPlace);
  return open(said);
}

/** The history moved. */
export function moved(): void {
  if (person) void open();
}

export async function toSignIn(said = ""): Promise<void> {
  forget();
  duty.end();
  await show(screens.signIn, said);
}

export async function signOut(everywhere: boolean): Promise<void> {
  await duty.leave();
  await api.signOut(everywhere);
  tabs.postMessage("changed");
  // The next person to sign in begins at the overview.
  put("/");
  await toSignIn(pageWords().signedOut);
}

export function forget(): void {
  api.forget();
  person = null;
  knowRoles(null);
  opened = null;
  idle.stop();
  duty.pause();
}

function leaveIdle(): void {
  // It has the token that is forgotten next.
  void duty.leave();
  // A session that cannot be ended now, because the server is out of reach, ends by itself soon.
  api.abandon().catch(() => {});
  void toSignIn(pageWords().idle);
}
