import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { clockTime, date, day, languageName, List, me, named, type Row, wordsOf } from "../kit.ts";
import { close, release, transfer } from "./actions.tsx";
import { now } from "./clock.ts";
import { type Command, provide } from "./commands.ts";
import { Composer, write } from "./composer.tsx";
import { CONVERSATION } from "./conversation_words.ts";
import type { Item } from "./inbox.ts";
import { markOf } from "./list.tsx";
import { pending } from "./memory.ts";
import { refusals, remainingMs, sendNow, undo } from "./outbox.ts";
import { isTaking, leave, takeItem } from "./place.ts";
import { begun, countsOf, Marked, type Search, SearchBar } from "./search.tsx";
import type { Message, Thread } from "./thread.ts";
import { INBOX } from "./words.ts";

interface Props {
  item: Item;
  thread: Thread;
}

/** A conversation that this agent has: what was said, what is known, and the box to answer. */
export function Conversation({ item, thread }: Props) {
  const words = wordsOf(CONVERSATION);
  const { back, visitor } = wordsOf(INBOX);
  const heading = useRef<HTMLHeadingElement>(null);
  const search = useSignal<Search | null>(useMemo(begun, []));
  const find = () => {
    if (search.peek()) document.querySelector<HTMLElement>(".search-bar input")?.focus();
    else search.value = { text: "", at: 0 };
  };
  const found = () => {
    search.value = null;
    heading.current?.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    if (!search.peek()) heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    thread.poll.start();
    return () => thread.poll.stop();
  }, [thread]);
  useEffect(() => {
    const commands: Command[] = [
      { name: "reply", keys: ["r"], run: () => write(false) },
      { name: "note", keys: ["n"], run: () => write(true) },
      { name: "suggestion", keys: ["i"], run: () => document.querySelector<HTMLElement>(".suggestion button")?.click() },
      { name: "search", keys: ["/"], run: find },
      { name: "undo", keys: ["z"], run: () => undo(thread.id) && write() },
      { name: "transfer", keys: ["t"], run: () => transfer(thread.id) },
      { name: "queue", keys: ["q"], run: () => release(thread.id, "queue") },
      { name: "bot", keys: ["b"], run: () => release(thread.id, "bot") },
      { name: "close", keys: ["x"], run: () => close(thread.id) },
    ];
    return thread.lost.value === null ? provide(commands) : undefined;
  }, [thread, thread.lost.value === null]);
  const lost = thread.lost.value;
  return (
    <section class="conversation" aria-labelledby="conversation-title">
      <header class="conversation-head">
        <button type="button" class="link back" onClick={() => leave()}>{back}</button>
        <h2 id="conversation-title" ref={heading} tabIndex={-1}>{visitor(markOf(item))}</h2>
        {lost === null && <Actions id={thread.id} onSearch={find} />}
      </header>
      <About item={item} thread={thread} />
      {thread.isBroken.value && <p class="notice"><strong>{words.broken}</strong></p>}
      {search.value && <SearchBar conversationId={thread.id} search={search} messages={thread.messages.value} onClose={found} />}
      <Log thread={thread} search={search.value} />
      {lost === null ? <Composer thread={thread} locale={item.locale} /> : <Lost item={item} thread={thread} code={lost} />}
    </section>
  );
}

function Actions({ id, onSearch }: { id: string; onSearch: () => void }) {
  const words = wordsOf(CONVERSATION);
  return (
    <div class="actions" role="group" aria-label={words.actions}>
      <button type="button" class="secondary small" onClick={onSearch}>{words.search}</button>
      <button type="button" class="secondary small" onClick={() => transfer(id)}>{words.transfer}</button>
      <button type="button" class="secondary small" onClick={() => void release(id, "queue")}>{words.queue}</button>
      <button type="button" class="secondary small" onClick={() => void release(id, "bot")}>{words.bot}</button>
      <button type="button" class="secondary small" onClick={() => close(id)}>{words.close}</button>
    </div>
  );
}

function About({ item, thread }: Props) {
  const words = wordsOf(CONVERSATION);
  const inbox = wordsOf(INBOX);
  const context = thread.context.value;
  const rows: Row[] = [];
  if (context) {
    const { purposes, opened_at, expires_at, earlier } = context;
    rows.push([words.purposes, purposes.map((purpose) => named(words.purpose, purpose)).join(", ")]);
    rows.push([words.opened, date(opened_at)]);
    rows.push([words.until, date(expires_at)]);
    rows.push([words.earlier, earlier.length > 0 ? earlier.map(day).join(" · ") : words.noEarlier]);
  }
  if (item.tags.length > 0) rows.push([inbox.tagsOf, item.tags.join(", ")]);
  return (
    <details class="about-conversation">
      <summary>
        <span title={item.verified ? inbox.isCustomer : inbox.isGuest}>{item.verified ? inbox.customer : inbox.guest}</span>
        {" · "}{languageName(item.locale)}
        {context && ` · ${words.purposes}: ${context.purposes.map((purpose) => named(words.purpose, purpose)).join(", ")}`}
      </summary>
      <List rows={rows} />
    </details>
  );
}

