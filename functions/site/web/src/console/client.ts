import type { Channel } from "../contract.ts";
import type { Operations, Schemas } from "./contract.ts";
import { lasting } from "./lasting.ts";
import { verified } from "./modules.ts";
import { type FieldProblem, Problem, problemOf } from "./problem.ts";

interface Access {
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface Hooks {
  /** Shows a second factor again; rejects if the person turns back. */
  stepUp(): Promise<void>;
  /** The session is over, for the reason of that code. */
  ended(code: string): void;
  /** Whether somebody was there since that time, by the clock of `performance.now()`. */
  activeSince(steady: number): boolean;
}

export type Operation = keyof Operations;

export type Answer<O extends Operation> = Operations[O]["answer"];

type Tokens = Pick<Schemas["Tokens"], "access_token" | "expires_in">;

/** The arguments of a call, as docs/openapi.json has them: path, query, headers and body. */
export type Request<O extends Operation> = Pick<Operations[O], "path" | "query" | "body"> & {
  headers?: Operations[O]["headers"] & Record<string, string>;
  /** There is much to do, or much to send. */
  isLong?: boolean;
  /** The state of what is read that the caller has already; null is answered while it is still the same. */
  known?: Known;
  /** The part of a file that is asked for. */
  part?: Part;
  /** A header of the answer that is read as well. */
  header?: Header;
  /** A file in the place of the body. */
  file?: SentFile;
};

export interface SentFile {
  type: string;
  text: string;
}

/** Where the next part of a long file begins; each answer renews it, and behind the last one it is null. */
export interface Part {
  next: string | null;
}

/** Names a state of what was read; each answer renews it. */
export interface Known {
  tag: string | null;
}

/** A header by its name; each answer renews its value. */
export interface Header {
  readonly name: string;
  value: string | null;
}

/** Nothing, where a call needs to say nothing. */
type Said<O extends Operation> = [undefined, undefined] extends [Operations[O]["path"], Operations[O]["body"]]
  ? [request?: Request<O>]
  : [request: Request<O>];

/** Names of the lists, which are read to their end. */
type List = { [O in Operation]: Answer<O> extends { items: unknown[] } ? O : never }[Operation];

const TIMEOUT_MS = 20_000;
const LONG_TIMEOUT_MS = 120_000;
/** How long before its end a token is replaced. */
const MARGIN_MS = 60_000;
/** Requests that set the session's cookie wait for one another, in all tabs: a spent cookie sent twice ends the session. */
const LOCK = "sotto-session";

/**
 * The API for one signed-in person. The access token is in this object and nowhere
 * else; the refresh token is a cookie that no script can read.
 */
export class Api {
  #access: Access | null = null;
  #refreshing: Promise<void> | null = null;
  #timer: number | undefined;
  /** Counts sessions: an answer for one that was left is for nobody. */
  #session = 0;

  constructor(private readonly hooks: Hooks) {}

  get isSignedIn(): boolean {
    return this.#access !== null;
  }

  /** Takes up the session of an earlier visit by its cookie; answers the code of the refusal if there is none. */
  async resume(): Promise<string | null> {
    try {
      await this.#refresh();
      return null;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.isAboutToken) return problem.code;
      throw problem;
    }
  }

