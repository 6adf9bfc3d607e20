import { button, h } from "../elements.ts";
import type { VoiceWords } from "./words.ts";

/** The part of the Web Speech API that keeps to the device. TypeScript knows none of it yet. */
interface Recognition extends EventTarget {
  lang: string;
  continuous: boolean;
  processLocally: boolean;
  start(): void;
  stop(): void;
  abort(): void;
}

interface Options {
  langs: string[];
  processLocally: true;
}

interface Recognizer {
  new (): Recognition;
  available(options: Options): Promise<"available" | "downloadable" | "downloading" | "unavailable">;
  install(options: Options): Promise<boolean>;
}

interface Results extends Event {
  resultIndex: number;
  results: ArrayLike<ArrayLike<{ transcript: string }> & { isFinal: boolean }>;
}

/** The recognition of this browser, if it can be told to keep to the device. Of another one nobody knows where it listens. */
function recognizer(): Recognizer | null {
  const { SpeechRecognition: known } = window as { SpeechRecognition?: Recognizer };
  const isOurs = typeof known?.available === "function" && typeof known.install === "function" && "processLocally" in known.prototype;
  return isOurs ? known : null;
}

/** A button that writes what is said into the field, or null where the device cannot do it by itself. Nothing is sent by it. */
export async function dictation(words: VoiceWords, input: HTMLTextAreaElement, tag: string): Promise<HTMLElement | null> {
  const known = recognizer();
  if (!known) return null;
  const options: Options = { langs: [tag], processLocally: true };
  const state = await known.available(options).catch(() => "unavailable");
  if (state !== "available" && state !== "downloadable") return null;
  return new Dictation(words, input, known, options, state === "available").element;
}

class Dictation {
  readonly element = h("div", { class: "voice" });
  readonly #said = h("p", { class: "status", role: "status" });
  readonly #button: HTMLButtonElement;
  #under: Recognition | null = null;

  constructor(
    private readonly words: VoiceWords,
    private readonly input: HTMLTextAreaElement,
    private readonly known: Recognizer,
    private readonly options: Options,
    private isInstalled: boolean,
  ) {
    this.#button = button(words.dictate, "chip", () => void this.#press());
    this.#button.ariaPressed = "false";
    this.element.append(this.#button, this.#said);
    // Somebody who looks elsewhere or writes does not want to be listened to.
    document.addEventListener("visibilitychange", () => document.hidden && this.#under?.abort());
    input.addEventListener("keydown", () => this.#under?.stop());
    input.closest("dialog")?.addEventListener("close", () => this.#under?.abort());
    input.form?.addEventListener("submit", () => this.#under?.abort());
  }

  async #press(): Promise<void> {
    if (this.#under) return this.#under.stop();
    try {
      if (!this.isInstalled && !(await this.#install())) return;
      this.#listen();
    } catch {
      this.#fail();
    }
  }

  /** The first press says what is loaded, and the second one loads it. */
  async #install(): Promise<boolean> {
    if (this.#button.textContent !== this.words.load) {
      this.#button.textContent = this.words.load;
      this.#said.textContent = this.words.loadText;
      return false;
    }
    this.#said.textContent = this.words.loading;
    this.#button.disabled = true;
    const isDone = await this.known.install(this.options);
    this.#button.disabled = false;
    if (!isDone) throw new Error("not installed");
    this.isInstalled = true;
    this.#button.focus();
    return true;
  }

  #listen(): void {
    const under = new this.known();
    under.lang = this.options.langs[0] ?? "";
    under.continuous = true;
    under.processLocally = true;
    under.addEventListener("result", (event) => this.#write(event as Results));
    under.addEventListener("error", (event) => {
      // Silence and a press on the button are no faults.
      if (!["no-speech", "aborted"].includes((event as Event & { error?: string }).error ?? "")) this.#fail();
    });
    // The end of one that failed changes nothing: what was said of it stays.
    under.addEventListener("end", () => this.#under === under && this.#show(null));
    under.start();
    this.#show(under);
  }

  #show(under: Recognition | null): void {
    this.#under = under;
    this.#button.ariaPressed = String(under !== null);
    this.#button.textContent = under ? this.words.stop : this.words.dictate;
    this.#said.textContent = under ? this.words.listening : "";
  }

  /** Where the text would stand if it was typed. */
  #write({ resultIndex, results }: Results): void {
    for (let i = resultIndex; i < results.length; i++) {
      const said = results[i]?.isFinal ? (results[i]?.[0]?.transcript.trim() ?? "") : "";
      const { selectionStart, selectionEnd, value, maxLength } = this.input;
      if (said === "" || this.input.readOnly) continue;
      const gap = /\S$/.test(value.slice(0, selectionStart)) ? " " : "";
      const room = maxLength - value.length + selectionEnd - selectionStart;
      this.input.setRangeText((gap + said).slice(0, room), selectionStart, selectionEnd, "end");
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  /** A device that cannot do it is not asked again. */
  #fail(): void {
    const under = this.#under;
    this.#under = null;
    under?.abort();
    const hadFocus = this.element.contains((this.element.getRootNode() as ShadowRoot).activeElement);
    this.#button.remove();
    this.#said.textContent = this.words.failed;
    if (hadFocus) this.input.focus();
  }
}
