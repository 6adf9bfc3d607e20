const SIGNS = ["keydown", "pointerdown", "wheel", "input"];
const CHECK_MS = 10_000;
/** How often other tabs are told that somebody is there. */
const TELL_MS = 10_000;

/** A point in time by two clocks. */
interface Instant {
  /** Since the page began: nobody can set it, and it may stand still while the device sleeps. */
  steady: number;
  /** Of the wall: it goes on while the device sleeps, and somebody can set it. */
  wall: number;
}

/**
 * Notices that nobody is there. The longer time counts of both clocks: a clock that is set back does not keep a session
 * open, nor does a device that sleeps. Tabs tell one another, so that work in one does not end in the other.
 */
export class Idle {
  #seenAt = now();
  #toldAt = -TELL_MS;
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
    this.#seenAt = now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether somebody was there since that time, by the clock of `performance.now()`. */
  activeSince(steady: number): boolean {
    return this.#seenAt.steady > steady;
  }

  /** Somebody is there, in another tab. */
  seen(): void {
    this.#seenAt = now();
  }

  #notice(): void {
    // A device that slept through the limit wakes up with a key press: that comes too late.
    if (this.#check()) return;
    this.seen();
    if (this.#timer === undefined || this.#seenAt.steady - this.#toldAt < TELL_MS) return;
    this.#toldAt = this.#seenAt.steady;
    this.tellOthers();
  }

  #check(): boolean {
    const { steady, wall } = now();
    const passedMs = Math.max(steady - this.#seenAt.steady, wall - this.#seenAt.wall);
    if (this.#timer === undefined || passedMs < this.limitMs) return false;
    this.stop();
    this.onIdle();
    return true;
  }
}

function now(): Instant {
  return { steady: performance.now(), wall: Date.now() };
}