  /** A call of the person who is signed in. A token that ran out is renewed once, a step up made once. */
  async call<O extends Operation>(operation: O, ...said: Said<O>): Promise<Answer<O>> {
    const [request] = said;
    let isRenewed = false;
    let isSteppedUp = false;
    for (;;) {
      const token = await this.#token();
      try {
        return (await send(operation, request, token)) as Answer<O>;
      } catch (error) {
        const problem = problemOf(error);
        if (problem.isAboutToken && !isRenewed) {
          isRenewed = true;
          if (this.#access?.token === token) this.#access.expiresAt = 0;
        } else if (problem.isAboutToken) {
          this.#end(problem.code);
        } else if (problem.code === "step_up_required" && !isSteppedUp) {
          isSteppedUp = true;
          await this.hooks.stepUp();
        } else {
          throw problem;
        }
      }
    }
  }

  /** All items of a list, page by page. */
  async list<O extends List>(operation: O): Promise<Answer<O>["items"]> {
    const items: unknown[] = [];
    let query = {};
    for (;;) {
      const page = (await this.call<List>(operation, { query })) as { items: unknown[]; next_cursor?: string | null };
      items.push(...page.items);
      if (!page.next_cursor) return items as Answer<O>["items"];
      query = { cursor: page.next_cursor };
    }
  }

  /** A call before there is a session, with the token of that step if it has one. It may open a session. */
  async open<O extends Operation>(operation: O, body: Operations[O]["body"], token?: string): Promise<Answer<O>> {
    const answer = await exclusively(() => send(operation, { body }, token));
    if (isTokens(answer)) this.#take(answer);
    return answer as Answer<O>;
  }

  /** A second factor shown again; the new token replaces the old one. */
  async stepUp(proof: Operations["POST /v1/auth/step_up"]["body"]): Promise<void> {
    this.#take(await this.call("POST /v1/auth/step_up", { body: proof }));
  }

  async signOut(everywhere: boolean): Promise<void> {
    await lasting(() => this.call("POST /v1/auth/logout", { body: { everywhere } }));
    this.forget();
  }

  /** Leaves the session behind: the token is forgotten at once, and then the session ended, so that reloading does not take it up again. */
  async abandon(): Promise<void> {
    this.forget();
    const { access_token } = (await exclusively(() => send("POST /v1/auth/refresh", { body: {} }))) as Tokens;
    await lasting(() => send("POST /v1/auth/logout", { body: { everywhere: false } }, access_token));
  }

  forget(): void {
    this.#session++;
    this.#access = null;
    clearTimeout(this.#timer);
  }

  async #token(): Promise<string> {
    if (!this.#access) throw new Problem("signed_out");
    if (this.#access.expiresAt <= Date.now()) {
      try {
        await this.#refresh();
      } catch (error) {
        const problem = problemOf(error);
        if (problem.isAboutToken) this.#end(problem.code);
        throw problem;
      }
    }
    if (!this.#access) throw new Problem("signed_out");
    return this.#access.token;
  }

  #refresh(): Promise<void> {
    const session = this.#session;
    this.#refreshing ??= exclusively(() => send("POST /v1/auth/refresh", { body: {} }))
      .then((answer) => {
        if (session === this.#session) this.#take(answer as Tokens);
      })
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  #take({ access_token, expires_in }: Tokens): void {
    const takenAt = performance.now();
    // The last seconds are not used: a request takes time, and clocks differ.
    this.#access = { token: access_token, expiresAt: Date.now() + expires_in * 1000 - MARGIN_MS / 4 };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(takenAt), expires_in * 1000 - MARGIN_MS);
  }

  /** Only for somebody who is there: an open page alone shall not keep a session alive. */
  #renew(takenAt: number): void {
    // A failure here is met again by the next call, which says so.
    if (this.#access && this.hooks.activeSince(takenAt)) this.#refresh().catch(() => {});
  }

  #end(code: string): never {
    const wasSignedIn = this.isSignedIn;
    this.forget();
    if (wasSignedIn) this.hooks.ended(code);
    throw new Problem("signed_out");
  }
}

function exclusively<Result>(run: () => Promise<Result>): Promise<Result> {
  return navigator.locks ? navigator.locks.request(LOCK, run) as Promise<Result> : run();
}

/** A call as it is sent, whatever its name. */
interface Sent {
  path?: Record<string, string> | undefined;
  query?: Record<string, string | number | null | undefined> | undefined;
  headers?: Record<string, string> | undefined;
  body?: unknown;
  isLong?: boolean | undefined;
  known?: Known | undefined;
  part?: Part | undefined;
  header?: Header | undefined;
  file?: SentFile | undefined;
}

/** What agents say and read goes sealed both ways, as visitors' messages do. */
const SEALED = / \/v1\/(inbox|presence|canned|reports)\b/;
const SEALED_JSON = "application/sotto-sealed+json";
/** Plain refusals that come before anything was opened; every other answer to a sealed request is believed sealed only. */
const BEFORE_OPENING = /^(token_\w+|forbidden|cooling_down|mfa_required|unknown_key|rate_limited)$/;

/** The answer: parsed, or as it is where it is a page to read or a file to save. `isNew`: sealed by the list of keys as it is now. */
async function send(operation: Operation, request: Sent = {}, token?: string, isNew = false): Promise<unknown> {
  const { known, part, header } = request;
  const [method, url] = addressOf(operation, request);
  const sealing = SEALED.test(operation) ? await sealingModule() : null;
  const channel = await sealing?.channelTo(isNew);
  // Says that this page asks, and not a form of somebody else's: no other origin may send this header.
  const headers: Record<string, string> = { ...request.headers, "Sotto-Console": "1" };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (known?.tag) headers["If-None-Match"] = known.tag;
  const body = await bodyOf(method, url, request, headers, channel);
  const response = await fetched(url, { method, headers, body }, request.isLong);
  let { status } = response;
  if (known?.tag && status === 304) return null;
  const isText = /^(text\/|application\/jsonl)/.test(response.headers.get("Content-Type") ?? "");
  let answer = isText || typeof response.content !== "string" ? response.content : parsed(response.content);
  if (sealing && channel) {
    const isSealed = response.headers.get("Content-Type") === SEALED_JSON;
    const code = (answer as { code?: string } | null)?.code ?? "";
    if (code === "unknown_key" && !isSealed && !isNew) return send(operation, request, token, true);
    if (isSealed) ({ status, body: answer } = await sealing.opened(channel, status, answer));
    else if (status < 500 && !BEFORE_OPENING.test(code)) throw new Problem("unsealed");
  }
  const isGood = status >= 200 && status < 300;
  if (isGood && known) known.tag = response.headers.get("ETag");
  if (isGood && part) part.next = response.headers.get("Sotto-Next-Cursor");
  if (isGood && header) header.value = response.headers.get(header.name);
  if (isGood) return answer;
  const { code, errors, item } = (answer ?? {}) as { code?: string; errors?: FieldProblem[]; item?: unknown };
  throw new Problem(code ?? "failed", errors ?? [], Number(response.headers.get("Retry-After")) || 0, item);
}

async function sealingModule(): Promise<typeof import("./sealing.ts")> {
  await verified("sealing");
  return import("./sealing.ts");
}

/** The body as it is sent; the headers that go with it are added. */
async function bodyOf(method: string, url: string, { body, file }: Sent, headers: Record<string, string>, channel?: Channel): Promise<string | null> {
  if (file) headers["Content-Type"] = file.type;
  if (file) return file.text;
  if (channel && body === undefined) headers["Sotto-Reply-Key"] = channel.replyKey;
  if (body === undefined) return null;
  headers["Content-Type"] = channel ? SEALED_JSON : "application/json";
  if (!channel) return JSON.stringify(body);
  const [path = ""] = url.split("?");
  return channel.seal(method, path, headers["Idempotency-Key"] ?? "", body);
}

interface Fetched {
  status: number;
  headers: Headers;
  /** A file that is no text comes as its bytes. */
  content: string | Blob;
}

async function fetched(url: string, request: RequestInit, isLong = false): Promise<Fetched> {
  try {
    // The mode stays `cors`: with another one and this page's referrer policy, `Origin` would be null.
    const response = await fetch(url, {
      ...request,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(isLong ? LONG_TIMEOUT_MS : TIMEOUT_MS),
    });
    const { status, headers } = response;
    const isFile = headers.get("Content-Type") === "application/zip";
    return { status, headers, content: await (isFile ? response.blob() : response.text()) };
  } catch {
    throw new Problem("offline");
  }
}

function addressOf(operation: Operation, { path = {}, query = {} }: Sent): [method: string, url: string] {
  const [method = "", template = ""] = operation.split(" ");
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const pairs = Object.entries(query).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]]));
  return [method, pairs.length > 0 ? `${filled}?${new URLSearchParams(pairs)}` : filled];
}

function parsed(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function isTokens(answer: unknown): answer is Tokens {
  return typeof (answer as Tokens | null)?.access_token === "string";
}
