import { signal } from "@preact/signals";
import type { Answer } from "../client.ts";
import { problemOf } from "../problem.ts";
import { api } from "../session.ts";
import { onEnd } from "./duty.ts";
import { type Pending, pending, putBack } from "./memory.ts";

/** How long a message can be taken back. */
export const HOLD_MS = 5000;
const FIRST_RETRY_MS = 1000;
const SLOWEST_RETRY_MS = 30_000;
/** Refusals that another try would meet again: the text goes back into the box. */
const FINAL = ["not_claimed", "conversation_closed", "erased", "not_found", "invalid", "forbidden", "idempotency_mismatch", "training_required", "cooling_down", "body_too_large"];

export type Sent = Answer<"POST /v1/inbox/{conversation_id}/messages">;

/** Why a text came back, by conversation. */
export const refusals = signal<Record<string, string>>({});
/** Ids of messages that this tab has sent. */
export const ownIds = new Set<string>();

/** When a held text goes out, by its key. */
const dueAt = new Map<string, number>();
const timers = new Map<string, number>();
const tries = new Map<string, number>();
let delivered: (conversationId: string, message: Sent) => void = () => {};

addEventListener("beforeunload", (event) => {
  if (pending.peek().length > 0) event.preventDefault();
});

onEnd({
  leave: () => Promise.allSettled(pending.peek().map(({ key }) => deliver(key))),
  forget() {
    for (const timer of timers.values()) clearTimeout(timer);
    for (const map of [dueAt, timers, tries]) map.clear();
    ownIds.clear();
    refusals.value = {};
  },
});

export function onDelivered(hear: typeof delivered): void {
  delivered = hear;
}

/** Sends a text after a while in which it can be taken back. */
export function send(conversationId: string, text: string, isNote: boolean, after: string | undefined): void {
  excuse(conversationId);
  const one: Pending = { key: crypto.randomUUID(), conversationId, text, isNote, after, state: "held" };
  pending.value = [...pending.peek(), one];
  hold(one);
}

/** Goes on with what a reload interrupted. What may have arrived is sent with the same key, so that it does not arrive twice. */
export function resume(): void {
  for (const one of pending.peek()) if (!timers.has(one.key)) hold(one);
}

/** Takes a text back that was not sent yet: the last one, or the one with that key. */
export function undo(conversationId: string, key?: string): boolean {
  const one = pending.peek().filter((other) => other.conversationId === conversationId && (!key || other.key === key)).at(-1);
  if (!one || one.state === "sending") return false;
  drop(one.key);
  putBack(conversationId, one.text, one.isNote);
  return true;
}

/** Sends it now, whatever it waits for. */
export function sendNow(key: string): void {
  clearTimeout(timers.get(key));
  void deliver(key);
}

/** The answer to a message was lost, and the message was not: asking again with its key says so at once. */
export function settle(conversationId: string, arrived: { author: string; text: string }[]): void {
  for (const one of pending.peek()) {
    const author = one.isNote ? "note" : "agent";
    const isThere = arrived.some((message) => message.author === author && message.text === one.text);
    if (one.conversationId === conversationId && one.state === "failed" && isThere) sendNow(one.key);
  }
}

export function remainingMs(key: string): number {
  return Math.max(0, (dueAt.get(key) ?? 0) - performance.now());
}

/** The reason was read. */
export function excuse(conversationId: string): void {
  const { [conversationId]: _, ...others } = refusals.peek();
  refusals.value = others;
}

function hold(one: Pending): void {
  dueAt.set(one.key, performance.now() + HOLD_MS);
  wait(one.key, one.state === "held" ? HOLD_MS : 0);
}

function wait(key: string, ms: number): void {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => void deliver(key), ms));
}

async function deliver(key: string): Promise<void> {
  const one = pending.peek().find((other) => other.key === key);
  if (!one || one.state === "sending") return;
  // In the order in which they were written, or a failure would turn them round.
  const before = pending.peek().find((other) => other.conversationId === one.conversationId);
  if (before && before.key !== key) {
    if (before.state === "held") sendNow(before.key);
    return wait(key, 200);
  }
  alter(key, "sending");
  const path = { conversation_id: one.conversationId };
  const { text, after } = one;
  const headers = { "Idempotency-Key": key };
  try {
    const sent = one.isNote
      ? await api.call("POST /v1/inbox/{conversation_id}/notes", { path, body: { text }, headers })
      : await api.call("POST /v1/inbox/{conversation_id}/messages", { path, body: { text, ...(after && { after }) }, headers });
    ownIds.add(sent.id);
    delivered(one.conversationId, sent);
    drop(key);
  } catch (error) {
    const { code, retryAfterSeconds } = problemOf(error);
    // Taken away with the session meanwhile.
    if (!pending.peek().some((other) => other.key === key)) return;
    if (FINAL.includes(code)) {
      drop(key);
      putBack(one.conversationId, one.text, one.isNote);
      refusals.value = { ...refusals.peek(), [one.conversationId]: code };
      return;
    }
    alter(key, "failed");
    const tried = (tries.get(key) ?? 0) + 1;
    tries.set(key, tried);
    const longest = Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tried);
    wait(key, Math.max(retryAfterSeconds * 1000, longest * (0.5 + Math.random() / 2)));
  }
}

function alter(key: string, state: Pending["state"]): void {
  pending.value = pending.peek().map((one) => (one.key === key ? { ...one, state } : one));
}

function drop(key: string): void {
  pending.value = pending.peek().filter((one) => one.key !== key);
  clearTimeout(timers.get(key));
  for (const map of [dueAt, timers, tries]) map.delete(key);
}
