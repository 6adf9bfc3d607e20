import type { Answer } from "../kit.ts";

export type Page = Answer<"GET /v1/audits">;
export type Audit = Exclude<Answer<"GET /v1/audits/{id}">, string>;
export type Counts = Audit["counts"];
export type Control = Audit["controls"][number];

/** A change to how far people have come; what is missing stays as it is. */
export interface Change {
  state?: string;
  owner?: string | null;
  due?: string;
  note?: string;
}

/** An audit that is looked at, and what can be done on its page. */
export interface Opened {
  audit: Audit;
  /** Security staff follow the findings of the newest audit; all others read. */
  isFollowed: boolean;
  change(control: string, change: Change): Promise<void>;
}

/** Characters of a note. */
export const LONGEST_NOTE = 2000;

export function isRunning({ status }: { status: string }): boolean {
  return status === "running";
}
