import { downloadJson } from "../download.ts";
import { button, h } from "../elements.ts";
import type { Api } from "./api.ts";
import { erasePanel } from "./panels.ts";
import type { Words } from "./words.ts";

/** What an erasure leaves: a signed statement, of which this window reads a little. */
export interface Receipt {
  id: string;
  completed_at: string;
  kept: unknown[];
}

/** What this asks of the window around it. */
interface Surroundings {
  /** Runs an action and tells the visitor if it failed. */
  attempt(action: () => Promise<void>): Promise<boolean>;
  show(element: HTMLElement): void;
  /** Nothing is stored about the visitor any more. */
  erased(receipt: Receipt): void;
}

/** What visitors may ask about all that is stored about them: a copy, or its end. */
export class MyData {
  constructor(
    private readonly words: Words,
    private readonly api: Api,
    private readonly around: Surroundings,
  ) {}

  /** Both wishes, to stand beside what they are about. Whoever does not want to delete after all goes back. */
  wishes(back: () => void): HTMLElement {
    const { words } = this;
    const said = h("p", { role: "status" });
    const save: HTMLButtonElement = button(words.saveData, "link", () => void this.#save(save, said));
    const erase = button(words.eraseData, "link", () => this.#ask(back));
    return h("div", { class: "data" }, save, erase, said);
  }

  async #save(pressed: HTMLButtonElement, said: HTMLElement): Promise<void> {
    if (pressed.ariaBusy === "true") return;
    pressed.ariaBusy = "true";
    said.textContent = this.words.loading;
    const isSaved = await this.around.attempt(async () => {
      const parts = await this.#parts();
      // Each part is a whole document, so each is a file of its own.
      parts.forEach((part, i) => downloadJson(parts.length === 1 ? "my-data.json" : `my-data-${i + 1}.json`, part));
    });
    said.textContent = isSaved ? this.words.dataSaved : "";
    pressed.ariaBusy = "false";
  }

  async #parts(): Promise<unknown[]> {
    const parts: unknown[] = [];
    let query = "";
    do {
      const { body } = await this.api.call({ method: "GET", path: `/v1/me/export${query}`, isLong: true });
      parts.push(body);
      const { next_cursor } = body as { next_cursor: string | null };
      query = next_cursor ? `?cursor=${encodeURIComponent(next_cursor)}` : "";
    } while (query);
    return parts;
  }

  #ask(back: () => void): void {
    // However often it is tried: with one key it is one erasure.
    const idempotencyKey = crypto.randomUUID();
    const erase = () =>
      this.around.attempt(async () => {
        const { body } = await this.api.call({ method: "DELETE", path: "/v1/me", idempotencyKey, isLong: true });
        this.around.erased(body as Receipt);
      });
    this.around.show(erasePanel(this.words, erase, back));
  }
}
