import { effect, signal } from "@preact/signals";
import { me } from "../session.ts";
import { keep, kept } from "./store.ts";

/** A text that was begun. */
export interface Draft {
  text: string;
  /** The text is for colleagues. */
  isNote: boolean;
  /** The last message that was there when the text was begun. */
  after: string | null;
  /** A text that was put aside, since somebody else has dealt with the conversation. */
  aside: { text: string; by: string | null } | null;
}

/** A text on its way. */
export interface Pending {
  /** Its Idempotency-Key. */
  key: string;
  conversationId: string;
  text: string;
  isNote: boolean;
  /** The last message that was in sight: what came behind it stays unread. */
  after: string | undefined;
  /** `held`: it can still be taken back. `failed`: it is tried again. */
  state: "held" | "sending" | "failed";
}

interface Memory {
  drafts: Record<string, Draft>;
  pending: Pending[];
  opened: string | null;
}

export const drafts = signal<Record<string, Draft>>({});
export const pending = signal<Pending[]>([]);
/** The conversation that was open, by its id. */
export const openedId = signal<string | null>(null);

const EMPTY: Draft = { text: "", isNote: false, after: null, aside: null };
let stopKeeping: (() => void) | null = null;

export function draftOf(conversationId: string): Draft {
  return drafts.value[conversationId] ?? EMPTY;
}

export function change(conversationId: string, to: Partial<Draft>): void {
  const { [conversationId]: now = EMPTY, ...others } = drafts.peek();
  const next = { ...now, ...to };
  // A text begun anew belongs to what is there now.
  if (next.text === "") next.after = null;
  const isEmpty = next.text === "" && next.aside === null && !next.isNote;
  drafts.value = isEmpty ? others : { ...others, [conversationId]: next };
}

/** Puts a text back into the box, before what was begun meanwhile. */
export function putBack(conversationId: string, text: string, isNote: boolean): void {
  const { text: begun } = drafts.peek()[conversationId] ?? EMPTY;
  change(conversationId, { text: begun ? `${text}\n${begun}` : text, isNote });
}

/** Takes up what this tab kept, and keeps what changes from now on. */
export async function remember(): Promise<void> {
  const owner = me()?.id;
  if (stopKeeping || !owner) return;
  stopKeeping = () => {};
  const memory = (await kept(owner)) as Memory | null;
  if (memory) {
    drafts.value = memory.drafts;
    pending.value = memory.pending;
    openedId.value = memory.opened;
  }
  stopKeeping = effect(() => {
    const [begun, sent, open] = [drafts.value, pending.value, openedId.value];
    const isEmpty = Object.keys(begun).length === 0 && sent.length === 0 && open === null;
    void keep(owner, isEmpty ? null : { drafts: begun, pending: sent, opened: open });
  });
}

export function forgetMemory(): void {
  stopKeeping?.();
  stopKeeping = null;
  drafts.value = {};
  pending.value = [];
  openedId.value = null;
}
