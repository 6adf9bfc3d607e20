import { computed, signal } from "@preact/signals";
import type { Answer, Known } from "../client.ts";
import { beginningOf, dayOf } from "../components/day.ts";
import { api, me } from "../session.ts";
import { Poll } from "./poll.ts";

/** What the inbox holds, read again and again for as long as it is open or its agent is available. */

export const TABS = ["waiting", "mine", "closed"] as const;
export type Tab = (typeof TABS)[number];
type Page = NonNullable<Answer<"GET /v1/inbox">>;
export type Item = Page["items"][number];

export interface Filter {
  tag: string;
  locale: string;
  agent: string;
  /** Days, both included: `2026-12-25`. */
  from: string;
  to: string;
  isUnread: boolean;
}

export interface Listed {
  items: Item[];
  /** It was read. */
  isThere: boolean;
  /** There are more than were read. */
  hasMore: boolean;
}

const EVERY_MS = 3000;
const PAGE_SIZE = 100;
/** Of the two lists that are not looked at, each is read in one of so many rounds. */
const ROUNDS = 5;
export const NO_FILTER: Filter = { tag: "", locale: "", agent: "", from: "", to: "", isUnread: false };
const UNREAD: Listed = { items: [], isThere: false, hasMore: false };
const NONE: Record<Tab, Listed> = { waiting: UNREAD, mine: UNREAD, closed: UNREAD };

export const tab = signal<Tab>("waiting");
export const filter = signal<Filter>(NO_FILTER);
export const lists = signal(NONE);
export const counts = signal({ waiting: 0, mine: 0 });
export const colleagues = signal<Page["colleagues"]>([]);
/** The conversation that stands beside the list, as the list had it last. */
export const opened = signal<Item | null>(null);

/** Conversations of one's own with something to read. */
export const unread = computed(() => lists.value.mine.items.filter((item) => item.unread > 0).length);

let known: Record<Tab, Known> = fresh();
let wanted: Record<Tab, number> = { waiting: PAGE_SIZE, mine: PAGE_SIZE, closed: PAGE_SIZE };
let round = 0;
/** The counts at the time when a list was read. */
let countsOf: Partial<Record<Tab, number>> = {};
let isLookedAt = false;
let hear: (of: Tab, before: Listed) => void = () => {};

export const inboxPoll = new Poll(EVERY_MS, ask);

/** Tells somebody of each list that was read, and what it was before. */
export function onRead(told: typeof hear): void {
  hear = told;
}

/** The page is there, or it has gone. */
export function look(isOpen: boolean): void {
  isLookedAt = isOpen;
}

/** Reads the list that is looked at, if it was not read yet. */
export async function ready(): Promise<void> {
  if (!lists.peek()[tab.peek()].isThere) await read(tab.peek());
  inboxPoll.start();
}

/** Reads everything anew, since something was done. */
export function refresh(): void {
  known = fresh();
  inboxPoll.now();
}

export function showTab(to: Tab): void {
  tab.value = to;
  inboxPoll.now();
}

export function narrow(to: Filter): void {
  filter.value = to;
  known = fresh();
  inboxPoll.now();
}

/** Reads more of a list, since its end is in sight. */
export function more(of: Tab): void {
  const { hasMore, items } = lists.peek()[of];
  if (!hasMore || wanted[of] > items.length) return;
  wanted[of] = items.length + PAGE_SIZE;
  known[of] = { tag: null };
  inboxPoll.now();
}

/** Leaves nothing of one person for the next. */
export function forgetInbox(): void {
  inboxPoll.stop();
  known = fresh();
  wanted = { waiting: PAGE_SIZE, mine: PAGE_SIZE, closed: PAGE_SIZE };
  countsOf = {};
  tab.value = "waiting";
  filter.value = NO_FILTER;
  lists.value = NONE;
  counts.value = { waiting: 0, mine: 0 };
  colleagues.value = [];
  opened.value = null;
}

/** The items of a list that the filter lets through. */
export function shownOf(of: Tab): Item[] {
  const { tag, locale, agent, from, to, isUnread } = filter.value;
  const { items } = lists.value[of];
  if (filter.value === NO_FILTER) return items;
  return items.filter((item) => {
    const day = dayOf(new Date(item.last_message_at ?? item.waiting_since ?? Date.now()));
    if (tag && !item.tags.some((one) => one.toLowerCase().includes(tag.toLowerCase()))) return false;
    if (locale && item.locale !== locale) return false;
    if (agent && item.agent?.name !== agent) return false;
    if (isUnread && item.unread === 0) return false;
    return (!from || day >= from) && (!to || day <= to);
  });
}

export function isMine(item: Item): boolean {
  return item.status === "with_agent" && item.agent?.id === me()?.id;
}

/** An item as an answer has it now, before the lists are read again. */
export function know(item: Item): void {
  if (opened.peek()?.conversation_id === item.conversation_id) opened.value = item;
  refresh();
}

async function ask(): Promise<void> {
  const current = isLookedAt ? tab.peek() : "waiting";
  await read(current);
  round++;
  for (const other of ["waiting", "mine"] as const) {
    const isDue = round % ROUNDS === 0 || known[other].tag === null || counts.peek()[other] !== countsOf[other];
    if (other !== current && isDue) await read(other);
  }
}

async function read(of: Tab): Promise<void> {
  const mine = known[of];
  try {
    const first = await page(of, mine);
    if (!first) return;
    const items = [...first.items];
    let cursor = first.next_cursor;
    const enough = filter.peek() === NO_FILTER ? wanted[of] : Infinity;
    while (cursor && items.length < enough) {
      const next = await page(of, undefined, cursor);
      items.push(...(next?.items ?? []));
      cursor = next?.next_cursor ?? null;
    }
    // A list that was read for an earlier state is read again.
    if (mine !== known[of] || !api.isSignedIn) return;
    const before = lists.peek()[of];
    lists.value = { ...lists.peek(), [of]: { items, isThere: true, hasMore: Boolean(cursor) } };
    counts.value = first.counts;
    colleagues.value = first.colleagues;
    if (of !== "closed") countsOf[of] = first.counts[of];
    const open = items.find((item) => item.conversation_id === opened.peek()?.conversation_id);
    if (open) opened.value = open;
    hear(of, before);
  } catch (error) {
    mine.tag = null;
    throw error;
  }
}

function page(of: Tab, state?: Known, cursor?: string): Promise<Page | null> {
  const { from, to } = filter.peek();
  const query = {
    status: of,
    limit: PAGE_SIZE,
    ...(cursor && { cursor }),
    // The other lists are short, and the rest of the filter is looked through here.
    ...(of === "closed" && from && { from: beginningOf(from) }),
    ...(of === "closed" && to && { to: new Date(Date.parse(beginningOf(to)) + 24 * 60 * 60_000).toISOString() }),
  };
  return api.call("GET /v1/inbox", { query, ...(state && { known: state }) });
}

function fresh(): Record<Tab, Known> {
  return { waiting: { tag: null }, mine: { tag: null }, closed: { tag: null } };
}
