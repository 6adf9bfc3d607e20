import type { Locale } from "../contract.ts";
import { Problem } from "./api.ts";
import type { Conversation, Lead, Message } from "./conversation.ts";
import { button, field, form, h } from "../elements.ts";
import { ASSISTANT_NOTE, Log, type PendingMessage } from "./log.ts";
import { endPanel, leadPanel, ratingPanel } from "./panels.ts";
import { Unsent } from "./unsent.ts";
import { regionalTag, type Words } from "./words.ts";

const LONGEST_MESSAGE = "4000";
const POLL_MS = 10_000;

/** The calls that the screen makes to the window around it. */
interface Surroundings {
  /** Runs an action and tells the visitor if it failed. Answers whether it did not. */
  attempt(action: () => Promise<void>): Promise<boolean>;
  show(element: HTMLElement): void;
  /** Leaves the conversation if that failure means its end. */
  ended(error: unknown): boolean;
  /** For how many days contact details are kept. */
  leadDays(): number;
  /** The requests that the visitor may make about all of their data. */
  wishes(back: () => void): HTMLElement;
}

/** A conversation that goes on: what was said, a field to go on, and what else the visitor may ask for. */
export class ChatScreen {
  readonly element: HTMLElement;
  readonly #log: Log;
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #cut = h("p", { class: "status", role: "status" });
  readonly #broken = h("p", { class: "alert", role: "alert" });
  readonly #input = h("textarea", {
    rows: "2",
    maxlength: LONGEST_MESSAGE,
    required: true,
    "aria-describedby": ASSISTANT_NOTE,
  });
  readonly #handover: HTMLButtonElement;
  readonly #poll = setInterval(() => void this.#look(), POLL_MS);
  /** Messages go out one after the other, in the order in which they were written. */
  #line: Promise<void> = Promise.resolve();
  #underWay = 0;
  readonly #unsent: Unsent;

  constructor(
    private readonly words: Words,
    private readonly locale: Locale,
    private readonly conversation: Conversation,
    kem: string,
    messages: Message[],
    private readonly around: Surroundings,
  ) {
    this.#log = new Log(words, locale);
    this.#unsent = new Unsent(conversation.state.id);
    messages.forEach((message) => this.#log.show(message));
    this.#handover = button(words.handover, "chip", () => void this.#handOver());
    this.element = h(
      "div",
      { class: "chat" },
      this.#protection(kem),
      this.#broken,
      this.#log.element,
      this.#status,
      this.#cut,
      this.#composer(),
      this.#actions(),
    );
    this.#showStatus();
    this.#showSoundness();
    void this.#showUnsent();
  }

  scrollToEnd(): void {
    this.#log.scrollToEnd();
  }

  leave(): void {
    clearInterval(this.#poll);
  }

  /** The conversation is over for good. */
  forget(): void {
    this.leave();
    this.#unsent.forget();
  }

  #protection(kem: string): HTMLElement {
    const { protection, protectionText, keptUntil, suite } = this.words;
    const calendar = new Intl.DateTimeFormat(regionalTag(this.locale), { dateStyle: "medium" });
    const kept = keptUntil(calendar.format(new Date(this.conversation.state.expires_at)));
    const lines = [...protectionText, suite(`${kem}, AES-256-GCM`)].map((line) => h("p", {}, line));
    const wishes = this.around.wishes(() => this.#back());
    return h("details", { class: "protection" }, h("summary", {}, `${protection} · ${kept}`), ...lines, wishes);
  }

  #composer(): HTMLElement {
    const composer = form(
      "composer",
      async () => this.#send(),
      field(this.words.message, this.#input),
      h("button", { type: "submit", class: "primary" }, this.words.send),
    );
    this.#input.addEventListener("keydown", (event) => {
      // 229: an input method took the key, in Safari even after the composition has ended.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      composer.requestSubmit();
    });
    this.#input.addEventListener("paste", (event) => {
      const room = Number(LONGEST_MESSAGE) - this.#input.value.length + this.#input.selectionEnd - this.#input.selectionStart;
      const pasted = event.clipboardData?.getData("text/plain").replaceAll("\r\n", "\n").length ?? 0;
      this.#cut.textContent = pasted > room ? this.words.tooLong(LONGEST_MESSAGE) : "";
    });
    return composer;
  }

  #actions(): HTMLElement {
    const back = () => this.#back();
    const lead = () => leadPanel(this.words, this.around.leadDays(), (details) => this.#leaveLead(details), back);
    const rating = () => ratingPanel(this.words, (score, comment) => this.#rate(score, comment), back);
    const end = () => endPanel(this.words, () => this.#close(), back);
    return h(
      "div",
      { class: "actions" },
      this.#handover,
      button(this.words.lead, "chip", () => this.around.show(lead())),
      button(this.words.rate, "chip", () => this.around.show(rating())),
      button(this.words.end, "chip", () => this.around.show(end())),
    );
  }

  #back(): void {
    this.around.show(this.element);
  }

  #send(): void {
    const text = this.#input.value;
    if (!text.trim()) return;
    this.#input.value = "";
    this.#cut.textContent = "";
    this.#deliver(text, crypto.randomUUID(), this.#log.showPending(text));
  }

  /** However often it is tried: with one key it is one message. */
  #deliver(text: string, idempotencyKey: string, pending: PendingMessage): void {
    this.#underWay++;
    this.#unsent.add(idempotencyKey, text);
    this.#line = this.#line.then(async () => {
      const delivered = await this.around.attempt(async () => {
        const { message, reply } = await this.conversation.send(text, idempotencyKey);
        this.#unsent.remove(idempotencyKey);
        pending.sent(message);
        if (reply) this.#log.show(reply);
        this.#showStatus();
      });
      this.#underWay--;
      if (delivered) return;
      pending.failed(() => {
        this.#input.focus();
        this.#deliver(text, idempotencyKey, pending);
      });
    });
  }

  async #handOver(): Promise<void> {
    await this.around.attempt(async () => {
      await this.conversation.handOver();
      // The button that was pressed goes away, and the focus must not go with it.
      this.#input.focus();
      this.#showStatus();
    });
  }

  async #leaveLead(lead: Lead): Promise<void> {
    await this.around.attempt(async () => {
      await this.conversation.leaveLead(lead);
      this.#back();
      this.#log.note(this.words.leadDone);
    });
  }

  async #rate(score: number, comment: string | null): Promise<void> {
    await this.around.attempt(async () => {
      await this.conversation.rate(score, comment);
      this.#back();
      this.#log.note(this.words.rateDone);
    });
  }

  async #close(): Promise<void> {
    await this.around.attempt(async () => {
      await this.conversation.close();
      this.around.ended(new Problem("conversation_closed"));
    });
  }

  #showStatus(): void {
    const { status } = this.conversation.state;
    const said = { open: "", waiting: this.words.waiting, with_agent: this.words.withAgent, closed: "" }[status];
    if (this.#status.textContent !== said) this.#status.textContent = said;
    this.#handover.hidden = status !== "open";
  }

  #showSoundness(): void {
    this.#broken.textContent = this.conversation.isSound ? "" : this.words.broken;
  }

  /** Shows what could not be sent before the page was reloaded, to be sent under the same keys. */
  async #showUnsent(): Promise<void> {
    for (const { key, text } of await this.#unsent.recall()) {
      const pending = this.#log.showPending(text);
      pending.failed(() => this.#deliver(text, key, pending), this.words.unsentKept);
    }
  }

  /** A person answers when they can, so while one is asked the widget asks for news. */
  async #look(): Promise<void> {
    const { status } = this.conversation.state;
    const inView = this.element.getClientRects().length > 0 && document.visibilityState === "visible";
    if (!inView || this.#underWay > 0 || (status !== "waiting" && status !== "with_agent")) return;
    try {
      await this.conversation.refresh();
      const messages = await this.conversation.messages();
      // A message that was sent meanwhile is shown by its own answer, once.
      if (this.#underWay > 0) return;
      messages.forEach((message) => this.#log.show(message));
      this.#showStatus();
      this.#showSoundness();
      if (this.conversation.state.status === "closed") this.around.ended(new Problem("conversation_closed"));
    } catch (error) {
      this.around.ended(error);
    }
  }
}
