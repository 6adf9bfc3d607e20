import { signal } from "@preact/signals";
import { Problem, problemOf } from "../problem.ts";

/** Longest time between two tries after failures. */
const SLOWEST_MS = 60_000;
const HIDDEN_MS = 15_000;

/** Asks again and again: often while the page is seen, seldom while it is hidden, and ever more seldom after failures. */
export class Poll {
  /** The last answer came then, by the clock of `performance.now()`; null before the first one, and when nothing is asked. */
  readonly answeredAt = signal<number | null>(null);
  #timer: number | undefined;
  #failures = 0;
  #isAsking = false;
  #isAskedAgain = false;
  #isOn = false;

  constructor(
    private readonly everyMs: number,
    private readonly ask: () => Promise<unknown>,
    /** Whether a refusal is dealt with; the poll goes on after the others. */
    private readonly refused: (problem: Problem) => boolean = () => false,
  ) {}

  /** Begins to ask, at once or after a while. */
  start(afterMs = 0): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#failures = 0;
    document.addEventListener("visibilitychange", this.now);
    addEventListener("online", this.now);
    if (afterMs > 0) this.#timer = setTimeout(this.now, afterMs);
    else this.now();
  }

  stop(): void {
    this.#isOn = false;
    this.answeredAt.value = null;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.now);
    removeEventListener("online", this.now);
  }

  /** Asks at once, or as soon as the answer that is awaited is there. */
  readonly now = (): void => {
    clearTimeout(this.#timer);
    if (this.#isAsking) this.#isAskedAgain = true;
    else if (this.#isOn) void this.#round();
  };

  async #round(): Promise<void> {
    this.#isAsking = true;
    this.#isAskedAgain = false;
    let waitMs = 0;
    try {
      await this.ask();
      this.#failures = 0;
      if (this.#isOn) this.answeredAt.value = performance.now();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.isSilent) this.stop();
      else if (!this.refused(problem)) waitMs = this.#backOff(problem);
    } finally {
      this.#isAsking = false;
    }
    if (!this.#isOn) return;
    if (this.#isAskedAgain && waitMs === 0) return void this.#round();
    const usualMs = document.hidden ? Math.max(HIDDEN_MS, this.everyMs) : this.everyMs;
    this.#timer = setTimeout(this.now, Math.max(usualMs, waitMs));
  }

  /** Twice as long after each failure, and not at the same time as everybody else. */
  #backOff({ retryAfterSeconds }: Problem): number {
    const longest = Math.min(SLOWEST_MS, this.everyMs * 2 ** ++this.#failures);
    return Math.max(retryAfterSeconds * 1000, longest * (0.5 + Math.random() / 2));
  }
}
