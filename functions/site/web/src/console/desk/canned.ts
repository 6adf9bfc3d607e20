import { signal } from "@preact/signals";
import type { Answer } from "../client.ts";
import { api, me } from "../session.ts";
import { onEnd } from "./duty.ts";

export type Canned = Answer<"GET /v1/canned">["items"][number];

/** The site's canned answers; null until they are read. */
export const canned = signal<Canned[] | null>(null);

onEnd({ leave: () => Promise.resolve(), forget: () => (canned.value = null) });

let reading: Promise<void> | null = null;

/** Reads them when they are first needed. */
export function knowCanned(): void {
  // Without them one writes oneself; the next `/` tries again.
  if (canned.peek() === null) reading ??= readCanned().catch(() => {}).finally(() => (reading = null));
}

export async function readCanned(): Promise<void> {
  const { items } = await api.call("GET /v1/canned");
  canned.value = items;
}

/** Those that fit what was typed after the `/`: by shortcut first, then by text, those in the visitor's language first. */
export function fitting(typed: string, locale: string): Canned[] {
  const wanted = typed.toLowerCase();
  const rank = ({ shortcut, text, locale: of }: Canned) => {
    const byName = shortcut.toLowerCase().startsWith(wanted) ? 0 : shortcut.toLowerCase().includes(wanted) ? 1 : text.toLowerCase().includes(wanted) ? 2 : 3;
    return byName === 3 ? 9 : byName + (of === locale ? 0 : 4);
  };
  return (canned.value ?? []).filter((one) => rank(one) < 9).sort((a, b) => rank(a) - rank(b) || a.shortcut.localeCompare(b.shortcut));
}

/** The text with what it leaves open filled in. */
export function filled({ text }: Canned): string {
  return text.replaceAll(/\{\{\s*agent\.name\s*\}\}/g, workName());
}

/** The name that visitors see. */
export function workName(): string {
  return me()?.name.trim().split(/\s+/)[0] ?? "";
}
