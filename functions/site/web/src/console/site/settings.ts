import type { Answer } from "../kit.ts";

export type Site = Answer<"GET /v1/sites/{id}">;
type Hours = NonNullable<Site["opening_hours"]>;

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export type Span = [from: string, until: string];
export type Week = Record<Day, Span[]>;

/** A site as it stands in the form, each part for itself. */
export interface Settings {
  hours: { zone: string; week: Week; daysOff: string[] } | null;
  handover: { words: string[]; topics: string[]; unknown: number };
  url: string;
  wage: number | null;
}

export type PartOf = keyof Settings;

const PARTS: PartOf[] = ["hours", "handover", "url", "wage"];
const MOST_SPANS = 8;
/** The end of a day, as the API writes it; a field for times has none after 23:59. */
const MIDNIGHT = "24:00";

export function settingsOf({ opening_hours, handover, webhook, hourly_wage }: Site): Settings {
  return {
    hours: opening_hours ? hoursOf(opening_hours) : null,
    handover: { words: handover.words ?? [], topics: handover.topics ?? [], unknown: handover.after_unknown ?? 2 },
    url: webhook?.url ?? "",
    wage: hourly_wage ?? null,
  };
}

function hoursOf({ time_zone, week, closed_on }: Hours): Settings["hours"] {
  const spans = (day: Day) => (week[day] ?? []).map(([from = "", until = ""]): Span => [from, until === MIDNIGHT ? "00:00" : until]);
  return { zone: time_zone, week: weekOf(spans), daysOff: closed_on ?? [] };
}

export function weekOf(spans: (day: Day) => Span[]): Week {
  return Object.fromEntries(DAYS.map((day) => [day, spans(day)])) as Week;
}

export function usualHours(): NonNullable<Settings["hours"]> {
  const isWeekend = (day: Day) => day === "sat" || day === "sun";
  return { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, week: weekOf((day) => (isWeekend(day) ? [] : [["09:00", "17:00"]])), daysOff: [] };
}

/** The body of a change: what visitors see of the site stays as it is. */
export function bodyOf({ etag: _, consent, webhook, ...site }: Site, { hours, handover, url, wage }: Settings) {
  const spans = (day: Day) => (hours?.week[day] ?? []).map(([from, until]): Span => [from, ended(until)]);
  return {
    ...site,
    consent: { text: consent.text },
    opening_hours: hours && { time_zone: hours.zone, week: weekOf(spans), closed_on: hours.daysOff },
    handover: { words: handover.words, topics: handover.topics, after_unknown: handover.unknown },
    webhook: url === "" ? null : { url, events: webhook?.events ?? ["lead"] },
    hourly_wage: wage,
  };
}

function ended(until: string): string {
  return until === "00:00" ? MIDNIGHT : until;
}

export type Fault = "notThere" | "backwards" | "overlap" | "most";

/** The reason why a day's hours cannot be saved; null for none. */
export function faultOf(spans: Span[]): Fault | null {
  if (spans.length > MOST_SPANS) return "most";
  if (spans.some(([from, until]) => from === "" || until === "")) return "notThere";
  if (spans.some(([from, until]) => from >= ended(until))) return "backwards";
  const inOrder = [...spans].sort(([a], [b]) => (a < b ? -1 : 1));
  return inOrder.some(([from], i) => i > 0 && from < ended(inOrder[i - 1]?.[1] ?? "")) ? "overlap" : null;
}

export interface Merged {
  settings: Settings;
  /** Parts that were taken over from the other change, and those that both have changed. */
  taken: PartOf[];
  kept: PartOf[];
}

/** Puts somebody else's change together with one's own: a part that was left alone here is theirs. */
export function merged(before: Settings, mine: Settings, theirs: Settings): Merged {
  const isSame = (part: PartOf, a: Settings, b: Settings) => JSON.stringify(a[part]) === JSON.stringify(b[part]);
  const changed = PARTS.filter((part) => !isSame(part, before, theirs) && !isSame(part, mine, theirs));
  const taken = changed.filter((part) => isSame(part, before, mine));
  const settings = { ...mine, ...Object.fromEntries(taken.map((part) => [part, theirs[part]])) };
  return { settings, taken, kept: changed.filter((part) => !taken.includes(part)) };
}
