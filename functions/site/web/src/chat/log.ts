import type { Locale } from "../contract.ts";
import type { Message } from "./conversation.ts";
import { button, h } from "../elements.ts";
import type { Site } from "./site.ts";
import { regionalTag, type Words } from "./words.ts";

/** Id of the line that says that a machine answers; the message field refers to it. */
export const ASSISTANT_NOTE = "assistant";
/** Pixels from the end at which a reader still follows what is added. */
const NEAR_END = 80;

/** What the messages themselves offer to do. */
interface Offers {
  /** Says a text, or chooses an entry with this title. */
  choose(text: string, choice?: string): void;
  handOver(): void;
  leaveContact(): void;
  /** Whether an answer helped. Answers whether the server knows it now. */
  giveFeedback(messageId: string, helpful: boolean): Promise<boolean>;
}

interface Pending {
  text: string;
  element: HTMLElement;
  arrived(message: Message): void;
}

/** The conversation as it is read: a live region, so that what is added is also spoken. */
export class Log {
  readonly element: HTMLElement;
  readonly #assistant: HTMLElement;
  /** The newest message that was shown. */
  lastId = "";
  readonly #shown = new Map<string, HTMLElement>();
  readonly #pending = new Set<Pending>();
  readonly #clock: Intl.DateTimeFormat;
  /** Not spoken: the mark moves down with each message that is read. */
  readonly #seenMark: HTMLElement;

