import type { Channel, Embed, Locale, RefusalCode, Seal, TransportKey, Work } from "../contract.ts";
import { insideOf } from "../seal/answer.ts";
import { customerOf, isCustomers, isToken, type Owner } from "./memory.ts";
import { isNews, type Notice, PLAIN, type Retention, retentionOf, type Site, siteOf } from "./site.ts";

/**
 * A request that came to nothing: the code of the API's problem details, or
 * one of ours: `offline`, `busy`, `abandoned`, `unsealed`, `gone`, `signed_out`, `identity`, `changed`, `forbidden_page`, `refused`.
 * The text beside a server's code is never shown.
 */
export class Problem extends Error {
  constructor(
    readonly code: string,
    /** Milliseconds for which the server would like not to be asked. */
    readonly retryAfterMs = 0,
  ) {
    super(code);
  }
}

export function refusalOf(error: unknown): RefusalCode | null {
  return (error as { refusal?: RefusalCode }).refusal ?? null;
}

/** The end that a failure puts to the conversation, or null if it goes on. */
export function endOf(error: unknown): End | null {
  return (error instanceof Problem && ENDS.get(error.code)) || null;
}

export type End = "gone" | "closed" | "signed_out";

export interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  idempotencyKey?: string;
  cursor?: string | null;
  /** The notice that the visitor was told: nothing is sent if it is another by now. */
  told?: Notice;
  /** The language of a page to read, which the answer then is; otherwise it is data. */
  pageIn?: Locale;
  /** There is much to do, or much to send. */
  isLong?: boolean;
  /** How often it is tried while nobody can say whether it arrived. */
  attempts?: number;
}

interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

export interface Answer {
  status: number;
  body: unknown;
  cursor: string | null;
  /** Milliseconds after which the server would like to be asked again. */
  retryAfter: number;
}

/** The header that answers a challenge, or nothing. */
type Proof = { "Sotto-Proof"?: string };
type Attempt = (proof: Proof) => Promise<Answer>;

/** Codes by which this visitor cannot write in a conversation any more. */
const ENDS = new Map<string, End>([
  ["gone", "gone"],
  ["signed_out", "signed_out"],
  ["not_found", "gone"],
  ["erased", "gone"],
  ["conversation_closed", "closed"],
]);
/** Plain refusals that lead to no more than another attempt; everything else is believed sealed only. */
const TRIED_AGAIN = /^(unknown_key|in_progress|token_(expired|invalid|missing|revoked))$/;
const KEYS = "/v1/keys";
const SESSIONS = "/v1/sessions";
const SEALED = "application/sotto-sealed+json";
const ATTEMPTS = 5;
/** Before anything is shown nobody waits for long. */
const FIRST_ATTEMPTS = 3;
const TIMEOUT_MS = 20_000;
const LONG_TIMEOUT_MS = 120_000;
const LONGEST_PAUSE_MS = 30_000;
/** Challenges that one request answers, and the hardest: somebody on the way may ask for more than a device can do. */
const CHALLENGES = 3;
const MOST_BITS = 24;

/** The API over HTTP. All but the keys and a first session goes sealed, both ways. */
export class Api {
  #key: TransportKey | null = null;
  #retention: Retention | null = null;
  /** The site as its admins have set it. */
  site: Site = PLAIN;

  constructor(
    private readonly embed: Embed,
    private readonly seal: Seal,
    private readonly work: () => Promise<Work>,
    private readonly onNewToken: (token: string) => void,
    /** Work begins, which the function given abandons; or it has ended. */
    private readonly onWork: (abandon: (() => void) | null) => void,
    public token: string | null,
  ) {}

