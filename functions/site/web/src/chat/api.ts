import type { Embed, Locale, RefusalCode, Seal, TransportKey } from "../contract.ts";
import { isLonger, type Retention, retentionOf } from "./retention.ts";

/**
 * A request that came to nothing: the code of the API's problem details, or
 * one of ours: `offline`, `busy`, `unsealed`, `gone`, `identity`, `longer`. What a server
 * wrote beside its code is never shown.
 */
export class Problem extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export function refusalOf(error: unknown): RefusalCode | null {
  return (error as { refusal?: RefusalCode }).refusal ?? null;
}

/** What that failure ends the conversation as, or null if it goes on. */
export function endOf(error: unknown): "gone" | "closed" | null {
  return (error instanceof Problem && ENDS.get(error.code)) || null;
}

export interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  idempotencyKey?: string;
  cursor?: string | null;
  /** What the visitor was told before: nothing is sent if things are kept for longer by now. */
  told?: Retention;
  /** The language of a page to read, which the answer then is; otherwise it is data. */
  pageIn?: Locale;
  /** There is much to do, or much to send. */
  isLong?: boolean;
}

interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

interface Answer {
  status: number;
  body: unknown;
  cursor: string | null;
  /** Milliseconds after which the server would like to be asked again. */
  retryAfter: number;
}

/** Codes by which nobody can write in a conversation any more, because it is gone or closed. */
const ENDS = new Map<string, "gone" | "closed">([
  ["gone", "gone"],
  ["not_found", "gone"],
  ["erased", "gone"],
  ["conversation_closed", "closed"],
]);
const SEALED = "application/sotto-sealed+json";
const ATTEMPTS = 5;
const TIMEOUT_MS = 20_000;
const LONG_TIMEOUT_MS = 120_000;
const LONGEST_PAUSE_MS = 30_000;

/** The API over HTTP. All but the two routes that come before any secret go sealed, both ways. */
export class Api {
  #key: TransportKey | null = null;
  #retention = retentionOf({});

  constructor(
    private readonly embed: Embed,
    private readonly seal: Seal,
    private readonly onNewToken: (token: string) => void,
    public token: string | null,
  ) {}

  /** How long things are kept, as the list of keys has last said. */
  get retention(): Retention {
    return this.#retention;
  }

