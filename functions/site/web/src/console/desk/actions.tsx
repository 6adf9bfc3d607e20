import { api, ask, attempt, Choice, Choices, Field, Problem, tell, wordsOf } from "../kit.ts";
import { say, status } from "../stage.tsx";
import { CONVERSATION } from "./conversation_words.ts";
import { colleagues, refresh } from "./inbox.ts";
import { pending } from "./memory.ts";
import { leave } from "./place.ts";
import { letGo } from "./thread.ts";

const REASONS = ["solved", "no_answer", "spam", "other"] as const;
const LONGEST_TAG = 32;
const MOST_TAGS = 10;
/** How long it is said that something was done. */
const SAID_MS = 6000;

/** Gives the conversation to somebody else, or ends it. What is still on its way goes out before. */
export function transfer(id: string): void {
  const words = wordsOf(CONVERSATION);
  if (isOnItsWay(id)) return;
  const [first] = colleagues.peek();
  if (!first) return tell(words.nobody, <p>{words.nobodyText}</p>, null);
  const to = new Choice(words.transferTo, colleagues.peek().map(({ id: value, name: label }) => ({ value, label })), first.id);
  const note = new Field({
    name: "note",
    label: words.transferNote,
    hint: words.transferNoteHint,
    attributes: { autocomplete: "off", maxlength: "1000" },
  });
  ask({
    title: words.transferTitle,
    submit: words.transfer,
    fields: [note],
    before: <Choices of={to} />,
    meaning: { invalid: words.gone, conflict: words.gone },
    onSubmit: async () => {
      const body = { agent_id: to.value, note: note.value.trim() };
      await api.call("POST /v1/inbox/{conversation_id}/transfer", { path: { conversation_id: id }, body });
      leaveTo(id, words.transferred(to.options.find(({ value }) => value === to.value)?.label ?? ""));
    },
  });
}

export function release(id: string, to: "queue" | "bot"): Promise<void> {
  const words = wordsOf(CONVERSATION);
  if (isOnItsWay(id)) return Promise.resolve();
  return attempt(async () => {
    await api.call("POST /v1/inbox/{conversation_id}/release", { path: { conversation_id: id }, body: { to } });
    leaveTo(id, to === "bot" ? words.toBot : words.queued);
  }, words.lost);
}

export function close(id: string): void {
  const words = wordsOf(CONVERSATION);
  if (isOnItsWay(id)) return;
  const reason = new Choice(words.reason, REASONS.map((value) => ({ value, label: words.reasons[value] ?? value })), "solved");
  const tags = new Field({
    name: "tags",
    label: words.tags,
    hint: words.tagsHint,
    attributes: { autocomplete: "off" },
    check: (text) => {
      const all = tagsOf(text);
      return all.length > MOST_TAGS || all.some((tag) => tag.length > LONGEST_TAG) ? words.tagsFormat : null;
    },
  });
  ask({
    title: words.closeTitle,
    submit: words.close,
    fields: [tags],
    before: <Choices of={reason} />,
    meaning: words.lost,
    onSubmit: async () => {
      const body = { reason: reason.value, tags: tagsOf(tags.value) };
      await api.call("POST /v1/inbox/{conversation_id}/close", { path: { conversation_id: id }, body });
      leaveTo(id, words.closed);
    },
  });
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim()).filter(Boolean);
  return [...new Set(tags)];
}

function isOnItsWay(id: string): boolean {
  const isSo = pending.peek().some(({ conversationId }) => conversationId === id);
  if (isSo) void attempt(() => Promise.reject(new Problem("pending")), { pending: wordsOf(CONVERSATION).pendingFirst });
  return isSo;
}

function leaveTo(id: string, said: string): void {
  letGo(id);
  leave(said);
  refresh();
  setTimeout(() => status.peek() === said && say(""), SAID_MS);
}
