import { signal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { complain, date, languageName, List, type Row, wordsOf } from "../kit.ts";
import { isAvailable } from "./duty.ts";
import { isMine, type Item, opened } from "./inbox.ts";
import { later } from "./later.ts";
import { markOf } from "./list.tsx";
import { isTaking, leave, takeItem } from "./place.ts";
import { openedId } from "./memory.ts";
import { threadOf } from "./thread.ts";
import { INBOX } from "./words.ts";

/** The part that reads and answers, when it is loaded. */
const reader = signal<typeof import("./conversation.tsx") | null>(null);

/** What stands beside the list: a conversation, what is known of one that somebody else has, or what to do. */
export function Pane() {
  const item = opened.value;
  const isOwn = item !== null && (isMine(item) || openedId.value === item.conversation_id);
  useSignalEffect(() => {
    if (opened.value && !reader.peek()) later("conversation", () => import("./conversation.tsx")).then((part) => (reader.value = part), complain);
  });
  const Reader = reader.value?.Conversation;
  return (
    <div class="desk-pane">
      {!item ? <Nothing /> : isOwn && Reader ? <Reader key={item.conversation_id} item={item} thread={threadOf(item.conversation_id)} /> : <Card key={item.conversation_id} item={item} />}
    </div>
  );
}

function Nothing() {
  const words = wordsOf(INBOX);
  return (
    <section class="empty">
      <h2>{words.nothingOpen}</h2>
      <p class="hint">{words.nothingOpenText} <kbd>j</kbd> <kbd>Enter</kbd></p>
      <p class="hint"><kbd>?</kbd> {words.helpKey}</p>
    </section>
  );
}

/** What is known of a conversation without reading it. */
function Card({ item }: { item: Item }) {
  const words = wordsOf(INBOX);
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  const isFree = item.status === "waiting" || item.status === "open";
  const rows: Row[] = [[words.identity, item.verified ? words.isCustomer : words.isGuest], [words.locale, languageName(item.locale)]];
  if (item.waiting_since) rows.push([words.waitingSince, date(item.waiting_since)]);
  if (item.last_message_at) rows.push([words.lastMessage, date(item.last_message_at)]);
  if (item.agent) rows.push([words.answeredBy, item.agent.name]);
  if (item.tags.length > 0) rows.push([words.tagsOf, item.tags.join(", ")]);
  return (
    <section class="desk-card" aria-labelledby="card-title">
      <p class="back"><button type="button" class="link" onClick={() => leave()}>{words.back}</button></p>
      <h2 id="card-title" ref={heading} tabIndex={-1}>{words.visitor(markOf(item))}</h2>
      <List rows={rows} />
      {isFree && (
        <>
          <div class="buttons">
            <button type="button" class="primary" aria-busy={isTaking.value} onClick={() => void takeItem(item)}>{words.take}</button>
          </div>
          <p class="hint">{words.takeText} {!isAvailable.value && words.takeAvailable}</p>
        </>
      )}
      {item.status === "closed" && <p>{words.closedText}</p>}
      {item.status === "with_agent" && item.agent && !isMine(item) && <p>{words.claimed(item.agent.name)}</p>}
    </section>
  );
}
