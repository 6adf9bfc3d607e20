import type { Locale } from "./contract.ts";

/** The widget's language for a tag: its first part says it, whichever sign comes after (`de-AT`, `de_DE`). */
export function localeOf(tag: string): Locale {
  return /^\s*de([-_.@\s]|$)/i.test(tag) ? "de" : "en";
}