  constructor(
    private readonly words: Words,
    locale: Locale,
    private readonly offers: Offers,
  ) {
    this.#clock = new Intl.DateTimeFormat(regionalTag(locale), { timeStyle: "short" });
    this.#seenMark = h("span", { "aria-live": "off" }, ` · ${words.seen}`);
    this.#assistant = h("p", { class: "note", id: ASSISTANT_NOTE }, words.assistant);
    // Reachable by Tab, because a region that scrolls must scroll by keyboard too.
    this.element = h("div", { class: "log", role: "log", "aria-label": words.log, tabindex: "0" }, this.#assistant);
  }

  /** Whether a person answers, so that the line about the machine does not hold. */
  answeredByPerson(isPerson: boolean): void {
    this.#assistant.hidden = isPerson;
  }

  /** The first words, and questions to ask by a click. They are part of no conversation. */
  greet({ greeting, suggested }: Site): void {
    if (greeting) this.#add(this.#bubble({ author: "bot", text: greeting }));
    if (suggested.length > 0) this.#add(this.#chips(this.words.suggested, suggested.map((text) => ({ title: text }))));
  }

  /** A line that nobody wrote, and perhaps a button to go on with. */
  note(text: string, ...more: Node[]): HTMLElement {
    const note = h("div", { class: "note" }, h("p", {}, text), ...more);
    this.#add(note);
    return note;
  }

  contactButton(): HTMLButtonElement {
    return button(this.words.lead, "chip", () => this.offers.leaveContact());
  }

  /**
   * Messages in the order in which they were said; those that are there already say where the others belong.
   * Answers how many are new and not the visitor's.
   */
  show(messages: Message[]): number {
    const fromOthers = messages.filter(({ id, author }) => author !== "visitor" && !this.#shown.has(id)).length;
    let added: HTMLElement[] = [];
    for (const message of messages) {
      const known = this.#shown.get(message.id) ?? this.#arrived(message);
      if (known) {
        known.before(...added);
        added = [];
      } else {
        const bubble = this.#bubble(message, this.#foot(message), ...this.#offered(message));
        this.#shown.set(message.id, bubble);
        added.push(bubble);
      }
    }
    this.#add(...added);
    this.lastId = messages.at(-1)?.id ?? this.lastId;
    return fromOthers;
  }

  /** Whether a message of the visitor's with this text stands here. */
  shows(text: string): boolean {
    return [...this.#shown.values()].some((element) => element.matches(".visitor") && element.querySelector(".text")?.textContent === text);
  }

  /** The visitor's own message while it is under way. `onArrival` hears of it if it turns out that it has arrived. */
  showPending(text: string, onArrival: () => void): PendingMessage {
    const foot = h("p", { class: "foot" }, this.words.sending);
    const element = this.#bubble({ author: "visitor", text }, foot);
    let id: string | null = null;
    const pending: Pending = {
      text,
      element,
      arrived: (message) => {
        id = message.id;
        this.#pending.delete(pending);
        this.#shown.set(id, element);
        foot.replaceWith(this.#foot(message));
        onArrival();
      },
    };
    this.#pending.add(pending);
    this.element.append(element);
    this.scrollToEnd();
    return {
      sent: (message) => {
        if (this.#shown.has(message.id)) {
          // News were quicker than the answer, and it stands here already.
          if (id === null) element.remove();
          this.#pending.delete(pending);
        } else if (id === null) {
          pending.arrived(message);
        } else {
          // The same text was said in another tab too.
          this.show([message]);
        }
      },
      failed: (retry, why = this.words.notSent) => {
        if (id !== null) return;
        const again = button(this.words.again, "link", () => {
          foot.replaceChildren(this.words.sending);
          retry();
        });
        foot.replaceChildren(`${why} `, again);
        this.scrollToEnd();
      },
    };
  }

  /** Marks the visitor's last message up to this one as read by the agent. */
  markSeen(id: string | null): void {
    let element: Element | null | undefined = id === null ? null : this.#shown.get(id);
    while (element && !element.matches(".visitor")) element = element.previousElementSibling;
    const foot = element?.querySelector(".foot");
    if (foot && !foot.contains(this.#seenMark)) foot.append(this.#seenMark);
  }

  scrollToEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Changes something around or in the log, of which the end stays in view for somebody who was there. */
  keepingEnd(change: () => void): void {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    change();
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.scrollToEnd();
  }

  /** A message of which nobody could say whether it had arrived. */
  #arrived(message: Message): HTMLElement | null {
    if (message.author !== "visitor") return null;
    const pending = [...this.#pending].find(({ text }) => text === message.text);
    pending?.arrived(message);
    return pending?.element ?? null;
  }

  #isPending(element: Element): boolean {
    return [...this.#pending].some((pending) => pending.element === element);
  }

  #bubble({ author, name, text }: Pick<Message, "author" | "name" | "text">, ...below: HTMLElement[]): HTMLElement {
    const by = h("p", { class: "author" }, name ? `${name} · ${this.words[author]}` : this.words[author]);
    return h("div", { class: `message ${author}` }, by, h("p", { class: "text", dir: "auto" }, text), ...below);
  }

  #foot(message: Message): HTMLElement {
    const at = new Date(message.created_at);
    const foot = h("p", { class: "foot" }, h("time", { datetime: message.created_at }, this.#clock.format(at)));
    const titles = (message.sources ?? []).map(({ title }) => title);
    if (titles.length > 0) foot.prepend(`${this.words.from}: ${titles.join(", ")} · `);
    return foot;
  }

  #offered({ id, author, sources = [], choices = [], offers_person, offers_contact }: Message): HTMLElement[] {
    if (author !== "bot") return [];
    const offered: HTMLElement[] = [];
    if (sources.length > 0) offered.push(this.#feedback(id));
    if (choices.length > 0) offered.push(this.#choices(choices));
    if (offers_person) offered.push(button(this.words.handover, "chip offers-person", () => this.offers.handOver()));
    if (offers_contact) offered.push(this.contactButton());
    return offered;
  }

  /** The entries that may be meant. */
  #choices(entries: { id: string; title: string }[]): HTMLElement {
    return this.#chips(this.words.choices, [...entries, { title: this.words.other }]);
  }

  /** Texts to say by a click. They go away with the next message (chat.css). */
  #chips(label: string, texts: { id?: string; title: string }[]): HTMLElement {
    const chip = ({ id, title }: { id?: string; title: string }) => h("li", {}, button(title, "chip", () => this.offers.choose(title, id)));
    return h("ul", { class: "choices", "aria-label": label }, ...texts.map(chip));
  }

  /** The last word counts, so both buttons stay. */
  #feedback(id: string): HTMLElement {
    const press = (pressed: string | null) => choices.forEach((choice) => (choice.ariaPressed = String(choice.value === pressed)));
    const choices = [["yes", this.words.yes], ["no", this.words.no]].map(([value = "", label = ""]) => {
      const choice = button(label, "link", async () => {
        const before = choices.find(({ ariaPressed }) => ariaPressed === "true")?.value ?? null;
        press(value);
        if (!(await this.offers.giveFeedback(id, value === "yes"))) press(before);
      });
      choice.value = value;
      return choice;
    });
    press(null);
    return h("div", { class: "helpful", role: "group", "aria-label": this.words.helpful }, h("span", {}, this.words.helpful), ...choices);
  }

  /** What is under way stays at the end. */
  #add(...elements: HTMLElement[]): void {
    if (elements.length === 0) return;
    this.keepingEnd(() => {
      let end = this.element.lastElementChild;
      while (end && this.#isPending(end)) end = end.previousElementSibling;
      (end ?? this.#assistant).after(...elements);
    });
  }
}

export interface PendingMessage {
  sent(message: Message): void;
  failed(retry: () => void, why?: string): void;
}
