/** What the API says to privacy staff; the parts that this page reads. */

export type Kind = "access" | "erasure";

export type Law = "gdpr" | "ccpa" | "other";

export type State = "open" | "verified" | "waiting" | "done" | "answered" | "refused";

/** What somebody asked for, and how far it is. */
export interface Case {
  id: string;
  kind: Kind;
  law: Law;
  subject_id: string | null;
  state: State;
  received_at: string;
  /** When it has to be confirmed that it came, where the law asks for that. */
  confirm_by: string | null;
  /** When that was done. */
  confirmed_at?: string | null;
  due_at: string;
  /** When the person was told that the erasure waits for a legal hold to end. */
  told_of_hold_at?: string | null;
  extended: boolean;
  receipt_id: string | null;
  closed_at: string | null;
}

export interface OpenedCase extends Case {
  log: LogEntry[];
  /** The active ones on its subject. */
  holds?: Hold[];
}

export interface LogEntry {
  at: string;
  /** Null: the service did it by itself. */
  by: { id: string } | null;
  what: string;
}

/** What is stored about somebody, in numbers. */
export interface Subject {
  subject_id: string;
  conversations: number;
  lead: boolean;
  held: boolean;
  erased: boolean;
}

export interface Hold {
  id: string;
  subject_id: string;
  /** Null: all of the subject. */
  conversation_id: string | null;
  reason: string;
  placed_by: string;
  placed_at: string;
  review_at: string;
}

export interface Receipt {
  id: string;
  completed_at: string;
  conversations: number;
  keys_destroyed: number;
  messages: number;
  kept: { conversation_id: string }[];
}

export const PERIODS = ["transcript_days", "lead_days", "audit_days", "conversation_max_days"] as const;

export type Period = (typeof PERIODS)[number];

export interface Policy extends Record<Period, number> {
  changed_at: string | null;
  progress: { state: "aligned" | "aligning"; looked_at: number };
  bounds: Record<Period, { min: number; max: number }>;
}

/** One part of an export: a whole document that says where the next one begins. */
export interface Export {
  next_cursor: string | null;
}

/** What a transcript may be read for. */
export const PURPOSES = ["subject_request", "incident", "legal", "quality", "support"] as const;

export type Purpose = (typeof PURPOSES)[number];

export interface TranscriptMessage {
  author: string;
  text: string;
  created_at: string;
  sources?: { id: string; title: string }[];
}

/** A page of what was said. */
export interface Transcript {
  conversation: {
    id: string;
    subject_id: string;
    status: string;
    created_at: string;
    expires_at: string;
    held: boolean;
  };
  messages: TranscriptMessage[];
  next_cursor: string | null;
  /** `broken` when something of this page is not as it was stored. */
  integrity: "ok" | "broken";
}
