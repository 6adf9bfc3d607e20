import type { VNode } from "preact";
import type { Locale } from "./locale.ts";

/** A page of the console, as the table of pages has it. */
export interface Page {
  /** Its file is `<name>.page.tsx`. */
  name: string;
  /** The part of the address behind the `#`; `{id}` is the id of a case, an incident, a practice or an audit, or the name of a course. */
  address: string;
  /** The roles that may open it; null: everybody who is signed in. */
  roles: string[] | null;
  /** Not for auditors, who are from outside. */
  isInternal?: boolean;
  /** Whether the head of the page and the overview lead to it. */
  isPlace: boolean;
  /** The roles for which the head of the page leads to it even so. */
  placeOf?: string[];
  title: Record<Locale, string>;
  /** Its use, for the overview. */
  about: Record<Locale, string>;
  /** Its task, to follow "You can". */
  task: Record<Locale, string>;
  /** Some of it is open while the roles for it rest; it says itself what is not. */
  isOpenWhileCooling?: boolean;
  load(): Promise<{ open: Open }>;
}

export interface Opened {
  page: Page;
  /** The values from the address. */
  parameters: string[];
  /** The places of the person who is signed in. */
  places: Page[];
}

/** Reads what a page shows, and answers its view. */
export type Open = (opened: Opened) => VNode | Promise<VNode>;

/** The role of somebody from outside, who has no other. */
export const AUDITOR = "auditor";

/** The first page of an auditor, who has no overview. */
export const LOG = "/security/log";

export function isFor(roles: string[], page: Page): boolean {
  if (page.isInternal && roles.includes(AUDITOR)) return false;
  return page.roles === null || page.roles.some((role) => roles.includes(role));
}

export function isPlaceOf(roles: string[], page: Page): boolean {
  return (page.isPlace || Boolean(page.placeOf?.some((role) => roles.includes(role)))) && isFor(roles, page);
}
