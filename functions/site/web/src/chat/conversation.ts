import type { Answer, Api, Call } from "./api.ts";
import type { Schemas } from "../console/contract.ts";
import type { Notice } from "./site.ts";
import type { UnsentMessage } from "./unsent.ts";
import { noticeVersion } from "./words.ts";

export type Status = "open" | "waiting" | "with_agent" | "closed";

export interface Message {
  id: string;
  author: "visitor" | "bot" | "agent";
  text: string;
  created_at: string;
  sources?: { id: string; title: string }[];
  /** The entries that the bot asks about. */
  choices?: { id: string; title: string }[];
  /** The name of the agent who wrote it. */
  name?: string;
  /** The bot offers to ask for a person. */
  offers_person?: boolean;
  /** Nobody is there, and the bot asks how to reach the visitor. */
  offers_contact?: boolean;
}

export type Queue = Schemas["Queue"];

/** What is new: messages of both sides, and how things stand. */
export type News = Omit<Schemas["News"], "items" | "status"> & { items: Message[]; status: Status };

export interface Exchange {
  message: Message;
  reply: Message | null;
  status: Status;
  news?: News;
}

/** The answer to a visitor who asks for a person. */
export type Handover = Omit<Schemas["HandoverResponse"], "status"> & { status: Status };

interface State {
  id: string;
  status: Status;
  expires_at: string;
}

export interface Lead {
  name: string;
  email: string;
  phone: string | null;
}

/** One conversation, in the words of the API. */
export class Conversation {
  #cursor: string | null = null;
  /**
   * The last message that a list or news brought. Never the visitor's own from the answer to it: an agent's
   * may stand before that one, and would be passed over.
   */
  #after = "";
  /** How things stood then, in the server's words. */
  #known = "";
  /** Where the news go on of which only a part came. */
  #rest: string | null = null;
  /** Whether the last reading found the log as it was written. */
  isSound = true;

  private constructor(
    private readonly api: Api,
    public state: State,
  ) {}

  /** Begins one with the consent to a notice. */
  static async start(api: Api, locale: string, told: Notice): Promise<Conversation> {
    const consent = { notice_version: noticeVersion(told), purposes: ["support"] };
    const { body } = await api.call({ method: "POST", path: "/v1/conversations", body: { consent, locale }, told });
    return new Conversation(api, body as State);
  }

  static async resume(api: Api, id: string): Promise<Conversation> {
    const { body } = await api.call({ method: "GET", path: `/v1/conversations/${encodeURIComponent(id)}` });
    return new Conversation(api, body as State);
  }

  async messages(): Promise<Message[]> {
    const messages: Message[] = [];
    let cursor: string | null = null;
    do {
      const page: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const list = await this.#call<{ items: Message[]; next_cursor: string | null; integrity: string }>("GET", `/messages?limit=100${page}`);
      messages.push(...list.items);
      if (list.integrity !== "ok") this.isSound = false;
      cursor = list.next_cursor;
    } while (cursor);
    this.#after = messages.at(-1)?.id ?? "";
    return messages;
  }

  /** The news since the last, or null. Asked for once: the caller knows when to ask again. */
  async news(): Promise<News | null> {
    const known = { limit: "100", after: this.#after, state: this.#known, ...(this.#rest && { cursor: this.#rest }) };
    const query = new URLSearchParams(known).toString();
    const { status, body } = await this.#answer("GET", `/messages?${query}`, { attempts: 1 });
    // While a rollout lasts, the version before may answer, which knows a list only and not how things stand.
    return status === 204 || !(body as News).status ? null : (body as News);
  }

  /** These news were shown: the next ones begin behind them. */
  heard(news: News): void {
    this.#after = news.items.at(-1)?.id ?? this.#after;
    this.#known = news.state;
    this.#rest = news.next_cursor ?? null;
  }

  /** The next news are everything: clients know messages that they have by their ids. */
  fromTheBeginning(): void {
    this.#after = this.#known = "";
    this.#rest = null;
  }

  /** While a person is asked for, the answer brings what is new too; an exchange with the bot needs no more reads. */
  async send({ key: idempotencyKey, text, choice }: UnsentMessage): Promise<Exchange> {
    const said = choice === undefined ? { text } : { choice };
    const body = this.state.status === "open" ? said : { ...said, after: this.#after };
    return this.#call<Exchange>("POST", "/messages", { body, idempotencyKey, cursor: this.#cursor });
  }

  async handOver(): Promise<Handover> {
    return this.#call<Handover>("POST", "/handover", { body: {} });
  }

  async typing(): Promise<void> {
    await this.#call("POST", "/typing", { body: {}, attempts: 1 });
  }

  async giveFeedback(messageId: string, helpful: boolean): Promise<void> {
    await this.#call("POST", "/feedback", { body: { message_id: messageId, helpful } });
  }

  async leaveLead(lead: Lead): Promise<void> {
    await this.#call("POST", "/lead", { body: { ...lead, consent: true } });
  }

  async rate(score: number, comment: string | null): Promise<void> {
    await this.#call("POST", "/rating", { body: { score, comment } });
  }

  async close(): Promise<void> {
    this.state = await this.#call<State>("POST", "/close", { body: {} });
  }

  async #call<T>(method: Call["method"], tail: string, more?: Partial<Call>): Promise<T> {
    return (await this.#answer(method, tail, more)).body as T;
  }

  async #answer(method: Call["method"], tail: string, more?: Partial<Call>): Promise<Answer> {
    const answer = await this.api.call({ method, path: `/v1/conversations/${this.state.id}${tail}`, ...more });
    this.#cursor = answer.cursor ?? this.#cursor;
    return answer;
  }
}
