import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { api, ask, complain, Field, Input, pageWords, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { type Entry, known, language, read } from "./store.ts";
import { KNOWLEDGE } from "./words.ts";

/** A text of several lines in a form. What is wrong with it stands in the field, which has no input of its own. */
function Area({ field, text, rows }: { field: Field; text: { value: string }; rows: number }) {
  const id = useId();
  const { label, hint } = field.options;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <p class="hint" id={`${id}-hint`}>{hint}</p>
      <textarea
        id={id}
        class="knowledge-text"
        rows={rows}
        dir="auto"
        lang={language.peek()}
        defaultValue={text.value}
        aria-describedby={`${id}-hint ${id}-error`}
        aria-invalid={field.error.value ? "true" : undefined}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          field.error.value = null;
        }}
      />
      <p class="error" id={`${id}-error`}>{field.error}</p>
    </div>
  );
}

const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Writes an entry, a new one without `one`. */
export function edit(one: Entry | null): void {
  const words = wordsOf(KNOWLEDGE);
  const title = new Field({
    name: "title",
    label: words.titleField,
    hint: words.titleHint,
    value: one?.title ?? "",
    attributes: { required: true, autocomplete: "off", maxlength: "200" },
  });
  const asked = signal(one?.questions.join("\n") ?? "");
  const said = signal(one?.answer ?? "");
  const reasons = pageWords().reason;
  const missing = (text: { value: string }, code: string) => () => (text.value.trim() === "" ? reasons[code] ?? null : null);
  const questions = new Field({ name: "questions", label: words.questions, hint: words.questionsHint, check: missing(asked, "no_question") });
  const answer = new Field({ name: "answer", label: words.answer, hint: words.answerHint, check: missing(said, "no_answer") });
  const url = new Field({
    name: "url",
    label: words.url,
    hint: words.urlHint,
    value: one?.url ?? "",
    attributes: { autocomplete: "off", spellcheck: false, maxlength: "512" },
  });
  const review = new Field({ name: "review_on", label: words.review, hint: words.reviewHint, value: one?.review_on ?? "", });
  ask({
    title: one ? words.changeTitle : words.addTitle,
    submit: pageWords().save,
    fields: [title, questions, answer, url, review],
    inputs: (
      <>
        <Input field={title} />
        <Area field={questions} text={asked} rows={6} />
        <Area field={answer} text={said} rows={5} />
        <Input field={url} />
        <Input field={review} type="date" />
      </>
    ),
    meaning: { conflict: one ? words.changed : words.full },
    onSubmit: async () => {
      const id = one?.id ?? newId(title.value);
      const condition: Record<string, string> = one?.etag ? { "If-Match": one.etag } : { "If-None-Match": "*" };
      await api.call("PUT /v1/knowledge/{id}", {
        path: { id },
        headers: condition,
        body: {
          title: title.value,
          questions: linesOf(asked.value),
          answer: said.value,
          url: url.value.trim() || null,
          review_on: review.value || null,
          keep_together: (one?.keep_together ?? []).filter((part) => said.value.includes(part)),
          locale: language.peek(),
        },
      });
      await renewed(words.saved);
    },
  });
}

/** An id that no entry has, like the title. */
function newId(title: string): string {
  const plain = title.toLowerCase().normalize("NFD").replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 7) || "entry";
  const isFree = (id: string) => known.peek().items.every((other) => other.id !== id);
  for (let number = 1; ; number++) {
    const id = number === 1 ? plain : `${plain.slice(0, 6)}-${number}`;
    if (isFree(id) && !RESERVED.test(id)) return id;
  }
}

/** Names of routes beside the entries. */
const RESERVED = /^(import|export|try|publish|version|unanswe)/;

export function remove({ id, title }: Entry): void {
  const words = wordsOf(KNOWLEDGE);
  ask({
    title: words.deleteTitle(title),
    text: words.deleteText,
    submit: words.delete,
    onSubmit: async () => {
      await api.call("DELETE /v1/knowledge/{id}", { path: { id }, query: { locale: language.peek() } });
      await renewed(words.deleted);
    },
  });
}

/** Shows the entries as they are now, and says what was done. */
export async function renewed(said: string): Promise<void> {
  await read().catch(complain);
  say(said);
}
