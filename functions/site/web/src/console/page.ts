import type { VNode } from "preact";
import type { Locale } from "./locale.ts";

/** A page of the console, as the table of pages has it. */
export interface Page {
  /** Its file is `<name>.page.tsx`. */
  name: string;
  /** What stands behind the `#` of the address; `{id}` is the id of a case. */
  address: string;
  /** Who may open it; null: everybody who is signed in. */
  roles: string[] | null;
  /** Whether the head of the page and the overview lead to it. */
  isPlace: boolean;
  title: Record<Locale, string>;
  /** What it is for, on the overview. */
  about: Record<Locale, string>;
  /** What one does there, after "You can". */
  task: Record<Locale, string>;
  /** Some of it is open while the roles for it rest; it says itself what is not. */
  isOpenWhileCooling?: boolean;
  load(): Promise<{ open: Open }>;
}

export interface Opened {
  page: Page;
  /** What the address fills in. */
  parameters: string[];
  /** The places of whoever is signed in. */
  places: Page[];
}

/** Reads what a page shows, and answers its view. */
export type Open = (opened: Opened) => VNode | Promise<VNode>;

export function isFor(roles: string[], page: Page): boolean {
  return page.roles === null || page.roles.some((role) => roles.includes(role));
}
