import { useLayoutEffect, useRef } from "preact/hooks";
import { date, day, go, List, type Row, SmallButton, want, wordsOf } from "../kit.ts";
import type { Known as KnownOf, Opened } from "./contract.ts";
import { KNOWN } from "./known_words.ts";

type Conversation = KnownOf["conversations"][number];

interface Props {
  known: KnownOf;
  opened: Opened;
  reason: string;
}

/** How the person may be reached, and which conversations there are, each with a way to read it. */
export function Known({ known: { contact, customer, conversations }, opened, reason }: Props) {
  const words = wordsOf(KNOWN);
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.focus(), []);
  const rows: Row[] = contact
    ? [
      [words.name, contact.name],
      [words.email, contact.email],
      [words.phone, contact.phone ?? words.none],
      [words.left, words.leftOn(day(contact.left_at), day(contact.expires_at))],
    ]
    : [[words.email, words.noContact]];
  rows.push([words.customer, customer ? words.isCustomer : words.isNoCustomer]);
  return (
    <div ref={list} tabIndex={-1} role="group" aria-label={words.title}>
      <List rows={rows} />
      {conversations.length === 0
        ? <p class="hint">{words.noConversations}</p>
        : (
          <ul class="rows" aria-label={words.conversations}>
            {conversations.map((one) => <ConversationRow key={one.id} one={one} reason={reason} isOpen={!opened.case.closed_at} />)}
          </ul>
        )}
    </div>
  );
}

function ConversationRow({ one: { id, created_at, expires_at, held }, reason, isOpen }: { one: Conversation; reason: string; isOpen: boolean }) {
  const words = wordsOf(KNOWN);
  const begun = words.begun(date(created_at));
  const read = () => {
    want({ conversationId: id, purpose: "subject_request", reason });
    void go("/transcripts");
  };
  return (
    <li>
      <div>
        <strong>{begun}</strong>
        <p class="hint">{words.keptUntil(day(expires_at))}{held && ` · ${words.held}`}</p>
      </div>
      {isOpen && <div class="buttons"><SmallButton label={words.read} of={begun} onClick={read} /></div>}
    </li>
  );
}
