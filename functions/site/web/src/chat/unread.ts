/** Messages that came while nobody looked: on the launcher, and in the title while the page is hidden. */
export class Unread {
  count = 0;
  /** The page's own title while ours stands in its place. */
  #title: { own: string; ours: string } | null = null;

  constructor(
    private readonly isSeen: () => boolean,
    private readonly show: (count: number) => void,
  ) {
    document.addEventListener("visibilitychange", () => this.look());
  }

  add(count: number): void {
    this.count += count;
    this.look();
  }

  /** Somebody may look by now. */
  look(): void {
    if (this.isSeen()) this.count = 0;
    this.show(this.count);
    this.#showTitle();
  }

  forget(): void {
    this.count = 0;
    this.look();
  }

  #showTitle(): void {
    // A title that the page has set meanwhile is left alone.
    if (this.#title && document.title === this.#title.ours) document.title = this.#title.own;
    this.#title = null;
    if (this.count === 0 || document.visibilityState === "visible") return;
    const own = document.title;
    document.title = `(${this.count}) ${own}`;
    this.#title = { own, ours: document.title };
  }
}
