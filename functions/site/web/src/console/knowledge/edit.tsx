import { api, ask, complain, Field, Input, pageWords, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { type Entry, known, language, read } from "./store.ts";
import { KNOWLEDGE } from "./words.ts";

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
  const reasons = pageWords().reason;
  const written = (code: string) => (text: string) => (text.trim() === "" ? reasons[code] ?? null : null);
  const questions = new Field({ name: "questions", label: words.questions, hint: words.questionsHint, value: one?.questions.join("\n") ?? "", check: written("no_question") });
  const nearMisses = new Field({ name: "near_misses", label: words.nearMisses, hint: words.nearMissesHint, value: one?.near_misses.join("\n") ?? "" });
  const answer = new Field({ name: "answer", label: words.answer, hint: words.answerHint, value: one?.answer ?? "", check: written("no_answer") });
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
    fields: [title, questions, nearMisses, answer, url, review],
    inputs: (
      <>
        <Input field={title} />
        <Input field={questions} rows={6} lang={language.peek()} />
        <Input field={answer} rows={5} lang={language.peek()} />
        <Input field={nearMisses} rows={2} lang={language.peek()} />
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
          questions: linesOf(questions.value),
          near_misses: linesOf(nearMisses.value),
          answer: answer.value,
          url: url.value.trim() || null,
          review_on: review.value || null,
          keep_together: (one?.keep_together ?? []).filter((part) => answer.value.includes(part)),
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
