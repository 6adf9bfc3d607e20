import { signal } from "@preact/signals";
import type { Answer } from "../client.ts";
import { type Problem, problemOf } from "../problem.ts";
import { api } from "../session.ts";
import { seen as looked, take } from "./alerts.ts";
import { onEnd } from "./duty.ts";
import { know, opened, refresh } from "./inbox.ts";
import { change, draftOf } from "./memory.ts";
import { onDelivered, ownIds, type Sent, settle } from "./outbox.ts";
import { Poll } from "./poll.ts";

type News = NonNullable<Answer<"GET /v1/inbox/{conversation_id}/messages">>;
export type Message = News["items"][number];
export type Context = NonNullable<News["context"]>;
export type Suggestion = Answer<"GET /v1/inbox/{conversation_id}/suggestions">["items"][number];

const EVERY_MS = 1500;
/** A mark of typing lives for six seconds at the server. */
const TYPING_MS = 4000;

/** One conversation that this agent has taken, for as long as it is looked at. */
export class Thread {
  readonly messages = signal<Message[]>([]);
  readonly context = signal<Context | null>(null);
  readonly isTyping = signal(false);
  readonly isBroken = signal(false);
  /** The first answer is there. */
  readonly isThere = signal(false);
  readonly suggestions = signal<Suggestion[]>([]);
  /** The code that says why this agent has it no more. */
  readonly lost = signal<string | null>(null);
  /** The last message of an answer to a poll, empty before the first: what came before it was in sight. */
  after = "";
  readonly poll = new Poll(EVERY_MS, () => this.#read(), (problem) => this.#refused(problem));
  #polled: Message[] = [];
  #sent: Message[] = [];
  #state = "";
  #seenId = "";
  #typedAt = -TYPING_MS;
  #suggestedFor = "";

  constructor(readonly id: string) {}

  get path(): { conversation_id: string } {
    return { conversation_id: this.id };
  }

  /** The visitor's last message. */
  get asked(): Message | undefined {
    return this.messages.peek().filter(({ author }) => author === "visitor").at(-1);
  }

  /** A message that was sent from here; the poll brings it again. */
  add(message: Message): void {
    this.#sent.push(message);
    this.#show();
    this.poll.now();
  }

  /** Somebody is writing an answer: the visitor sees that. */
  typed(): void {
    if (performance.now() - this.#typedAt < TYPING_MS) return;
    this.#typedAt = performance.now();
    // The mark is short-lived: the next one makes up for a lost one.
    api.call("POST /v1/inbox/{conversation_id}/typing", { path: this.path, body: {} }).catch(() => {});
  }

  /** Everything is in sight, and the visitor sees that. */
  async seen(): Promise<void> {
    const { asked } = this;
    looked(opened.peek());
    if (!asked || asked.id === this.#seenId || this.lost.peek()) return;
    const before = this.#seenId;
    this.#seenId = asked.id;
    try {
      await api.call("POST /v1/inbox/{conversation_id}/seen", { path: this.path, body: { message_id: asked.id } });
      refresh();
    } catch {
      this.#seenId = before;
    }
  }

  /** Sentences of the knowledge base that may answer the visitor's last message. */
  async suggest(): Promise<void> {
    const { asked } = this;
    if (!asked || asked.id === this.#suggestedFor) return;
    this.#suggestedFor = asked.id;
    try {
      const { items } = await api.call("GET /v1/inbox/{conversation_id}/suggestions", { path: this.path });
      if (this.#suggestedFor === asked.id) this.suggestions.value = items;
    } catch {
      // Without suggestions one answers all the same.
      this.suggestions.value = [];
    }
  }

  async #read(): Promise<void> {
    const isFirst = !this.isThere.peek();
    let cursor: string | null = null;
    do {
      const known = isFirst && this.after === "" ? {} : { after: this.after, state: this.#state };
      const query: Record<string, string | undefined> = { ...known, ...(cursor && { cursor }) };
      const news: Answer<"GET /v1/inbox/{conversation_id}/messages"> = await api.call("GET /v1/inbox/{conversation_id}/messages", { path: this.path, query });
      if (!news && !cursor) return;
      if (!news) break;
      this.#state = news.state ?? "";
      this.after = news.items.at(-1)?.id ?? this.after;
      if (news.context) this.context.value = news.context;
      if (news.integrity !== "ok") this.isBroken.value = true;
      this.isTyping.value = news.typing ?? false;
      this.#append(news.items);
      settle(this.id, news.items);
      cursor = news.next_cursor ?? null;
      if (news.status !== "with_agent") return this.#lose(news.status === "closed" ? "conversation_closed" : "not_claimed");
    } while (cursor);
    this.isThere.value = true;
    this.lost.value = null;
    if (isFirst) this.#retire();
    // The assistant may have answered what a person is then asked for.
    const isAnswered = this.messages.peek().filter(({ author }) => author !== "note").at(-1)?.author === "agent";
    if (isAnswered) this.suggestions.value = [];
    else void this.suggest();
  }

  /** What the poll has brought, in the order of the log. */
  #append(items: Message[]): void {
    const ids = new Set(this.#polled.map(({ id }) => id));
    const added = items.filter(({ id }) => !ids.has(id));
    this.#polled.push(...added);
    if (added.some(({ author }) => author === "visitor")) this.isTyping.value = false;
    this.#show();
  }

  /** What was sent from here stands last until the poll brings it with all that came before it. */
  #show(): void {
    const ids = new Set(this.#polled.map(({ id }) => id));
    this.#sent = this.#sent.filter(({ id }) => !ids.has(id));
    this.messages.value = [...this.#polled, ...this.#sent];
  }

  #refused(problem: Problem): boolean {
    if (!["not_found", "not_claimed", "erased", "conversation_closed", "forbidden"].includes(problem.code)) return false;
    this.#lose(problem.code);
    return true;
  }

  #lose(code: string): void {
    this.poll.stop();
    this.isTyping.value = false;
    this.suggestions.value = [];
    this.lost.value = code;
    refresh();
  }

  /** A text that was begun before a colleague answered is put aside. */
  #retire(): void {
    const { after, text } = draftOf(this.id);
    if (!after || text === "") return;
    const messages = this.messages.peek();
    const later = messages.slice(messages.findIndex(({ id }) => id === after) + 1);
    const answered = later.find(({ id, author }) => author === "agent" && !ownIds.has(id));
    if (answered) change(this.id, { text: "", aside: { text, by: answered.name ?? null } });
  }
}

/** Threads of this session: what was read once need not be read again. */
let threads = new Map<string, Thread>();

onDelivered((conversationId: string, message: Sent) => threads.get(conversationId)?.add(message));
onEnd({
  leave: () => Promise.resolve(),
  forget() {
    for (const thread of threads.values()) thread.poll.stop();
    threads = new Map();
  },
});

export function threadOf(id: string): Thread {
  const thread = threads.get(id) ?? new Thread(id);
  threads.set(id, thread);
  return thread;
}

/** Takes a conversation: nobody else can answer in it then. */
export async function claim(id: string): Promise<void> {
  take(id);
  letGo(id);
  try {
    know(await api.call("POST /v1/inbox/{conversation_id}/claim", { path: { conversation_id: id }, body: {} }));
  } catch (error) {
    const { item } = problemOf(error);
    if (item) know(item as Answer<"POST /v1/inbox/{conversation_id}/claim">);
    else refresh();
    throw error;
  }
}

/** A conversation was given away, or ended: its text is not kept here. */
export function letGo(id: string): void {
  threads.get(id)?.poll.stop();
  threads.delete(id);
}

