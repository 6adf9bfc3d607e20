import type { Locale } from "../contract.ts";
import type { Conversation, Handover, Lead, Message, News, Queue } from "./conversation.ts";
import { button, field, form, h } from "../elements.ts";
import { Live } from "./live.ts";
import { ASSISTANT_NOTE, Log, type PendingMessage } from "./log.ts";
import { endPanel, leadPanel, ratingPanel } from "./panels.ts";
import type { Site } from "./site.ts";
import { Unsent, type UnsentMessage } from "./unsent.ts";
import { regionalTag, type Words } from "./words.ts";

const LONGEST_MESSAGE = "4000";
/** Id of the line that says which person answers. */
const PERSON_NOTE = "person";

/** The calls that the screen makes to the window around it. */
interface Surroundings {
  /** Runs an action and tells the visitor if it failed. Answers whether it did not. */
  attempt(action: () => Promise<void>): Promise<boolean>;
  show(element: HTMLElement): void;
  /** Leaves the conversation if that failure means its end. */
  ended(error: unknown): boolean;
  /** Whether the chat is on the screen. */
  isOpen(): boolean;
  /** So many messages of others came. */
  came(count: number): void;
  /** A person is asked for or answers, and this is the newest message; null at other times. */
  live(lastId: string | null): void;
  closedByVisitor(): void;
  /** Another conversation, after this one. */
  restart(): void;
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
  readonly #composer: HTMLFormElement;
  readonly #actions: HTMLElement;
  /** Not spoken: it changes with every pause in the typing. */
  readonly #person = h("p", { class: "status person", id: PERSON_NOTE });
  #isTyping = false;
  /** Why nobody answers, as it was said last. */
  #nobody: HTMLElement | null = null;
  readonly #live: Live;
  /** The name of the person who answers; undefined while one does whose name is not known yet. */
  #agent: string | null | undefined;
  #queue: Queue | null = null;
  /** The wait that is left, counted down aside from the status that is spoken. */
  readonly #estimate = h("span", { "aria-live": "off" });
  #estimateEnds = 0;
  #said = "";
  #isLost = false;
  /** Messages go out one after the other, in the order in which they were written. */
  #line: Promise<void> = Promise.resolve();
  readonly #unsent: Unsent;

