import { signal } from "@preact/signals";
import { attempt, say, shown } from "../stage.tsx";
import { wordsOf } from "../words.ts";
import { becomeAvailable } from "./duty.ts";
import { isMine, type Item, opened, shownOf, tab } from "./inbox.ts";
import { openedId } from "./memory.ts";
import { claim } from "./thread.ts";
import { INBOX } from "./words.ts";

/** Where in the desk one is: the row that keys go to, and the conversation beside the list. */

export const cursor = signal<{ id: string; isByKey: boolean }>({ id: "", isByKey: false });

/** A conversation is being taken. */
export const isTaking = signal(false);

/** The list stands alone here, and a conversation takes its place. */
export const NARROW = matchMedia("(max-width: 52rem)");

export function openItem(item: Item): void {
  if (NARROW.matches && !opened.peek()) history.pushState({ isDeep: true }, "");
  cursor.value = { id: item.conversation_id, isByKey: false };
  opened.value = item;
  openedId.value = isMine(item) ? item.conversation_id : null;
}

/** Leaves the conversation; nothing is done to it. What led to it is said in the list. */
export function leave(said = ""): void {
  if (!(history.state as { isDeep?: boolean } | null)?.isDeep) {
    close();
    return say(said);
  }
  // The list is shown anew by the way back, and then it can be said.
  let isBefore = true;
  const stop = shown.subscribe(() => {
    if (isBefore) return void (isBefore = false);
    stop();
    say(said);
  });
  history.back();
}

export function close(): void {
  opened.value = null;
  openedId.value = null;
}

/** The history moved: on a phone, Back leads from a conversation to the list. */
export function arrived(): void {
  if (NARROW.matches && !(history.state as { isDeep?: boolean } | null)?.isDeep) close();
}

export function move(by: number): void {
  const items = shownOf(tab.peek());
  if (items.length === 0) return;
  const now = items.findIndex((item) => item.conversation_id === cursor.peek().id);
  const next = items[now < 0 ? 0 : Math.min(items.length - 1, Math.max(0, now + by))];
  if (next) cursor.value = { id: next.conversation_id, isByKey: true };
}

/** Opens what one has, and takes what waits. */
export async function openAtCursor(): Promise<void> {
  const items = shownOf(tab.peek());
  const item = items.find((one) => one.conversation_id === cursor.peek().id) ?? items[0];
  if (!item) return;
  openItem(item);
  if (item.status === "waiting") await takeItem(item);
}

/** Takes a conversation, and says so if a colleague was faster. */
export async function takeItem(item: Item): Promise<void> {
  if (isTaking.peek()) return;
  isTaking.value = true;
  const words = wordsOf(INBOX);
  await attempt(
    async () => {
      await claim(item.conversation_id);
      openedId.value = item.conversation_id;
      // The server takes conversations back from agents who are away.
      becomeAvailable();
    },
    { claimed: words.taken, conversation_closed: words.ended, erased: words.erased, not_found: words.gone, training_required: words.training },
  );
  isTaking.value = false;
}
