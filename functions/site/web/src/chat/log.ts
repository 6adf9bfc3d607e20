import type { Locale } from "../contract.ts";
import type { Message } from "./conversation.ts";
import { button, h } from "../elements.ts";
import { regionalTag, type Words } from "./words.ts";

/** Id of the line that says that a machine answers; the message field refers to it. */
export const ASSISTANT_NOTE = "assistant";

/** The conversation as it is read: a live region, so that what is added is also spoken. */
export class Log {
  readonly element: HTMLElement;
  readonly #shown = new Set<string>();
  readonly #clock: Intl.DateTimeFormat;

  constructor(
    private readonly words: Words,
    locale: Locale,
  ) {
    this.#clock = new Intl.DateTimeFormat(regionalTag(locale), { timeStyle: "short" });
    // Reachable by Tab, because a region that scrolls must scroll by keyboard too.
    this.element = h("div", { class: "log", role: "log", "aria-label": words.log, tabindex: "0" });
    this.#add(h("p", { class: "note", id: ASSISTANT_NOTE }, words.assistant));
  }

  /** A line that nobody wrote. */
  note(text: string): void {
    this.#add(h("p", { class: "note" }, text));
  }

  show(message: Message): void {
    if (this.#shown.has(message.id)) return;
    this.#shown.add(message.id);
    const foot = this.#foot(message);
    this.#add(this.#bubble(message.author, message.text, foot));
  }

  /** The visitor's own message while it is under way. */
  showPending(text: string): PendingMessage {
    const foot = h("p", { class: "foot" }, this.words.sending);
    const bubble = this.#bubble("visitor", text, foot);
    this.#add(bubble);
    return {
      sent: (message) => {
        this.#shown.add(message.id);
        foot.replaceWith(this.#foot(message));
      },
      failed: (retry, why = this.words.notSent) => {
        const again = button(this.words.again, "link", () => {
          foot.replaceChildren(this.words.sending);
          retry();
        });
        foot.replaceChildren(`${why} `, again);
        this.scrollToEnd();
      },
    };
  }

  #bubble(author: Message["author"], text: string, foot: HTMLElement): HTMLElement {
    const name = h("p", { class: "author" }, this.words[author]);
    return h("div", { class: `message ${author}` }, name, h("p", { class: "text", dir: "auto" }, text), foot);
  }

  #foot(message: Message): HTMLElement {
    const at = new Date(message.created_at);
    const foot = h("p", { class: "foot" }, h("time", { datetime: message.created_at }, this.#clock.format(at)));
    const titles = (message.sources ?? []).map(({ title }) => title);
    if (titles.length > 0) foot.prepend(`${this.words.from}: ${titles.join(", ")} · `);
    return foot;
  }

  #add(element: HTMLElement): void {
    this.element.append(element);
    this.scrollToEnd();
  }

  scrollToEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

export interface PendingMessage {
  sent(message: Message): void;
  failed(retry: () => void, why?: string): void;
}
