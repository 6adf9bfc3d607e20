import { signal } from "@preact/signals";
import { wordsOf } from "../words.ts";
import { INBOX } from "./words.ts";

/** The time, each second, while somebody looks. */
export const now = signal(Date.now());

/** Since when the page is seen, by the clock of `performance.now()`. A page that is not asks seldom. */
let seenSince = performance.now();
document.addEventListener("visibilitychange", () => (seenSince = performance.now()));

let timer: number | undefined;
let watchers = 0;

/** Lets the clock tick; answers how to stop it. */
export function tick(): () => void {
  watchers++;
  now.value = Date.now();
  timer ??= setInterval(() => (now.value = Date.now()), 1000);
  return () => {
    if (--watchers > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** How long an answer is overdue, in milliseconds, if the last one came then. */
export function overdue(answeredAt: number): number {
  return now.value && !document.hidden ? performance.now() - Math.max(answeredAt, seenSince) : 0;
}

/** How long ago that is: to the second at first, since that is how long waiting feels. */
export function since(time: string, isExact: boolean): string {
  const words = wordsOf(INBOX);
  const seconds = Math.max(0, Math.floor((now.value - Date.parse(time)) / 1000));
  const minutes = Math.floor(seconds / 60);
  if (isExact && minutes < 60) return words.clock(minutes, String(seconds % 60).padStart(2, "0"));
  if (minutes < 1) return words.less;
  if (minutes < 60) return words.minutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? words.hours(hours, minutes % 60) : words.days(Math.floor(hours / 24));
}
