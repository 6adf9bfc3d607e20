import type { Api, Call } from "./api.ts";
import type { Retention } from "./retention.ts";
import { noticeVersion } from "./words.ts";

export type Status = "open" | "waiting" | "with_agent" | "closed";

export interface Message {
  id: string;
  author: "visitor" | "bot" | "agent";
  text: string;
  created_at: string;
  sources?: { id: string; title: string }[];
}

export interface Exchange {
  message: Message;
  reply: Message | null;
  status: Status;
}

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
  /** Whether the last reading found the log as it was written. */
  isSound = true;

  private constructor(
    private readonly api: Api,
    public state: State,
  ) {}

  /** Begins one with the consent to a notice that told how long things are kept. */
  static async start(api: Api, locale: string, told: Retention): Promise<Conversation> {
    const consent = { notice_version: noticeVersion(told), purposes: ["support"] };
    const { body } = await api.call({ method: "POST", path: "/v1/conversations", body: { consent, locale }, told });
    return new Conversation(api, body as State);
  }

  static async resume(api: Api, id: string): Promise<Conversation> {
    const { body } = await api.call({ method: "GET", path: `/v1/conversations/${encodeURIComponent(id)}` });
    return new Conversation(api, body as State);
  }

  async refresh(): Promise<void> {
    this.state = await this.#call<State>("GET", "");
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
    return messages;
  }

  async send(text: string, idempotencyKey: string): Promise<Exchange> {
    const exchange = await this.#call<Exchange>("POST", "/messages", { body: { text }, idempotencyKey, cursor: this.#cursor });
    this.state.status = exchange.status;
    return exchange;
  }

  async handOver(): Promise<void> {
    const { status } = await this.#call<{ status: Status }>("POST", "/handover", { body: {} });
    this.state.status = status;
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
    const answer = await this.api.call({ method, path: `/v1/conversations/${this.state.id}${tail}`, ...more });
    this.#cursor = answer.cursor ?? this.#cursor;
    return answer.body as T;
  }
}
