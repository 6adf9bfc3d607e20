import { signal } from "@preact/signals";

export type Locale = "en" | "de";

/** The language of the page: the one that the address asks for, or else the browser's. */
export const locale = signal<Locale>(localeOf(location.search, navigator.language));

export function localeOf(search: string, browser: string): Locale {
  return /^de\b/i.test(new URLSearchParams(search).get("lang") ?? browser) ? "de" : "en";
}

/** A point in time as the person writes it: dates differ between London and New York. */
export function dateIn(locale: Locale, time: string): string {
  return written(locale, time, { dateStyle: "medium", timeStyle: "short" });
}

export function dayIn(locale: Locale, time: string): string {
  return written(locale, time, { dateStyle: "long" });
}

export function timeIn(locale: Locale, time: string): string {
  return written(locale, time, { timeStyle: "short" });
}

function written(locale: Locale, time: string, style: Intl.DateTimeFormatOptions): string {
  const tag = navigator.languages.find((tag) => tag.startsWith(locale)) ?? locale;
  return new Intl.DateTimeFormat(tag, style).format(new Date(time));
}
