import { signal } from "@preact/signals";
import { type Answer, api } from "../kit.ts";
import { locale as pageLocale } from "../locale.ts";

export type Entry = Answer<"GET /v1/knowledge">["items"][number];
export type Versions = Answer<"GET /v1/knowledge/versions">["items"];

/** Languages that the assistant speaks. */
export const LANGUAGES = ["en", "de"];

/** The language whose entries are shown. */
export const language = signal<string>(pageLocale.peek());

export interface Known {
  items: Entry[];
  gone: number;
  versions: Versions;
}

export const known = signal<Known>({ items: [], gone: 0, versions: [] });

/** Reads entries and versions of the language. */
export async function read(): Promise<void> {
  const query = { locale: language.peek() };
  const [{ items, gone }, { items: versions }] = await Promise.all([api.call("GET /v1/knowledge", { query }), api.call("GET /v1/knowledge/versions", { query })]);
  known.value = { items, gone, versions };
}
