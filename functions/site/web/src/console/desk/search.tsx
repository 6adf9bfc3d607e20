import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { api } from "../session.ts";
import { wordsOf } from "../kit.ts";
import { CONVERSATION } from "./conversation_words.ts";
import { type Item, lists } from "./inbox.ts";
import { markOf } from "./list.tsx";
import { openItem } from "./place.ts";
import type { Message } from "./thread.ts";
import { INBOX } from "./words.ts";

/** What is looked for in one's own conversations. It is looked for in the browser, and nothing of it is sent. */
export interface Search {
  text: string;
  /** The place that one is at, counted through all messages of the conversation that is open. */
  at: number;
}

/** What is looked for in the conversation that is opened next. */
let carried: Search | null = null;

/** The search that led to this conversation; null for none. */
export function begun(): Search | null {
  const search = carried;
  carried = null;
  return search;
}

/** The places of a text in another, whatever their case. */
export function placesOf(text: string, wanted: string): [from: number, until: number][] {
  const plain = wanted.trim();
  if (plain === "") return [];
  const pattern = new RegExp(plain.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, (sign) => (sign === "-" ? "\\x2d" : `\\${sign}`)), "giu");
  return [...text.matchAll(pattern)].map(({ index, 0: found }) => [index, index + found.length]);
}

/** How many places come before each message, and how many there are in all. */
export function countsOf(messages: Message[], { text }: Search): { before: Map<string, number>; all: number } {
  const before = new Map<string, number>();
  let all = 0;
  for (const message of messages) {
    before.set(message.id, all);
    all += placesOf(message.text, text).length;
  }
  return { before, all };
}

/** A message's text, with what is looked for marked in it. */
export function Marked({ text, search, before }: { text: string; search: Search; before: number }) {
  let end = 0;
  const parts = placesOf(text, search.text).map(([from, until], i) => {
    const between = text.slice(end, from);
    end = until;
    return <>{between}<mark data-at={before + i} class={before + i === search.at ? "here" : undefined}>{text.slice(from, until)}</mark></>;
  });
  return <>{parts}{text.slice(end)}</>;
}

interface Props {
  conversationId: string;
  search: Signal<Search | null>;
  messages: Message[];
  onClose: () => void;
}

/** The field for it, the number of places, and the way from one to the next. */
export function SearchBar({ conversationId, search, messages, onClose }: Props) {
  const words = wordsOf(CONVERSATION);
  const input = useRef<HTMLInputElement>(null);
  const now = search.value ?? { text: "", at: 0 };
  const { all } = countsOf(messages, now);
  useLayoutEffect(() => input.current?.focus(), []);
  useLayoutEffect(() => document.querySelector(".log mark.here")?.scrollIntoView({ block: "center" }), [now.text, now.at]);
  const move = (by: number) => {
    if (all > 0) search.value = { ...now, at: (now.at + by + all) % all };
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter") move(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  };
  const count = now.text.trim() === "" ? "" : all === 0 ? words.notFound : words.found(Math.min(now.at, all - 1) + 1, all);
  return (
    <div class="search-bar" role="search" aria-label={words.search}>
      <input
        ref={input}
        type="text"
        inputmode="search"
        autocomplete="off"
        maxlength={200}
        dir="auto"
        aria-label={words.searchFor}
        value={now.text}
        onInput={({ currentTarget }) => (search.value = { text: currentTarget.value, at: 0 })}
        onKeyDown={pressed}
      />
      <p role="status">{count}</p>
      <button type="button" class="secondary small" onClick={() => move(-1)}>{words.previousPlace}</button>
      <button type="button" class="secondary small" onClick={() => move(1)}>{words.nextPlace}</button>
      <button type="button" class="secondary small" onClick={onClose}>{words.searchEnd}</button>
      <p class="hint">{words.searchText}</p>
      <Elsewhere than={conversationId} wanted={now.text} />
    </div>
  );
}

/** How often it stands in one's other conversations, which are read once for a search. */
function Elsewhere({ than, wanted }: { than: string; wanted: string }) {
  const words = wordsOf(CONVERSATION);
  const { visitor } = wordsOf(INBOX);
  const texts = useSignal<Map<Item, string[]>>(new Map());
  useEffect(() => {
    let isOver = false;
    const others = lists.peek().mine.items.filter((item) => item.conversation_id !== than);
    void (async () => {
      for (const item of others) {
        // One that has gone elsewhere meanwhile is left out.
        const said = await textsOf(item).catch(() => null);
        if (isOver) return;
        if (said) texts.value = new Map(texts.peek()).set(item, said);
      }
    })();
    return () => {
      isOver = true;
    };
  }, []);
  const found = [...texts.value]
    .map(([item, said]) => ({ item, count: said.reduce((sum, text) => sum + placesOf(text, wanted).length, 0) }))
    .filter(({ count }) => count > 0);
  if (found.length === 0) return null;
  const go = (item: Item) => {
    carried = { text: wanted, at: 0 };
    openItem(item);
  };
  return (
    <ul class="elsewhere" aria-label={words.elsewhere}>
      {found.map(({ item, count }) => (
        <li key={item.conversation_id}>
          <button type="button" class="link" onClick={() => go(item)}>{words.foundIn(visitor(markOf(item)), count)}</button>
        </li>
      ))}
    </ul>
  );
}

/** Everything that was said in a conversation of one's own. */
async function textsOf({ conversation_id }: Item): Promise<string[]> {
  const texts: string[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string> = cursor ? { cursor } : {};
    const news = await api.call("GET /v1/inbox/{conversation_id}/messages", { path: { conversation_id }, query });
    texts.push(...(news?.items ?? []).map(({ text }) => text));
    cursor = news?.next_cursor ?? null;
  } while (cursor);
  return texts;
}