  constructor(
    private readonly words: Words,
    private readonly locale: Locale,
    private readonly conversation: Conversation,
    kem: string,
    { messages, site }: { messages: Message[]; site: Site },
    private readonly around: Surroundings,
  ) {
    this.#log = new Log(words, locale, {
      choose: (text, choice) => this.#choose(text, choice),
      handOver: () => void this.#handOver(),
      leaveContact: () => this.#leaveContact(),
      giveFeedback: (id, helpful) => around.attempt(() => conversation.giveFeedback(id, helpful)),
    });
    this.#unsent = new Unsent(conversation.state.id);
    this.#agent = conversation.state.status === "with_agent" ? undefined : null;
    if (messages.length === 0) this.#log.greet(site);
    this.#log.show(messages);
    this.#composer = this.#makeComposer();
    this.#actions = this.#makeActions();
    this.element = h(
      "div",
      { class: "chat" },
      this.#protection(kem),
      this.#broken,
      this.#log.element,
      this.#status,
      this.#person,
      this.#cut,
      this.#composer,
      this.#actions,
    );
    this.#live = new Live(conversation, {
      isOpen: () => around.isOpen(),
      tell: (news) => this.#tell(news),
      lost: (isLost) => {
        this.#isLost = isLost;
        this.#showStatus();
      },
      ended: (error) => around.ended(error),
    });
    this.#showStatus();
    this.#showSoundness();
    void this.#showUnsent();
  }

  scrollToEnd(): void {
    this.#log.scrollToEnd();
  }

  /** The visitor looks again: asks for news at once, if there may be some. */
  shown(): void {
    this.#showStatus();
    this.#live.take(undefined);
  }

  leave(): void {
    this.#live.stop();
    this.around.live(null);
  }

  /**
   * Others have ended it: it stays to be read, and so does a text that was not sent. `agent` is the person who was in it.
   */
  closed(agent: string | null = null): void {
    if (this.#input.readOnly) return;
    this.conversation.state.status = "closed";
    this.#agent = null;
    this.#showStatus();
    this.#log.note(agent === null ? this.words.closed : this.words.endedBy(agent));
    const hadFocus = (this.element.getRootNode() as ShadowRoot).activeElement;
    const restart = button(this.words.restart, "primary", () => this.around.restart());
    this.#input.readOnly = true;
    this.#composer.querySelector("button")?.remove();
    this.#composer.hidden = this.#input.value === "";
    this.#actions.replaceChildren(restart, this.#rateButton("secondary"));
    this.forget();
    if (hadFocus) restart.focus();
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

  #makeComposer(): HTMLFormElement {
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
    this.#input.addEventListener("input", () => this.#input.value.trim() && this.#live.typed());
    this.#input.addEventListener("paste", (event) => {
      const room = Number(LONGEST_MESSAGE) - this.#input.value.length + this.#input.selectionEnd - this.#input.selectionStart;
      const pasted = event.clipboardData?.getData("text/plain").replaceAll("\r\n", "\n").length ?? 0;
      this.#cut.textContent = pasted > room ? this.words.tooLong(LONGEST_MESSAGE) : "";
    });
    return composer;
  }

  #makeActions(): HTMLElement {
    const end = () => endPanel(this.words, () => this.#close(), () => this.#back());
    return h(
      "div",
      { class: "actions" },
      button(this.words.handover, "chip offers-person", () => void this.#handOver()),
      button(this.words.lead, "chip offers-contact", () => this.#leaveContact()),
      this.#rateButton("chip"),
      button(this.words.end, "chip", () => this.around.show(end())),
    );
  }

  #rateButton(className: string): HTMLButtonElement {
    const rating = () => ratingPanel(this.words, (score, comment) => this.#rate(score, comment), () => this.#back());
    return button(this.words.rate, className, () => this.around.show(rating()));
  }

  #leaveContact(): void {
    const days = this.around.leadDays();
    this.around.show(leadPanel(this.words, days, (details) => this.#leaveLead(details), () => this.#back()));
  }

  #back(): void {
    this.around.show(this.element);
  }

  #send(): void {
    const text = this.#input.value;
    if (!text.trim() || this.#input.readOnly) return;
    this.#input.value = "";
    this.#cut.textContent = "";
    this.#say({ key: crypto.randomUUID(), text });
  }

  /** The button that was pressed goes away, and the focus must not go with it. */
  #choose(text: string, choice?: string): void {
    this.#input.focus();
    this.#say({ key: crypto.randomUUID(), text, ...(choice !== undefined && { choice }) });
  }

  #say(message: UnsentMessage): void {
    this.#deliver(message, this.#showPending(message));
  }

  #showPending({ key, text }: UnsentMessage): PendingMessage {
    return this.#log.showPending(text, () => this.#unsent.remove(key));
  }

  /** However often it is tried: with one key it is one message. */
  #deliver(unsent: UnsentMessage, pending: PendingMessage): void {
    this.#unsent.add(unsent);
    this.#line = this.#line.then(async () => {
      const delivered = await this.around.attempt(async () => {
        const { message, reply, status, news } = await this.conversation.send(unsent);
        this.#unsent.remove(unsent.key);
        pending.sent(message);
        if (reply) this.#log.show([message, reply]);
        this.conversation.state.status = status;
        this.#showStatus();
        this.#live.take(news);
      });
      if (delivered) return;
      pending.failed(() => {
        this.#input.focus();
        this.#deliver(unsent, pending);
      });
    });
  }

  async #handOver(): Promise<void> {
    await this.around.attempt(async () => {
      const answer = await this.conversation.handOver();
      this.conversation.state.status = answer.status;
      this.#showQueue(answer.queue ?? null);
      // The button that was pressed goes away, and the focus must not go with it.
      this.#input.focus();
      this.#showStatus();
      if (answer.status === "open") this.#tellNobody(answer);
      else this.#live.now();
    });
  }

  /** Never a silent queue: the bot goes on, and the visitor may say how to be reached. */
  #tellNobody({ open_now, next_opening }: Pick<Handover, "open_now" | "next_opening">): void {
    const lines = [open_now ? this.words.nobody : this.words.closedNow];
    if (next_opening) {
      const at = new Date(next_opening);
      // After a week the name of a day is not enough.
      const isFar = at.getTime() - Date.now() > 6 * 24 * 60 * 60_000;
      const style: Intl.DateTimeFormatOptions = { weekday: "long", hour: "numeric", minute: "2-digit", ...(isFar && { day: "numeric", month: "long" }) };
      lines.push(this.words.opensAt(new Intl.DateTimeFormat(regionalTag(this.locale), style).format(at)));
    }
    this.#nobody?.remove();
    this.#nobody = this.#log.note(lines.join(" "), this.#log.contactButton());
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
      this.around.closedByVisitor();
    });
  }

  /** What is new, once: arrivals before what was said, departures after it. */
  #tell(news: News): void {
    const name = news.agent?.name ?? null;
    const before = this.#agent;
    if (name !== null && before !== undefined && name !== before) {
      this.#log.note(before === null ? this.words.joined(name) : this.words.tookOver(name, before));
    }
    this.around.came(this.#log.show(news.items));
    this.#log.markSeen(news.seen ?? null);
    if (name === null && before !== null) this.#tellDeparture(before ?? this.words.somebody, news.status);
    else if (this.conversation.state.status === "waiting" && news.status === "open" && before === null) {
      this.#tellNobody(news.opening ?? { open_now: true, next_opening: null });
    }
    this.#agent = name ?? (news.status === "with_agent" ? before : null);
    this.#showQueue(news.queue ?? null);
    this.conversation.state.status = news.status;
    this.#isTyping = news.typing;
    this.#showStatus();
    if (news.integrity !== "ok") this.conversation.isSound = false;
    this.#showSoundness();
    if (news.status === "closed") this.closed(before === undefined ? this.words.somebody : before);
  }

  #tellDeparture(name: string, status: News["status"]): void {
    if (status === "waiting") this.#log.note(this.words.backInQueue(name));
    if (status === "open") this.#log.note(this.words.backToBot(name));
  }

  #showStatus(): void {
    const { status } = this.conversation.state;
    const isPerson = status === "with_agent";
    this.#log.keepingEnd(() => {
      const said = this.#isLost ? this.words.lost : status === "waiting" ? this.#waiting() : "";
      if (this.#said !== said) this.#status.replaceChildren(...(said ? [said, this.#estimate] : []));
      this.#said = said;
      const minutes = Math.ceil((this.#estimateEnds - Date.now()) / 60_000);
      const estimate = status === "waiting" && minutes > 0 && !this.#isLost ? ` ${this.words.estimate(minutes)}` : "";
      write(this.#estimate, estimate);
      const name = this.#agent ?? this.words.somebody;
      const doing = this.#isTyping ? this.words.typing(name) : this.words.withAgent(name);
      write(this.#person, isPerson && !this.#isLost ? doing : "");
      this.#log.answeredByPerson(isPerson);
      this.element.dataset.status = status;
    });
    this.#input.setAttribute("aria-describedby", isPerson ? PERSON_NOTE : ASSISTANT_NOTE);
    this.around.live(isPerson || status === "waiting" ? this.#log.lastId : null);
  }

  #waiting(): string {
    return this.#queue ? `${this.words.waiting} ${this.words.place(this.#queue.position)}` : this.words.waiting;
  }

  #showQueue(queue: Queue | null): void {
    this.#queue = queue;
    const seconds = queue?.estimated_wait_seconds ?? null;
    this.#estimateEnds = seconds === null ? 0 : Date.now() + seconds * 1000;
  }

  #showSoundness(): void {
    write(this.#broken, this.conversation.isSound ? "" : this.words.broken);
  }

  /** Shows what could not be sent before the page was reloaded, to be sent under the same keys. */
  async #showUnsent(): Promise<void> {
    for (const unsent of await this.#unsent.recall()) {
      const pending = this.#showPending(unsent);
      const send = () => this.#deliver(unsent, pending);
      // It may be the one that stands in the log, and only its answer was lost: the server knows it by its key.
      if (this.#log.shows(unsent.text)) send();
      else pending.failed(send, this.words.unsentKept);
    }
  }
}

/** Leaves alone what says so already: written anew it would be spoken anew. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
