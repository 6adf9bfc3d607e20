import type { JSX } from "preact";
import { day, daysUntil, isPast, wordsOf } from "../kit.ts";
import type { Case } from "./contract.ts";
import { PRIVACY } from "./words.ts";

/** Whether it is still to be confirmed that the request came, however far it is otherwise. */
export function awaitsConfirmation({ closed_at, confirm_by, confirmed_at }: Case): boolean {
  return !closed_at && Boolean(confirm_by) && !confirmed_at;
}

/** Whether the person knows that it waits for a hold: until that is released nothing is due. */
function isResting({ state, told_of_hold_at }: Case): boolean {
  return state === "waiting" && Boolean(told_of_hold_at);
}

function nextDate(opened: Case): number {
  const { confirm_by, due_at } = opened;
  if (awaitsConfirmation(opened) && confirm_by) return Date.parse(confirm_by);
  // After all that is due.
  return isResting(opened) ? Number.MAX_SAFE_INTEGER : Date.parse(due_at);
}

/** Sorts by the next date, the earliest first. */
export function byDeadline(one: Case, other: Case): number {
  return nextDate(one) - nextDate(other);
}

/** The next step, and by when. */
export function deadlineOf(opened: Case): JSX.Element {
  return (awaitsConfirmation(opened) && confirmationOf(opened)) || answerOf(opened);
}

/** By when to confirm that the request came, or when that was done; null where it matters to nobody. */
export function confirmationOf(opened: Case): JSX.Element | null {
  const { confirm_by, confirmed_at } = opened;
  if (!confirm_by) return null;
  const words = wordsOf(PRIVACY);
  if (awaitsConfirmation(opened)) return dated(confirm_by, words.confirmBy);
  return confirmed_at ? <span>{words.confirmedOn(day(confirmed_at))}</span> : null;
}

/** By when to answer, or when that was done. */
export function answerOf(opened: Case): JSX.Element {
  const words = wordsOf(PRIVACY);
  const { closed_at, due_at, told_of_hold_at } = opened;
  if (isResting(opened) && told_of_hold_at) return <span>{words.resting(day(told_of_hold_at))}</span>;
  return closed_at ? <span>{words.closedOn(day(closed_at))}</span> : dated(due_at, words.answerBy);
}

/** An overdue date begins with that word: a colour alone would not be seen by all. */
function dated(at: string, said: (day: string, when: string) => string): JSX.Element {
  const { today, inDays, daysAgo, overdue } = wordsOf(PRIVACY);
  const days = daysUntil(at);
  const text = said(day(at), days === 0 ? today : days > 0 ? inDays(days) : daysAgo(-days));
  return isPast(at) ? <strong class="overdue">{overdue(text)}</strong> : <span>{text}</span>;
}
