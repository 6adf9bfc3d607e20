import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CopyButton, newId, wordsOf } from "../kit.ts";
import { type Canned, canned, filled, fitting, knowCanned } from "./canned.ts";
import { CONVERSATION } from "./conversation_words.ts";
import { change, draftOf } from "./memory.ts";
import { excuse, refusals, send } from "./outbox.ts";
import type { Thread } from "./thread.ts";

const LONGEST = 4000;
/** From so many characters on, those that are left are counted. */
const NEARLY = 3600;
const MOST_CANNED = 6;
/** The word that begins with a `/` right before the cursor. */
const SLASH = /(?:^|\s)\/([\p{L}\p{N}_-]*)$/u;

/** Goes to the box, for an answer or for a note. */
export function write(isNote?: boolean): void {
  const kind = isNote === undefined ? null : document.querySelector<HTMLElement>(`[data-note="${isNote}"]`);
  kind?.click();
  document.querySelector<HTMLElement>(".composer textarea")?.focus();
}

interface Props {
  thread: Thread;
  locale: string;
  /** Nothing can be sent any more; the text that was begun can be taken along. */
  isOver?: boolean;
}

/** The box for answers and notes. */
export function Composer({ thread, locale, isOver = false }: Props) {
  const words = wordsOf(CONVERSATION);
  const { id } = thread;
  const draft = draftOf(id);
  const box = useRef<HTMLTextAreaElement>(null);
  const names = useRef({ list: newId(), hint: newId() }).current;
  const slash = useSignal<{ from: number; typed: string } | null>(null);
  const chosen = useSignal(0);
  const refusal = refusals.value[id];
  const offered = slash.value && canned.value ? fitting(slash.value.typed, locale).slice(0, MOST_CANNED) : [];
  const over = [...draft.text].length - LONGEST;

  const put = (text: string) => {
    const { after } = draftOf(id);
    change(id, { text, after: after ?? thread.messages.peek().at(-1)?.id ?? null });
  };
  const typed = () => {
    const field = box.current;
    if (!field) return;
    put(field.value);
    if (refusal) excuse(id);
    if (!draft.isNote && field.value) thread.typed();
    const found = SLASH.exec(field.value.slice(0, field.selectionStart));
    slash.value = found && field.selectionStart === field.selectionEnd ? { from: field.selectionStart - (found[1] ?? "").length - 1, typed: found[1] ?? "" } : null;
    chosen.value = 0;
    if (slash.value) knowCanned();
  };
  /** Puts a text at the cursor, in place of what is from there to it. */
  const insert = (text: string, from?: number) => {
    const field = box.current;
    if (!field) return;
    field.setRangeText(text, from ?? field.selectionStart, field.selectionEnd, "end");
    put(field.value);
    slash.value = null;
    field.focus();
  };
  const insertCanned = (one: Canned | undefined) => one && insert(filled(one), slash.peek()?.from);
  const submit = () => {
    const { text, isNote } = draftOf(id);
    if (isOver || text.trim() === "" || over > 0) return;
    send(id, text.trim(), isNote, thread.after);
    change(id, { text: "", isNote: false });
    slash.value = null;
    box.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (slash.value && offered.length > 0) {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) chosen.value = (chosen.value + by + offered.length) % offered.length;
      else if (event.key === "Enter" || event.key === "Tab") insertCanned(offered[chosen.value]);
      else if (event.key === "Escape") slash.value = null;
      else return;
      return event.preventDefault();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      // The keys are commands again.
      document.querySelector<HTMLElement>("#conversation-title")?.focus();
    }
  };
  useLayoutEffect(() => {
    const field = box.current;
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, innerHeight * 0.35)}px`;
  }, [draft.text]);

  const kind = (isNote: boolean, label: string) => (
    <button type="button" class="link" data-note={isNote} aria-pressed={draft.isNote === isNote} onClick={() => change(id, { isNote })}>
      {label}
    </button>
  );
  if (isOver && !draft.text && !draft.aside) return null;
  const isOffering = slash.value !== null && canned.value !== null;
  return (
    <div class={draft.isNote ? "composer is-note" : "composer"}>
      <p role="alert" class="alert">{refusal ? (words.refused[refusal] ?? words.refusedOtherwise) : ""}</p>
      {draft.aside && <Aside id={id} aside={draft.aside} insert={isOver ? null : insert} />}
      {!isOver && <Suggestions thread={thread} insert={insert} />}
      {!isOver && <div class="kinds" role="group" aria-label={words.kind}>{kind(false, words.answer)}{kind(true, words.note)}</div>}
      <div class="box">
        {isOffering && (
          <ul class="canned" role="listbox" id={names.list} aria-label={words.canned}>
            {offered.map((one, i) => (
              <li
                key={one.shortcut}
                role="option"
                id={`${names.list}-${i}`}
                aria-selected={i === chosen.value}
                onMouseDown={(event) => {
                  event.preventDefault();
                  insertCanned(one);
                }}
              >
                <strong>/{one.shortcut}</strong> <span class="hint">{filled(one)}</span>
              </li>
            ))}
            {offered.length === 0 && <li role="option" aria-disabled="true" aria-selected="false" class="hint">{words.noCanned}</li>}
          </ul>
        )}
        <textarea
          ref={box}
          rows={2}
          readOnly={isOver}
          value={draft.text}
          aria-label={isOver ? words.begun : draft.isNote ? words.note : words.answer}
          aria-describedby={isOver ? undefined : names.hint}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={isOffering ? names.list : undefined}
          aria-activedescendant={isOffering && offered.length > 0 ? `${names.list}-${chosen.value}` : undefined}
          aria-invalid={over > 0 ? "true" : undefined}
          dir="auto"
          onInput={typed}
          onKeyDown={pressed}
          onBlur={() => (slash.value = null)}
        />
        {!isOver && <button type="button" class="primary" onClick={submit}>{draft.isNote ? words.saveNote : words.send}</button>}
        {isOver && draft.text && (
          <div class="buttons">
            <CopyButton label={words.copyText} text={() => draftOf(id).text} />
            <button type="button" class="secondary" onClick={() => change(id, { text: "" })}>{words.discard}</button>
          </div>
        )}
      </div>
      {!isOver && <p class="hint" id={names.hint}>{draft.isNote ? words.noteHint : words.answerHint}</p>}
      <p class={over > 0 ? "error" : "hint"} aria-live="polite">
        {over > 0 ? words.tooLong(over) : over + LONGEST > NEARLY ? words.left(-over) : ""}
      </p>
    </div>
  );
}

/** Answers of the knowledge base that may fit. They are put into the box, and not sent. */
function Suggestions({ thread, insert }: { thread: Thread; insert(text: string): void }) {
  const words = wordsOf(CONVERSATION);
  const items = thread.suggestions.value;
  if (items.length === 0) return null;
  return (
    <div class="suggestions" role="group" aria-label={words.suggestions}>
      {items.slice(0, 3).map(({ entry_id, title, answer }) => (
        <div class="suggestion" key={entry_id}>
          <strong>{title}</strong>
          <p class="hint">{answer}</p>
          <button type="button" class="secondary small" aria-label={`${words.insert}: ${title}`} onClick={() => insert(answer)}>{words.insert}</button>
        </div>
      ))}
    </div>
  );
}

interface AsideProps {
  id: string;
  aside: { text: string; by: string | null };
  insert: ((text: string) => void) | null;
}

/** A text that was overtaken: nothing of it is lost, and nothing of it is sent by itself. */
function Aside({ id, aside, insert }: AsideProps) {
  const words = wordsOf(CONVERSATION);
  const drop = () => change(id, { aside: null });
  const takeUp = () => {
    insert?.(aside.text);
    drop();
  };
  return (
    <div class="aside" role="status">
      <p>{aside.by ? words.aside(aside.by) : words.asideUnknown}</p>
      <blockquote dir="auto">{aside.text}</blockquote>
      <div class="buttons">
        {insert && <button type="button" class="secondary small" onClick={takeUp}>{words.insert}</button>}
        <button type="button" class="secondary small" onClick={drop}>{words.discard}</button>
      </div>
    </div>
  );
}