/** What was said and what is on its way. It stays at its end, unless somebody reads further up. */
function Log({ thread, search }: { thread: Thread; search: Search | null }) {
  const words = wordsOf(CONVERSATION);
  const element = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const messages = thread.messages.value;
  const before = search ? countsOf(messages, search).before : null;
  const own = pending.value.filter(({ conversationId }) => conversationId === thread.id);
  const look = () => {
    const log = element.current;
    if (!log) return;
    isAtEnd.value = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    if (isAtEnd.value && !document.hidden && document.hasFocus()) void thread.seen();
  };
  // The button that was pressed goes away, and the focus goes on.
  const hasten = (key: string) => {
    sendNow(key);
    write();
  };
  const toEnd = () => element.current?.scrollTo(0, element.current.scrollHeight);
  useLayoutEffect(() => {
    if (isAtEnd.peek()) toEnd();
    look();
  }, [messages.length, own.length, thread.isTyping.value, thread.isThere.value]);
  useEffect(() => {
    // The box grows and shrinks, and a phone's keyboard comes and goes.
    const watching = new ResizeObserver(() => isAtEnd.peek() && toEnd());
    if (element.current) watching.observe(element.current);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      watching.disconnect();
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return (
    <div class="log-frame">
      <div class="log" role="log" aria-label={words.messages} tabIndex={0} ref={element} onScroll={look}>
        {!thread.isThere.value && thread.lost.value === null && <p class="hint">{words.loading}</p>}
        {messages.map((message, i) => (
          <Said key={message.id} message={message} before={messages[i - 1]}>
            {search && <Marked text={message.text} search={search} before={before?.get(message.id) ?? 0} />}
          </Said>
        ))}
        {own.map(({ key, text, isNote, state }) => (
          <article key={key} class={isNote ? "message note" : "message agent"}>
            <p class="text" dir="auto">{text}</p>
            <p class="said-by pending">
              {state === "held" && (
                <>
                  <Remaining of={key} />{" "}
                  <button type="button" class="link" onClick={() => undo(thread.id, key) && write()}>{words.undo}</button>{" "}
                  <button type="button" class="link" onClick={() => hasten(key)}>{words.sendNow}</button>
                </>
              )}
              {state === "sending" && words.sending}
              {state === "failed" && (
                <>
                  <span class="error">{words.failed}</span>{" "}
                  <button type="button" class="link" onClick={() => hasten(key)}>{words.tryNow}</button>
                </>
              )}
            </p>
          </article>
        ))}
        {thread.isTyping.value && <p class="typing hint">{words.typing}</p>}
      </div>
      {!isAtEnd.value && <button type="button" class="secondary small to-end" onClick={toEnd}>{words.toEnd}</button>}
    </div>
  );
}

/** The seconds that are left. Not read out: the words before it are enough. */
function Remaining({ of }: { of: string }) {
  const words = wordsOf(CONVERSATION);
  const seconds = now.value ? Math.max(1, Math.ceil(remainingMs(of) / 1000)) : 1;
  return <span aria-live="off">{words.held(words.seconds(seconds))}</span>;
}

interface SaidProps {
  message: Message;
  before: Message | undefined;
  /** In place of the text as it is. */
  children: ComponentChildren;
}

function Said({ message: { author, text, name, created_at, sources, choices }, before, children }: SaidProps) {
  const words = wordsOf(CONVERSATION);
  const isOwn = author === "agent" && name !== null && name !== undefined && me()?.name.startsWith(name);
  const by = author === "note" ? words.noteBy(name ?? words.author["agent"] ?? "") : isOwn ? words.you : (author === "agent" && name) || named(words.author, author);
  const isNewDay = !before || before.created_at.slice(0, 10) !== created_at.slice(0, 10);
  return (
    <article class={`message ${author}`}>
      <p class="said-by"><strong>{by}</strong> <time dateTime={created_at}>{isNewDay ? date(created_at) : clockTime(created_at)}</time></p>
      <p class="text" dir="auto">{children || text}</p>
      {sources && sources.length > 0 && <p class="hint">{words.from(sources.map(({ title }) => title).join(", "))}</p>}
      {choices && <p class="hint">{words.choices(choices.map(({ title }) => title).join(", "))}</p>}
    </article>
  );
}

/** Says why one has the conversation no more. What was begun is still there. */
function Lost({ item, thread, code }: Props & { code: string }) {
  const words = wordsOf(CONVERSATION);
  const isOthers = item.status === "with_agent" && item.agent && item.agent.id !== me()?.id;
  const isFree = item.status === "waiting" || item.status === "open";
  return (
    <div class="lost">
      {!refusals.value[thread.id] && <p role="alert" class="alert">{isOthers && item.agent ? words.lostTo(item.agent.name) : (words.lost[code] ?? words.lost["not_found"])}</p>}
      {isFree && code !== "conversation_closed" && code !== "erased" && (
        <div class="buttons">
          <button type="button" class="secondary" aria-busy={isTaking.value} onClick={() => void takeItem(item)}>{words.again}</button>
        </div>
      )}
      <Composer thread={thread} locale={item.locale} isOver />
    </div>
  );
}
