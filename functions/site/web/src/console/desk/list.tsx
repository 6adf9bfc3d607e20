import { effect, untracked, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { languageName, wordsOf } from "../kit.ts";
import { since } from "./clock.ts";
import { type Item, more, opened, type Tab, tab } from "./inbox.ts";
import { cursor, openAtCursor, openItem } from "./place.ts";
import { INBOX } from "./words.ts";

/** Height of a row, in pixels: with it the rows in sight are known without measuring. */
const ROW = 76;
/** Rows before and after those in sight. */
const BEYOND = 8;
/** So many letters of its id tell a conversation from the others on the screen. */
const MARK = 4;

export function markOf({ conversation_id }: Item): string {
  return conversation_id.slice(-MARK).toUpperCase();
}

/** A list of any length, of which only those rows are made that are in sight. */
export function Rows({ of, items }: { of: Tab; items: Item[] }) {
  const words = wordsOf(INBOX);
  const element = useRef<HTMLUListElement>(null);
  const range = useSignal({ first: 0, last: 30 });
  const measure = () => {
    const list = element.current;
    if (!list) return;
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
    const last = Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND;
    if (first !== range.peek().first || last !== range.peek().last) range.value = { first, last };
    if (last >= items.length) more(of);
  };
  useLayoutEffect(() => {
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, [items]);
  useLayoutEffect(() => element.current?.scrollTo(0, 0), [of]);
  // A row that a key went to comes into sight, and has the focus before the next key: that may come at once.
  const reached = useRef(cursor.peek());
  useLayoutEffect(
    () =>
      effect(() => {
        const { id, isByKey } = cursor.value;
        const [list, index] = [element.current, items.findIndex((item) => item.conversation_id === id)];
        if (!list || index < 0 || !isByKey || reached.current === cursor.value) return;
        reached.current = cursor.value;
        const top = index * ROW;
        if (top < list.scrollTop) list.scrollTop = top;
        if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
        untracked(measure);
        const reach = () => {
          const row = list.querySelector<HTMLElement>(`[data-index="${index}"]`);
          row?.focus({ preventScroll: true });
          return row !== null;
        };
        if (!reach()) requestAnimationFrame(reach);
      }),
    [items],
  );
  const { first, last } = range.value;
  const at = cursor.value.id;
  const isAny = items.some((item) => item.conversation_id === at);
  return (
    <ul class="inbox-rows" ref={element} aria-label={words.list[of]} onScroll={measure}>
      <li role="presentation" aria-hidden="true" style={{ height: `${first * ROW}px` }} />
      {items.slice(first, last).map((item, i) => {
        const index = first + i;
        const isAt = isAny ? item.conversation_id === at : index === 0;
        return (
          <li key={item.conversation_id} aria-setsize={items.length} aria-posinset={index + 1}>
            <Row item={item} of={of} index={index} isAt={isAt} />
          </li>
        );
      })}
      <li role="presentation" aria-hidden="true" style={{ height: `${Math.max(0, items.length - last) * ROW}px` }} />
    </ul>
  );
}

function Row({ item, of, index, isAt }: { item: Item; of: Tab; index: number; isAt: boolean }) {
  const words = wordsOf(INBOX);
  const isOpen = opened.value?.conversation_id === item.conversation_id;
  const about = [languageName(item.locale), ...(item.agent && of !== "mine" ? [item.agent.name] : []), ...item.tags];
  return (
    <button
      type="button"
      class="inbox-row"
      data-index={index}
      tabIndex={isAt ? 0 : -1}
      aria-current={isOpen ? "true" : undefined}
      onClick={() => openItem(item)}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        void openAtCursor();
      }}
      onFocus={() => (cursor.value = { id: item.conversation_id, isByKey: false })}
    >
      <span class="inbox-line">
        <strong>{words.visitor(markOf(item))}</strong>
        <span class={item.verified ? "mark customer" : "mark"}>{item.verified ? words.customer : words.guest}</span>
        {item.unread > 0 && <span class="count" aria-label={words.unread(item.unread)} role="img">{item.unread}</span>}
      </span>
      <span class="inbox-line hint">
        <Time item={item} />
        <span class="about">{about.join(" · ")}</span>
      </span>
    </button>
  );
}

/** How long somebody waits already, or when something was said last. */
function Time({ item }: { item: Item }) {
  const words = wordsOf(INBOX);
  if (tab.value === "waiting" && item.waiting_since) return <span class="time">{words.waits(since(item.waiting_since, true))}</span>;
  return item.last_message_at ? <span class="time">{words.last(since(item.last_message_at, false))}</span> : null;
}
