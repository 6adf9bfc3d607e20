import { dateIn, dayIn, timeIn, type Locale, locale } from "./locale.ts";
import { PAGE, type PageWords } from "./page_words.ts";

/** Words in every language that there is: a file of them says everything in each, or does not compile. */
export type Translated<Words> = Record<Locale, Words>;

/** The words that all pages share, in the language of the page. */
export function pageWords(): PageWords {
  return PAGE[locale.peek()];
}

/** The words of a feature, in the language of the page. */
export function wordsOf<Words>(words: Translated<Words>): Words {
  return words[locale.peek()];
}

/** The word for a value of the API. A value that this page does not know yet is shown as it is. */
export function named(names: Record<string, string>, value: string): string {
  return names[value] ?? value;
}

/** What a language is called. A tag that the browser does not know is shown as it is. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames(locale.peek(), { type: "language", fallback: "code" }).of(tag) ?? tag;
}

export function date(time: string): string {
  return dateIn(locale.peek(), time);
}

export function day(time: string): string {
  return dayIn(locale.peek(), time);
}

/** The time of day alone. */
export function clockTime(time: string): string {
  return timeIn(locale.peek(), time);
}
