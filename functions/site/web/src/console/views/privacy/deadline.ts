import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import type { Case } from "./contract.ts";
import { daysUntil, isPast } from "./day.ts";

/** Whether it is still to be confirmed that the request came, and that is due before the answer. */
function awaitsConfirmation({ state, confirm_by, due_at }: Case): boolean {
  return state === "open" && confirm_by !== null && Date.parse(confirm_by) < Date.parse(due_at);
}

function nextDate(opened: Case): number {
  return Date.parse((awaitsConfirmation(opened) && opened.confirm_by) || opened.due_at);
}

/** What is due next comes first. */
export function byDeadline(one: Case, other: Case): number {
  return nextDate(one) - nextDate(other);
}

/** What comes next by when. */
export function deadlineOf(app: App, opened: Case): HTMLElement {
  return (awaitsConfirmation(opened) && confirmationOf(app, opened)) || answerOf(app, opened);
}

/** By when to confirm that the request came; null where nobody asks for that. */
export function confirmationOf(app: App, opened: Case): HTMLElement | null {
  const { confirm_by } = opened;
  if (confirm_by === null) return null;
  const words = app.words.privacy;
  if (awaitsConfirmation(opened)) return dated(app, confirm_by, words.confirmBy);
  return h("span", {}, app.day(confirm_by));
}

/** By when to answer, or when that was done. */
export function answerOf(app: App, { closed_at, due_at }: Case): HTMLElement {
  const words = app.words.privacy;
  return closed_at ? h("span", {}, words.closedOn(app.day(closed_at))) : dated(app, due_at, words.answerBy);
}

/** What is overdue begins with that word: a colour alone would not be seen by all. */
function dated(app: App, at: string, words: (day: string, when: string) => string): HTMLElement {
  const { today, inDays, daysAgo, overdue } = app.words.privacy;
  const days = daysUntil(at);
  const text = words(app.day(at), days === 0 ? today : days > 0 ? inDays(days) : daysAgo(-days));
  return isPast(at) ? h("strong", { class: "overdue" }, overdue(text)) : h("span", {}, text);
}
