import { ACCOUNT, type AccountWords } from "./words/account.ts";
import { CASE, type CaseWords } from "./words/case.ts";
import { PAGE, type PageWords } from "./words/page.ts";
import { PEOPLE, type PeopleWords } from "./words/people.ts";
import { PRIVACY, type PrivacyWords } from "./words/privacy.ts";
import { SIGN_IN, type SignInWords } from "./words/sign_in.ts";
import { TRANSCRIPT, type TranscriptWords } from "./words/transcript.ts";

export type Locale = "en" | "de";

/** One file a page; each says everything in both languages, or does not compile. */
export type Words = PageWords &
  SignInWords &
  AccountWords &
  PeopleWords & {
    privacy: PrivacyWords;
    case: CaseWords;
    transcript: TranscriptWords;
  };

export const WORDS: Record<Locale, Words> = { en: wordsIn("en"), de: wordsIn("de") };

function wordsIn(locale: Locale): Words {
  return {
    ...PAGE[locale],
    ...SIGN_IN[locale],
    ...ACCOUNT[locale],
    ...PEOPLE[locale],
    privacy: PRIVACY[locale],
    case: CASE[locale],
    transcript: TRANSCRIPT[locale],
  };
}

/** The language that the address asks for, or else the browser. */
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

function written(locale: Locale, time: string, style: Intl.DateTimeFormatOptions): string {
  const tag = navigator.languages.find((tag) => tag.startsWith(locale)) ?? locale;
  return new Intl.DateTimeFormat(tag, style).format(new Date(time));
}
