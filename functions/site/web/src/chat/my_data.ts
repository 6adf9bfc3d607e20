import type { Locale } from "../contract.ts";
import { download, downloadJson } from "../download.ts";
import { button, h } from "../elements.ts";
import { harmless } from "../page.ts";
import { type Api, Problem } from "./api.ts";
import { erasePanel, forgetPanel } from "./panels.ts";
import type { Receipt } from "./receipt.ts";
import type { Words } from "./words.ts";

/** A whole document, of as much as fits into one answer. */
interface Part {
  path: string;
  document: unknown;
}

const EXPORT = "/v1/me/export";

/** The calls that this makes to the window around it. */
interface Surroundings {
  /** Runs an action and tells the visitor if it failed. */
  attempt(action: () => Promise<void>): Promise<boolean>;
  show(element: HTMLElement): void;
  /** Nothing is stored about the visitor any more. */
  erased(receipt: Receipt): void;
  /** Nothing about the visitor is to stay in this browser. */
  forgotten(): void;
  /** Throws unless the receipt is signed, and is the visitor's. */
  verify(receipt: unknown): Promise<void>;
}

/** The requests that visitors may make about all of their data: a copy, or its deletion. */
export class MyData {
  constructor(
    private readonly words: Words,
    private readonly locale: Locale,
    private readonly api: Api,
    private readonly around: Surroundings,
  ) {}

  /** All requests, to be shown beside the data. `back` is for somebody who changes their mind. */
  wishes(back: () => void): HTMLElement {
    const wishes = this.#copies(back);
    wishes.lastElementChild?.before(button(this.words.forget, "link", () => this.#askToForget(back)));
    return wishes;
  }

  /** A copy, or the end of everything. */
  #copies(back: () => void): HTMLElement {
    const { words } = this;
    const said = h("p", { role: "status" });
    const page = this.#saving(words.savePage, said, async () => {
      const pages = await this.#pages();
      const type = "text/html;charset=utf-8";
      pages.forEach((page, i) => download(nameOf(i, pages.length, "html"), type, harmless(page)));
    });
    const data = this.#saving(words.saveData, said, async () => {
      const parts = await this.#parts();
      parts.forEach(({ document }, i) => downloadJson(nameOf(i, parts.length, "json"), document));
    });
    const erase = button(words.eraseData, "link", () => this.#ask(back));
    return h("div", { class: "data" }, page, data, erase, said);
  }

  /** A button that saves something and says so. */
  #saving(label: string, said: HTMLElement, save: () => Promise<void>): HTMLButtonElement {
    const pressed: HTMLButtonElement = button(label, "link", async () => {
      if (pressed.ariaBusy === "true") return;
      pressed.ariaBusy = "true";
      said.textContent = this.words.loading;
      const isSaved = await this.around.attempt(save);
      said.textContent = isSaved ? this.words.dataSaved : "";
      pressed.ariaBusy = "false";
    });
    return pressed;
  }

  /** All parts as data, and where each begins. */
  async #parts(): Promise<Part[]> {
    const parts: Part[] = [];
    let path = EXPORT;
    do {
      const { body } = await this.api.call({ method: "GET", path, isLong: true });
      parts.push({ path, document: body });
      const { next_cursor } = body as { next_cursor: string | null };
      path = next_cursor ? `${EXPORT}?cursor=${encodeURIComponent(next_cursor)}` : "";
    } while (path);
    return parts;
  }

  /** The same as pages. Where the next one begins, a page says only to people. */
  async #pages(): Promise<string[]> {
    const pages: string[] = [];
    for (const { path } of await this.#parts()) {
      const { body } = await this.api.call({ method: "GET", path, pageIn: this.locale, isLong: true });
      pages.push(String(body));
    }
    return pages;
  }

  #ask(back: () => void): void {
    // However often it is tried: with one key it is one erasure.
    const idempotencyKey = crypto.randomUUID();
    const erase = () =>
      this.around.attempt(async () => {
        const { body } = await this.api.call({ method: "DELETE", path: "/v1/me", idempotencyKey, isLong: true });
        // The visitor's key is forgotten for nothing less than the proof that all is gone.
        await this.around.verify(body).catch((error: unknown) => {
          throw error instanceof Problem ? error : new Problem("receipt_unproven");
        });
        // Asked for once: what it would give access to is gone already.
        await this.api.endSessions(1).catch(() => undefined);
        this.around.erased(body as Receipt);
      });
    this.around.show(erasePanel(this.words, erase, back));
  }

  #askToForget(back: () => void): void {
    const forget = () =>
      this.around.attempt(async () => {
        await this.api.endSessions();
        this.around.forgotten();
      });
    const copies = this.#copies(() => this.#askToForget(back));
    this.around.show(forgetPanel(this.words, copies, forget, () => this.around.forgotten(), back));
  }
}

/** Each part is a whole document, so each is a file of its own. */
function nameOf(i: number, count: number, extension: string): string {
  return count === 1 ? `my-data.${extension}` : `my-data-${i + 1}.${extension}`;
}
