import { button, h } from "../elements.ts";
import { Api } from "./api.ts";
import type { Me } from "./contract.ts";
import { textOf } from "./form.ts";
import { Idle } from "./idle.ts";
import { Problem, problemOf } from "./problem.ts";
import { accountView } from "./views/account.ts";
import { type InvitationLink, invitationView } from "./views/invitation.ts";
import { peopleView } from "./views/people.ts";
import { privacyView } from "./views/privacy/page.ts";
import { transcriptView, type Wanted } from "./views/privacy/transcript.ts";
import { signInView } from "./views/sign_in.ts";
import { stepUp } from "./views/step_up.ts";
import { dateIn, dayIn, type Locale, localeOf, WORDS, type Words } from "./words.ts";

/** What makes a view; called again when the language changes. */
type View = () => HTMLElement | Promise<HTMLElement>;

const IDLE_LIMIT_MS = 30 * 60_000;

/** The page: what is shown now, for whom, and in which language. Nothing of it is in the address or in a storage. */
export class App {
  readonly api: Api;
  me: Me | null = null;
  #locale: Locale = localeOf(location.search, navigator.language);
  #view: View = () => h("div");
  /** Views that ended may still be waiting for an answer: it is for nobody then. */
  #turn = 0;
  #leave = new AbortController();
  readonly #idle: Idle;
  readonly #tabs = new BroadcastChannel("sotto-console");
  readonly #header = h("header");
  readonly #main = h("main", { id: "content" });
  readonly #status = h("p", { role: "status", class: "status" });
  readonly #alert = h("p", { role: "alert", class: "alert" });

  constructor() {
    this.api = new Api({
      stepUp: () => stepUp(this),
      ended: (code) => this.toSignIn(code === "token_reused" ? this.words.reused : this.words.ended),
      activeSince: (time) => this.#idle.activeSince(time),
    });
    this.#idle = new Idle(IDLE_LIMIT_MS, () => this.#leaveIdle(), () => this.#tabs.postMessage("active"));
    this.#tabs.addEventListener("message", ({ data }) => {
      if (data === "active") this.#idle.seen();
      // Another tab signed in or out: this one has the same cookie and follows.
      else if (this.me || this.#view === this.#signIn) void this.start();
    });
    document.body.append(this.#header, h("div", { class: "notices" }, this.#status, this.#alert), this.#main);
  }

