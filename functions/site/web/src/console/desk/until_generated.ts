/** The desk's part of the API. docs/openapi.json takes its place. */
export interface DeskItem {
  conversation_id: string;
  subject_id: string;
  status: string;
  waiting_since: string | null;
  last_message_at: string | null;
  locale: string;
  verified: boolean;
  agent: { id: string; name: string } | null;
  unread: number;
  tags: string[];
}

export interface DeskMessage {
  id: string;
  author: string;
  text: string;
  created_at: string;
  name?: string | null;
  sources?: { id: string; title: string }[] | null;
}

interface DeskContext {
  opened_at: string;
  expires_at: string;
  locale: string;
  verified: boolean;
  purposes: string[];
  earlier: string[];
}

interface DeskNews {
  items: DeskMessage[];
  next_cursor: string | null;
  integrity: string;
  status: string;
  agent: { name: string } | null;
  typing: boolean;
  seen: string | null;
  state: string;
  context?: DeskContext | null;
}

type OfConversation = {
  conversation_id: string;
};

interface To<Body, Got> {
  path: OfConversation;
  query?: undefined;
  headers?: { "Idempotency-Key"?: string };
  body: Body;
  answer: Got;
}

declare module "../contract.ts" {
  interface Operations {
    "GET /v1/inbox": {
      path?: undefined;
      query?: { status?: string; tag?: string; from?: string; to?: string; cursor?: string; limit?: number };
      headers?: object;
      body?: undefined;
      answer: {
        items: DeskItem[];
        next_cursor: string | null;
        counts: { waiting: number; mine: number };
        colleagues: { id: string; name: string }[];
      } | null;
    };
    "PUT /v1/presence": { path?: undefined; query?: undefined; headers?: object; body: { state: "available" | "away" }; answer: null };
    "POST /v1/inbox/{conversation_id}/claim": To<object, DeskItem>;
    "POST /v1/inbox/{conversation_id}/release": To<{ to: "queue" | "bot" }, DeskItem>;
    "POST /v1/inbox/{conversation_id}/transfer": To<{ agent_id: string; note: string }, DeskItem>;
    "POST /v1/inbox/{conversation_id}/close": To<{ reason: "solved" | "no_answer" | "spam" | "other"; tags: string[] }, DeskItem>;
    "GET /v1/inbox/{conversation_id}/messages": {
      path: OfConversation;
      query?: { after?: string; state?: string; limit?: number };
      headers?: object;
      body?: undefined;
      answer: DeskNews | null;
    };
    "POST /v1/inbox/{conversation_id}/messages": To<{ text: string }, DeskMessage>;
    "POST /v1/inbox/{conversation_id}/notes": To<{ text: string }, DeskMessage>;
    "POST /v1/inbox/{conversation_id}/typing": To<object, null>;
    "POST /v1/inbox/{conversation_id}/seen": To<{ message_id: string }, null>;
    "GET /v1/inbox/{conversation_id}/suggestions": {
      path: OfConversation;
      query?: undefined;
      headers?: object;
      body?: undefined;
      answer: { items: { entry_id: string; title: string; answer: string; score: number }[] };
    };
    "GET /v1/canned": {
      path?: undefined;
      query?: undefined;
      headers?: object;
      body?: undefined;
      answer: { items: { shortcut: string; text: string; locale: string }[] };
    };
    "PUT /v1/canned/{shortcut}": { path: { shortcut: string }; query?: undefined; headers?: object; body: { text: string; locale: string }; answer: unknown };
    "DELETE /v1/canned/{shortcut}": { path: { shortcut: string }; query?: undefined; headers?: object; body?: undefined; answer: null };
  }
}
