import type { Answer } from "../kit.ts";

/** The API's types for privacy staff, by the names that these pages have for them. */
export type Case = Answer<"GET /v1/cases">["items"][number];
export type OpenedCase = Answer<"GET /v1/cases/{id}">;
export type Hold = Answer<"GET /v1/holds">["items"][number];
/** An erasure that no request asks for, and that waits for another officer. */
export type Waiting = Answer<"GET /v1/erasures">["items"][number];
export type Policy = Answer<"GET /v1/retention/policy">;
export type Receipt = Answer<"GET /v1/receipts/{id}">;
export type Subject = Answer<"POST /v1/subjects/search">["items"][number];

/** How a person may be reached, and which conversations there are. */
export type Known = Answer<"GET /v1/subjects/{subject_id}">;

/** One part of an export: a whole document that says where the next one begins. */
export type Export = Exclude<Answer<"POST /v1/subjects/{subject_id}/export">, string>;

/** Facts about a case that this page knows and the server does not keep. */
export interface Kept {
  /** The parts of an export that was just made. */
  exported?: Export[];
  /** Nothing is stored about the person who asks. */
  isNothingStored?: boolean;
}

/** A kind of letter to the person: that the request came, that it has to wait, or its result. */
export type Kind = "confirmation" | "interim" | "answer";

export interface DraftProps {
  opened: Opened;
  kind: Kind;
}

/** A change of a case. */
export interface Change {
  state?: "verified" | "answered" | "refused";
  subject_id?: string;
  extend?: boolean;
  confirmed?: boolean;
  told_of_hold?: boolean;
}

/** A case as it stands, with what is known of whom it is about. */
export interface Opened {
  exported: Export[];
  isNothingStored: boolean;
  case: OpenedCase;
  subject: Subject | null;
  receipt: Receipt | null;
  /** Changes the case, and shows where it goes on. */
  change(change: Change, said: string): Promise<void>;
  /** Shows the case as it stands now, where it goes on. */
  again(said: string, kept?: Kept): Promise<void>;
}

/** Whether the log has a line of that kind. */
export function wasDone({ log }: OpenedCase, what: string): boolean {
  return log.some((line) => line.what === what);
}