  /**
   * The key that seals the next request, from a list that a pinned root signed. Throws a refusal,
   * and `longer` when that list says that things are kept for longer than the visitor was told.
   */
  async key(told?: Retention): Promise<TransportKey> {
    const key = this.#key && this.#key.validUntil > Date.now() ? this.#key : await this.renewKey();
    if (told && isLonger(this.#retention, told)) throw new Problem("longer");
    return key;
  }

  /** The same from the list as it is now: what it says of retention is what a notice promises. */
  async renewKey(): Promise<TransportKey> {
    const { body } = await persist(async () => plainAnswer(await this.#fetch("GET", "/v1/keys", {})));
    const key = await this.seal.verifyKeyList(body, this.embed.pins, Date.now());
    this.#retention = retentionOf(body);
    this.#key = key;
    return key;
  }

  /**
   * A token for a new visitor, or a new one for the visitor whose token ran out.
   * Of a customer whom the page names, also the newest conversation that is open.
   */
  async openSession(): Promise<string | null> {
    const identity = this.token ? null : this.embed.identity();
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    const body = JSON.stringify({ site: this.embed.site, identity });
    const attempt = async () => plainAnswer(await this.#fetch("POST", "/v1/sessions", headers, body));
    const answer = await persist(attempt).catch((error: unknown) => {
      const refused = identity && error instanceof Problem && error.code !== "offline" && error.code !== "busy";
      throw refused ? new Problem("identity") : error;
    });
    const session = answer.body as { access_token: string; conversations?: { id: string }[] };
    this.token = session.access_token;
    this.onNewToken(this.token);
    return session.conversations?.[0]?.id ?? null;
  }

  async call(call: Call): Promise<Answer> {
    let renewed = false;
    let refetched = false;
    for (;;) {
      try {
        return await persist(() => this.#attempt(call));
      } catch (error) {
        const code = error instanceof Problem ? error.code : "";
        if (code === "unknown_key" && !refetched) {
          refetched = true;
          this.#key = null;
        } else if (code.startsWith("token_") && !renewed) {
          renewed = true;
          await this.#renewSession();
        } else {
          throw error;
        }
      }
    }
  }

  async #renewSession(): Promise<void> {
    try {
      await this.openSession();
    } catch (error) {
      if (!(error instanceof Problem && error.code.startsWith("token_"))) throw error;
      // Past renewal: what the token gave access to is out of reach.
      this.token = null;
      throw new Problem("gone");
    }
  }

  /** Seals afresh for every attempt: only the Idempotency-Key makes two of them one message. */
  async #attempt({ method, path, body, idempotencyKey, cursor, told, pageIn, isLong }: Call): Promise<Answer> {
    const channel = await this.seal.openChannel(await this.key(told));
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    if (cursor) headers["Sotto-Cursor"] = cursor;
    if (pageIn) Object.assign(headers, { Accept: "text/html", "Accept-Language": pageIn });
    if (body === undefined) headers["Sotto-Reply-Key"] = channel.replyKey;
    else headers["Content-Type"] = SEALED;
    const sealed = body === undefined ? undefined : await channel.seal(method, path, idempotencyKey ?? "", body);

    const reply = await this.#fetch(method, path, headers, sealed, isLong ? LONG_TIMEOUT_MS : TIMEOUT_MS);
    if (reply.headers.get("Content-Type") === SEALED) {
      try {
        const text = await channel.open(JSON.parse(reply.text));
        return answerOf(reply, pageIn && reply.status < 400 ? text : JSON.parse(text));
      } catch {
        throw new Problem("unsealed");
      }
    }
    // What could not open the request cannot seal its answer: a failure may come
    // plain. A plain success is not believed, nor that a conversation has ended,
    // for then the widget forgets it.
    const answer = plainAnswer(reply);
    const believed = reply.status >= 400 ? !ENDS.has(codeOf(answer)) : reply.status === 204;
    if (!believed) throw new Problem("unsealed");
    return answer;
  }

  async #fetch(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
    timeoutMs = TIMEOUT_MS,
  ): Promise<Reply> {
    try {
      const response = await fetch(this.embed.base + path, {
        method,
        headers,
        body,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch {
      throw new Problem("offline");
    }
  }
}

/** Tries again while nobody can say whether the request arrived, or the server asks to come back. */
async function persist(attempt: () => Promise<Answer>): Promise<Answer> {
  for (let tried = 1; ; tried++) {
    let failure: Problem;
    let pause = 500 * 2 ** tried * (0.5 + Math.random() / 2);
    try {
      const answer = await attempt();
      if (answer.status < 400) return answer;
      const code = codeOf(answer);
      const inTheWay = answer.status === 429 || answer.status >= 500;
      failure = new Problem(inTheWay ? "busy" : code);
      if (!inTheWay && code !== "in_progress") throw failure;
      pause = Math.max(pause, answer.retryAfter);
    } catch (error) {
      if (!(error instanceof Problem && error.code === "offline")) throw error;
      failure = error;
    }
    if (tried === ATTEMPTS || pause > LONGEST_PAUSE_MS) throw failure;
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

function codeOf(answer: Answer): string {
  return String((answer.body as { code?: unknown } | null)?.code);
}

function plainAnswer(reply: Reply): Answer {
  try {
    return answerOf(reply, JSON.parse(reply.text));
  } catch {
    return answerOf(reply, null);
  }
}

function answerOf({ status, headers }: Reply, body: unknown): Answer {
  return {
    status,
    body,
    cursor: headers.get("Sotto-Cursor"),
    retryAfter: (Number(headers.get("Retry-After")) || 0) * 1000,
  };
}