  /** How long things are kept, and the operator's own words, as the function that keeps them has last said under its seal. */
  get notice(): Notice {
    if (!this.#retention) throw new Problem("unsealed");
    return { ...this.#retention, ...this.site.notice };
  }

  /**
   * The key that seals the next request, from a list that a pinned root signed. Throws a refusal,
   * and `changed` when the notice is not the one that the visitor was told.
   */
  async key(told?: Notice): Promise<TransportKey> {
    const key = this.#key && this.#key.validUntil > Date.now() ? this.#key : await this.renewKey();
    if (told && isNews(this.notice, told)) throw new Problem("changed");
    return key;
  }

  /**
   * The same from the list as it is now. The list's signature is the rotation's, which does not know
   * the policy: that comes from the holder of the listed key, sealed to a secret of this request.
   */
  async renewKey(): Promise<TransportKey> {
    const list = await persist(async () => plainAnswer(await this.#fetch("GET", KEYS, {})), FIRST_ATTEMPTS).catch((error: unknown) => this.#tellPage(error));
    const key = await this.#verified(list.body);
    const [retention, site] = await Promise.all([
      this.#sealed(key, KEYS),
      // Without its looks a site still answers; without its notice the server takes no consent.
      this.#sealed(key, `/v1/sites/${this.embed.site}/widget`, 1).catch(() => null),
    ]);
    try {
      this.#retention = retentionOf(retention);
      if (site) this.site = siteOf(site, this.embed.locale);
    } catch {
      throw new Problem("unsealed");
    }
    this.#key = key;
    return key;
  }

  /** An answer that everybody gets, sealed by the holder of a key to a secret of this request. */
  async #sealed(key: TransportKey, path: string, attempts?: number): Promise<unknown> {
    const channel = await this.seal.openChannel(key);
    const asked = { "Sotto-Reply-Key": channel.replyKey };
    return (await persist(async () => this.#open(channel, await this.#fetch("GET", path, asked)), attempts)).body;
  }

  async #verified(list: unknown): Promise<TransportKey> {
    const { pins, base } = this.embed;
    try {
      return await this.seal.verifyKeyList(list, pins, Date.now());
    } catch (error) {
      if (refusalOf(error) === "not_pinned") {
        console.error(
          `Sotto: data-root of the widget's <script> is ${pins.length > 0 ? JSON.stringify(pins.join(" ")) : "missing"}, ` +
            `and ${base} signs its keys with another root. Copy RootPin from the stack's outputs into data-root.`,
        );
      }
      throw error;
    }
  }

  /** After the very first request: whether it is the page that may not ask is told apart from an outage. */
  async #tellPage(error: unknown): Promise<never> {
    if (!(error instanceof Problem && error.code === "offline")) throw error;
    const there = await fetch(`${this.embed.base}/v1/health`, { mode: "no-cors", credentials: "omit", cache: "no-store" }).then(
      () => true,
      () => false,
    );
    if (!there) throw error;
    console.error(
      `Sotto: ${this.embed.base} does not take requests from ${location.origin}. ` +
        "Add this origin in the console, under Chat window (cargo local: --origin).",
    );
    throw new Problem("forbidden_page");
  }

  /**
   * A token for a new visitor, or a new one for the visitor whose token ran out.
   * Of a customer whom the page names, also the newest conversation that is open.
   */
  async openSession(): Promise<{ owner: Owner; conversation: string | null }> {
    const identity = this.token ? null : this.embed.identity();
    const attempt: Attempt = async (proof) =>
      this.token ? this.#renewed(this.token, proof) : plainAnswer(await this.#opened(identity, proof));
    const answer = await persist(attempt, ATTEMPTS, this.#prove).catch((error: unknown) => {
      const refused = identity && error instanceof Problem && !["offline", "busy", "abandoned"].includes(error.code);
      throw refused ? new Problem("identity") : error;
    });
    const session = answer.body as { access_token: string; subject_id: string; conversations?: { id: string }[] };
    if (!isToken(session?.access_token)) throw new Problem("unsealed");
    this.token = session.access_token;
    this.onNewToken(this.token);
    const owner = { subject: String(session.subject_id), customer: customerOf(identity) };
    return { owner, conversation: session.conversations?.[0]?.id ?? null };
  }

  #opened(identity: string | null, proof: Proof): Promise<Reply> {
    const body = JSON.stringify({ site: this.embed.site, identity });
    return this.#fetch("POST", SESSIONS, { "Content-Type": "application/json", ...proof }, body);
  }

  /** Whether a token is past renewal decides what becomes of the visitor's only key: it is asked under the seal. */
  async #renewed(token: string, proof: Proof): Promise<Answer> {
    const channel = await this.seal.openChannel(await this.key());
    const headers = { "Content-Type": SEALED, Authorization: `Bearer ${token}`, ...proof };
    const body = await channel.seal("POST", SESSIONS, "", { site: this.embed.site, identity: null });
    const reply = await this.#fetch("POST", SESSIONS, headers, body);
    const answer = await this.#open(channel, reply);
    if (isSealed(reply) || answer.status >= 429) return answer;
    // Nobody but the holder of the key can say that the token is worth nothing any more.
    this.#key = null;
    throw new Problem(codeOf(answer) === "unknown_key" ? "offline" : "unsealed");
  }

