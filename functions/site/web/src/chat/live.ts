import { Problem } from "./api.ts";
import type { Conversation, News, Status } from "./conversation.ts";

const AGENT_MS = 1_500;
const WAITING_MS = 3_000;
const HIDDEN_MS = 15_000;
const LONGEST_MS = 60_000;
const TYPING_MS = 3_000;
/** One lost poll is nobody's business; after so many in a row the visitor is told. */
const TOLD_FAILURES = 3;

/** What decides how soon a conversation is asked for news again. */
export interface Situation {
  status: Status;
  isPageVisible: boolean;
  isChatOpen: boolean;
  /** Requests in a row that came to nothing. */
  failures: number;
  /** For how long the server does not want to be asked. */
  retryAfterMs: number;
}

/** The milliseconds until the next poll, or null for none: the bot answers at once or not at all. `random` is 0 to 1. */
export function pauseOf({ status, isPageVisible, isChatOpen, failures, retryAfterMs }: Situation, random: number): number | null {
  if (status !== "waiting" && status !== "with_agent") return null;
  const usual = !isPageVisible ? HIDDEN_MS : status === "with_agent" && isChatOpen ? AGENT_MS : WAITING_MS;
  if (failures === 0) return usual;
  const longer = Math.min(usual * 2 ** failures, LONGEST_MS);
  return Math.max(longer * (0.5 + random / 2), retryAfterMs);
}

/** The calls that polling makes to the screen. */
interface Listener {
  /** Whether the chat is on the screen. */
  isOpen(): boolean;
  /** Shows what is new, before the next poll asks for what comes behind it. */
  tell(news: News): void;
  /** Polls fail, or succeed again. */
  lost(isLost: boolean): void;
  /** Leaves the conversation if that failure means its end. */
  ended(error: unknown): boolean;
}

/** Asks for news while a person is asked for or answers, and says when the visitor types. */
export class Live {
  #timer: number | undefined;
  /** Counts up when what is under way must not be believed any more. */
  #turn = 0;
  #failures = 0;
  #retryAfterMs = 0;
  #typedAt = -TYPING_MS;
  readonly #stopped = new AbortController();

  constructor(
    private readonly conversation: Conversation,
    private readonly listener: Listener,
  ) {
    const { signal } = this.#stopped;
    document.addEventListener("visibilitychange", () => this.#returned(), { signal });
    addEventListener("online", () => this.#returned(), { signal });
    if (this.#pause() !== null) this.now();
  }

  stop(): void {
    this.#stopped.abort();
    this.#turn++;
    clearTimeout(this.#timer);
  }

  /** Asks at once. An answer to an earlier question may be older than what is known now, so it is dropped. */
  now(): void {
    clearTimeout(this.#timer);
    if (!this.#stopped.signal.aborted) void this.#look(++this.#turn);
  }

  /** News that came with another answer; without any, they are asked for if there may be some. */
  take(news: News | undefined): void {
    if (news && !news.next_cursor) {
      this.#turn++;
      this.#tell(news);
      this.#plan();
    } else if (this.#pause() !== null) {
      this.now();
    }
  }

  /** The visitor types: an agent is told, now and then. What gets lost is not worth another attempt. */
  typed(): void {
    const now = performance.now();
    if (this.conversation.state.status !== "with_agent" || now - this.#typedAt < TYPING_MS) return;
    this.#typedAt = now;
    this.conversation.typing().catch(() => undefined);
  }

  /** Somebody is back on the page or in the network, or has left the page. */
  #returned(): void {
    if (document.visibilityState === "visible") this.take(undefined);
    else this.#plan();
  }

  async #look(turn: number): Promise<void> {
    let isMore = false;
    try {
      const news = await this.conversation.news();
      if (turn !== this.#turn) return;
      this.#failures = this.#retryAfterMs = 0;
      this.listener.lost(false);
      if (news) this.#tell(news);
      isMore = Boolean(news?.next_cursor);
    } catch (error) {
      if (turn !== this.#turn || this.listener.ended(error)) return;
      this.#failed(error);
    }
    if (turn !== this.#turn) return;
    if (isMore) this.now();
    else this.#plan();
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#retryAfterMs = error instanceof Problem ? error.retryAfterMs : 0;
    // The server does not know the message any more behind which it was asked.
    if (error instanceof Problem && error.code === "invalid") this.conversation.fromTheBeginning();
    if (this.#failures >= TOLD_FAILURES) this.listener.lost(true);
  }

  #tell(news: News): void {
    this.listener.tell(news);
    this.conversation.heard(news);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    const pause = this.#pause();
    if (pause !== null && !this.#stopped.signal.aborted) this.#timer = window.setTimeout(() => this.now(), pause);
  }

  #pause(): number | null {
    const situation = {
      status: this.conversation.state.status,
      isPageVisible: document.visibilityState === "visible",
      isChatOpen: this.listener.isOpen(),
      failures: this.#failures,
      retryAfterMs: this.#retryAfterMs,
    };
    return pauseOf(situation, Math.random());
  }
}
