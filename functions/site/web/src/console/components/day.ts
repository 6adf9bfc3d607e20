import { pageWords } from "../words.ts";
import { Field } from "./form.tsx";

const DAY_MS = 24 * 60 * 60_000;

/** The value of a field for a day, on the person's own calendar: `2026-12-25`. */
export function dayOf(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

export function daysAhead(days: number): string {
  return dayOf(new Date(Date.now() + days * DAY_MS));
}

/** The instant at which a day begins where the person is. */
export function beginningOf(day: string): string {
  return new Date(`${day}T00:00`).toISOString();
}

/** How many midnights lie between now and then; below zero for what is over. */
export function daysUntil(time: string): number {
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  // Rounded, since the days on which the clocks change have other lengths.
  return Math.round((midnight(new Date(time)) - midnight(new Date())) / DAY_MS);
}

export function isPast(time: string): boolean {
  return Date.parse(time) < Date.now();
}

interface DayOptions {
  name: string;
  label: string;
  hint: string;
  value: string;
  min?: string;
  max?: string;
}

/** A field for a day, within what is possible. */
export function dayField({ name, label, hint, value, min, max }: DayOptions): Field {
  const { dayFormat, dayAhead, dayPast } = pageWords();
  return new Field({
    name,
    label,
    hint,
    value,
    attributes: { type: "date", required: true, ...(min && { min }), ...(max && { max }) },
    check: (day) => {
      // A browser without such a field leaves the form to the person.
      if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day))) return dayFormat;
      if (max && day > max) return dayAhead;
      return min && day < min ? dayPast : null;
    },
  });
}
