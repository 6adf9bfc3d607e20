import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import type { Case } from "./contract.ts";
import { daysUntil, isPast } from "./day.ts";

/** Whether it is still to be confirmed that the request came, however far it is otherwise. */
export function awaitsConfirmation({ closed_at, confirm_by, confirmed_at }: Case): boolean {
  return closed_at === null && confirm_by !== null && !confirmed_at;
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

/** What is due next comes first. */
export function byDeadline(one: Case, other: Case): number {
  return nextDate(one) - nextDate(other);
}

/** What comes next by when. */
export function deadlineOf(app: App, opened: Case): HTMLElement {
  return (awaitsConfirmation(opened) && confirmationOf(app, opened)) || answerOf(app, opened);
}

/** By when to confirm that the request came, or when that was done; null where it matters to nobody. */
export function confirmationOf(app: App, opened: Case): HTMLElement | null {
  const { confirm_by, confirmed_at } = opened;
  if (confirm_by === null) return null;
  const words = app.words.privacy;
  if (awaitsConfirmation(opened)) return dated(app, confirm_by, words.confirmBy);
  return confirmed_at ? h("span", {}, words.confirmedOn(app.day(confirmed_at))) : null;
}

/** By when to answer, or when that was done. */
export function answerOf(app: App, opened: Case): HTMLElement {
  const words = app.words.privacy;
  const { closed_at, due_at, told_of_hold_at } = opened;
  if (isResting(opened) && told_of_hold_at) return h("span", {}, words.resting(app.day(told_of_hold_at)));
  return closed_at ? h("span", {}, words.closedOn(app.day(closed_at))) : dated(app, due_at, words.answerBy);
}

/** What is overdue begins with that word: a colour alone would not be seen by all. */
function dated(app: App, at: string, words: (day: string, when: string) => string): HTMLElement {
  const { today, inDays, daysAgo, overdue } = app.words.privacy;
  const days = daysUntil(at);
  const text = words(app.day(at), days === 0 ? today : days > 0 ? inDays(days) : daysAgo(-days));
  return isPast(at) ? h("strong", { class: "overdue" }, overdue(text)) : h("span", {}, text);
}