  get words(): Words {
    return WORDS[this.#locale];
  }

  date(time: string): string {
    return dateIn(this.#locale, time);
  }

  day(time: string): string {
    return dayIn(this.#locale, time);
  }

  get locale(): Locale {
    return this.#locale;
  }

  /** Ends when the view that is shown now does. */
  get leaving(): AbortSignal {
    return this.#leave.signal;
  }

  /** Takes up the session of an earlier visit, or asks to sign in. */
  async start(): Promise<void> {
    this.#forget();
    await this.show(async () => {
      const refusal = await this.api.resume();
      if (refusal) {
        void this.toSignIn(refusal === "token_reused" ? this.words.reused : "");
        throw new Problem("cancelled");
      }
      this.me = await this.api.call<Me>("GET", "/v1/auth/me");
      this.#idle.start();
      this.#view = () => accountView(this);
      return this.#view();
    });
  }

  /** Somebody has just signed in. */
  async enter(said = ""): Promise<void> {
    this.me = await this.api.call<Me>("GET", "/v1/auth/me");
    this.#idle.start();
    this.#tabs.postMessage("changed");
    await this.toAccount(said);
  }

  async open(invitation: InvitationLink): Promise<void> {
    this.#forget();
    await this.show(() => invitationView(this, invitation));
  }

  toAccount(said = ""): Promise<void> {
    return this.show(() => accountView(this), said);
  }

  toPeople(said = ""): Promise<void> {
    return this.show(() => peopleView(this), said);
  }

  toPrivacy(said = ""): Promise<void> {
    return this.show(() => privacyView(this), said);
  }

  toTranscripts(wanted: Wanted = {}): Promise<void> {
    return this.show(() => transcriptView(this, wanted));
  }

  toSignIn(said = ""): Promise<void> {
    this.#forget();
    return this.show(this.#signIn, said);
  }

  async signOut(everywhere: boolean): Promise<void> {
    await this.api.signOut(everywhere);
    this.#tabs.postMessage("changed");
    await this.toSignIn(this.words.signedOut);
  }

  /** Shows a view, with the focus on its heading, or on where in it one goes on, and says what led to it. */
  async show(view: View, said = ""): Promise<void> {
    const turn = ++this.#turn;
    const before = this.#view;
    this.#leave.abort();
    this.#leave = new AbortController();
    this.#view = view;
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    this.#main.ariaBusy = "true";
    const slow = setTimeout(() => this.say(this.words.loading), 500);
    let element: HTMLElement;
    try {
      element = await view();
    } catch (error) {
      if (problemOf(error).isSilent) {
        // The person turned back: what was shown stays.
        if (turn === this.#turn) this.#view = before;
        return;
      }
      element = this.#failure(error);
    } finally {
      clearTimeout(slow);
      if (turn === this.#turn) this.#main.ariaBusy = "false";
    }
    if (turn !== this.#turn) return;
    this.#dress(element.dataset["place"]);
    this.#alert.textContent = "";
    this.say(said);
    this.#main.replaceChildren(element);
    const heading = element.querySelector("h1");
    document.title = `${heading?.textContent ?? ""} – Sotto`;
    (element.querySelector<HTMLElement>("[data-here]") ?? heading)?.focus();
  }

  say(text: string): void {
    this.#status.textContent = text;
  }

  /** Does what a button stands for, and says what went wrong. */
  async attempt(run: () => Promise<void>, meaning: Record<string, string> = {}): Promise<void> {
    this.say("");
    this.#alert.textContent = "";
    try {
      await run();
    } catch (error) {
      this.complain(error, meaning);
    }
  }

  complain(error: unknown, meaning: Record<string, string> = {}): void {
    const problem = problemOf(error);
    if (problem.isSilent) return;
    this.#alert.textContent = textOf(this.words, problem, meaning);
    // It stands at the top, and what was pressed may be far below.
    this.#alert.scrollIntoView({ block: "nearest" });
  }

  readonly #signIn: View = () => signInView(this);

  #forget(): void {
    this.api.forget();
    this.me = null;
    this.#idle.stop();
  }

  #leaveIdle(): void {
    // A session that cannot be ended now, because the server is out of reach, ends by itself soon.
    this.api.abandon().catch(() => {});
    void this.toSignIn(this.words.idle);
  }

  #failure(error: unknown): HTMLElement {
    const text = h("p", {}, textOf(this.words, problemOf(error)));
    const again = button(this.words.retry, "primary", () => void this.show(this.#view));
    return h("section", { class: "card" }, headingOf(this.words.notShown), text, h("div", { class: "buttons" }, again));
  }

  /** The language, and the head of the page for whoever is signed in. */
  #dress(place: string | undefined): void {
    const { words } = this;
    document.documentElement.lang = this.#locale;
    const language = button(words.language.label, "link", () => void this.#speak(words.language.lang as Locale));
    language.lang = words.language.lang;
    const skip = h("a", { class: "skip", href: "#content" }, words.skip);
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.#main.querySelector("h1")?.focus();
    });
    this.#header.replaceChildren(skip, h("p", { class: "brand" }, words.brand));
    if (this.me) {
      const { roles } = this.me;
      const account = button(words.account, "link", () => void this.toAccount());
      const people = button(words.people, "link", () => void this.toPeople());
      const privacy = button(words.privacy.title, "link", () => void this.toPrivacy());
      const transcripts = button(words.transcript.title, "link", () => void this.toTranscripts());
      const out = button(words.signOut, "link", () => void this.attempt(() => this.signOut(false)));
      const current = { account, people, privacy, transcripts }[place ?? ""];
      if (current) current.ariaCurrent = "page";
      const places = [account];
      if (roles.includes("admin")) places.push(people);
      if (roles.includes("privacy")) places.push(privacy);
      if (roles.includes("privacy") || roles.includes("security")) places.push(transcripts);
      this.#header.append(h("nav", { "aria-label": words.navigation }, ...places, out));
    }
    this.#header.append(language);
  }

  #speak(locale: Locale): Promise<void> {
    this.#locale = locale;
    history.replaceState(null, "", `?lang=${locale}`);
    return this.show(this.#view);
  }
}

export function headingOf(text: string): HTMLHeadingElement {
  return h("h1", { tabindex: "-1" }, text);
}