  /** The keys that receipts are verified with. */
  async receiptKeys(): Promise<unknown> {
    return (await persist(async () => plainAnswer(await this.#fetch("GET", "/.well-known/jwks.json", {})))).body;
  }

  async call(call: Call): Promise<Answer> {
    let renewed = false;
    let refetched = false;
    for (;;) {
      try {
        return await persist((proof) => this.#attempt(call, proof), call.attempts, this.#prove);
      } catch (error) {
        const code = error instanceof Problem ? error.code : "";
        // A notice that is not the one in force is shown again.
        if (code === "consent_required" && call.told) {
          await this.renewKey();
          throw new Problem("changed");
        }
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
      // Past renewal: what the token gave access to is out of reach. It may be there all the same, if
      // the session was ended on some device, or the site has to say anew who its customer is.
      const wasEnded = error.code === "token_revoked" || (this.token !== null && isCustomers(this.token));
      this.token = null;
      throw new Problem(wasEnded ? "signed_out" : "gone");
    }
  }

  /** Ends the visitor's sessions on all devices; what is ended before is ended. */
  async endSessions(attempts?: number): Promise<void> {
    try {
      await this.call({ method: "DELETE", path: SESSIONS, attempts });
    } catch (error) {
      if (!endOf(error)) throw error;
    }
  }

  /** Seals afresh for every attempt: only the Idempotency-Key makes two of them one message. */
  async #attempt({ method, path, body, idempotencyKey, cursor, told, pageIn, isLong }: Call, proof: Proof): Promise<Answer> {
    const channel = await this.seal.openChannel(await this.key(told));
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}`, ...proof };
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    if (cursor) headers["Sotto-Cursor"] = cursor;
    if (pageIn) Object.assign(headers, { Accept: "text/html", "Accept-Language": pageIn });
    if (body === undefined) headers["Sotto-Reply-Key"] = channel.replyKey;
    else headers["Content-Type"] = SEALED;
    const sealed = body === undefined ? undefined : await channel.seal(method, path, idempotencyKey ?? "", body);

    const reply = await this.#fetch(method, path, headers, sealed, isLong ? LONG_TIMEOUT_MS : TIMEOUT_MS);
    return this.#open(channel, reply, pageIn);
  }

  /** Does the work that a refusal asks for, if it is one that a device can do. */
  readonly #prove = async (refusal: Answer): Promise<Proof | null> => {
    const { proof_of_work: asked } = (refusal.body ?? {}) as { proof_of_work?: Record<string, unknown> };
    const { algorithm, challenge, bits } = asked ?? {};
    const isOurs = algorithm === "sha256" && /^[\w-]{1,200}$/.test(String(challenge)) && Number.isInteger(bits);
    if (!isOurs || (bits as number) > MOST_BITS) return null;
    const abandoned = new AbortController();
    this.onWork(() => abandoned.abort());
    try {
      const { solve } = await this.work();
      return { "Sotto-Proof": await solve(String(challenge), bits as number, abandoned.signal) };
    } catch {
      throw new Problem(abandoned.signal.aborted ? "abandoned" : "offline");
    } finally {
      this.onWork(null);
    }
  };

  /**
   * The content of the seal: the answer, and its status, since anybody on the way can write another one
   * outside. A server that could not open the request cannot seal its answer, so a failure may come
   * plain; it says no more than that the request may be tried again.
   */
  async #open(channel: Channel, reply: Reply, pageIn?: Locale): Promise<Answer> {
    if (!isSealed(reply)) {
      const answer = plainAnswer(reply);
      const code = codeOf(answer);
      const isOutage = reply.status === 429 || reply.status >= 500;
      if (isOutage || (reply.status >= 400 && TRIED_AGAIN.test(code))) return answer;
      throw new Problem(reply.status < 400 || ENDS.has(code) ? "unsealed" : "refused");
    }
    try {
      const text = await channel.open(JSON.parse(reply.text));
      if (pageIn && /^\s*</.test(text)) return answerOf({ ...reply, status: 200 }, text);
      const { status, body } = insideOf(text, reply.status);
      return answerOf({ ...reply, status }, body);
    } catch {
      throw new Problem("unsealed");
    }
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

/** Tries again while nobody can say whether the request arrived, or the server asks to come back, or for work. */
async function persist(
  attempt: Attempt,
  attempts = ATTEMPTS,
  prove: (refusal: Answer) => Promise<Proof | null> = async () => null,
): Promise<Answer> {
  let proof: Proof | null = null;
  let proved = 0;
  for (let tried = 1; ; tried++) {
    let failure: Problem;
    let pause = 500 * 2 ** tried * (0.5 + Math.random() / 2);
    try {
      const answer: Answer = await attempt(proof ?? {});
      if (answer.status < 400) return answer;
      proof = answer.status === 429 && proved < CHALLENGES ? await prove(answer) : null;
      if (proof) {
        proved++;
        tried--;
        continue;
      }
      const code = codeOf(answer);
      const inTheWay = answer.status === 429 || answer.status >= 500;
      failure = new Problem(inTheWay ? "busy" : code, answer.retryAfter);
      if (!inTheWay && code !== "in_progress") throw failure;
      pause = Math.max(pause, answer.retryAfter);
    } catch (error) {
      if (!(error instanceof Problem && error.code === "offline")) throw error;
      failure = error;
    }
    if (tried === attempts || pause > LONGEST_PAUSE_MS) throw failure;
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

function isSealed({ headers }: Reply): boolean {
  return headers.get("Content-Type") === SEALED;
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
