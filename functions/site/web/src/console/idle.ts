const SIGNS = ["keydown", "pointerdown", "wheel", "input"];
const CHECK_MS = 10_000;
/** How often other tabs are told that somebody is there. */
const TELL_MS = 10_000;

/** Notices that nobody is there. Tabs tell one another, so that work in one does not end in the other. */
export class Idle {
  #seenAt = Date.now();
  #toldAt = 0;
  #timer: number | undefined;

  constructor(
    private readonly limitMs: number,
    private readonly onIdle: () => void,
    private readonly tellOthers: () => void,
  ) {
    for (const sign of SIGNS) {
      addEventListener(sign, () => this.#notice(), { capture: true, passive: true });
    }
    document.addEventListener("visibilitychange", () => this.#check());
  }

  start(): void {
    this.#seenAt = Date.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  activeSince(time: number): boolean {
    return this.#seenAt > time;
  }

  /** Somebody is there, in another tab. */
  seen(): void {
    this.#seenAt = Date.now();
  }

  #notice(): void {
    // A device that slept through the limit wakes up with a key press: that comes too late.
    if (this.#check()) return;
    this.seen();
    if (this.#timer === undefined || this.#seenAt - this.#toldAt < TELL_MS) return;
    this.#toldAt = this.#seenAt;
    this.tellOthers();
  }

  #check(): boolean {
    if (this.#timer === undefined || Date.now() - this.#seenAt < this.limitMs) return false;
    this.stop();
    this.onIdle();
    return true;
  }
}
