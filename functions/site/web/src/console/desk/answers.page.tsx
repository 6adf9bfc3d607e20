import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { api, ask, Choice, Choices, complain, Field, Heading, Link, type Open, pageWords, Part, Problem, SmallButton, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { say } from "../stage.tsx";
import { type Canned, canned, readCanned } from "./canned.ts";
import { CANNED } from "./canned_words.ts";

const SHORTCUT = /^[a-z0-9-]{1,32}$/;
const LONGEST = 4000;

/** The list of canned answers, which all agents of a site share. */
export const open: Open = async () => {
  await readCanned();
  return <Answers />;
};

function Answers() {
  const words = wordsOf(CANNED);
  const items = [...(canned.value ?? [])].sort((a, b) => a.shortcut.localeCompare(b.shortcut));
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => edit(null)}>{words.add}</button>
        <Link to="/inbox" class="link">{words.back}</Link>
      </div>
      <Part title={words.list}>
        {items.length === 0 && <><p>{words.none}</p><p class="hint">{words.noneText}</p></>}
        <ul class="rows">
          {items.map((one) => (
            <li key={one.shortcut}>
              <div>
                <p><strong>/{one.shortcut}</strong> · {one.locale === "de" ? words.de : one.locale === "en" ? words.en : one.locale}</p>
                <p class="said" lang={one.locale} dir="auto">{one.text}</p>
              </div>
              <div class="buttons">
                <SmallButton label={words.change} of={`/${one.shortcut}`} onClick={() => edit(one)} />
                <SmallButton label={words.delete} of={`/${one.shortcut}`} onClick={() => remove(one)} />
              </div>
            </li>
          ))}
        </ul>
      </Part>
    </div>
  );
}

function edit(one: Canned | null): void {
  const words = wordsOf(CANNED);
  const shortcut = new Field({
    name: "shortcut",
    label: words.shortcut,
    hint: words.shortcutHint,
    value: one?.shortcut ?? "",
    attributes: { required: true, autocomplete: "off", spellcheck: false, maxlength: "33", ...(one && { readonly: true }) },
    check: (value) => {
      if (!SHORTCUT.test(plain(value))) return words.shortcutFormat;
      return !one && canned.peek()?.some((other) => other.shortcut === plain(value)) ? words.isThere : null;
    },
  });
  const text = signal(one?.text ?? "");
  const error = signal("");
  const of = new Choice(words.locale, [{ value: "en", label: words.en }, { value: "de", label: words.de }], one?.locale ?? locale.peek());
  ask({
    title: one ? words.changeTitle : words.addTitle,
    submit: pageWords().save,
    fields: [shortcut],
    children: <><Area text={text} error={error} /><Choices of={of} /></>,
    meaning: { conflict: words.tooMany },
    onSubmit: async () => {
      error.value = text.value.trim() === "" ? words.empty : [...text.value].length > LONGEST ? words.tooLong : "";
      if (error.value) throw new Problem("cancelled");
      await api.call("PUT /v1/canned/{shortcut}", { path: { shortcut: plain(shortcut.value) }, body: { text: text.value.trim(), locale: of.value } });
      await renewed(words.saved);
    },
  });
}

/** What is typed after a `/` may be typed with it. */
function plain(shortcut: string): string {
  return shortcut.trim().replace(/^\//, "").toLowerCase();
}

function Area({ text, error }: { text: { value: string }; error: { value: string } }) {
  const words = wordsOf(CANNED);
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words.answer}</label>
      <p class="hint" id={`${id}-hint`}>{words.answerHint}</p>
      <textarea
        id={id}
        class="canned-text"
        dir="auto"
        defaultValue={text.value}
        aria-describedby={`${id}-hint ${id}-error`}
        aria-invalid={error.value ? "true" : undefined}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          error.value = "";
        }}
      />
      <p class="error" id={`${id}-error`} role="alert">{error.value}</p>
    </div>
  );
}

function remove({ shortcut }: Canned): void {
  const words = wordsOf(CANNED);
  ask({
    title: words.deleteTitle(shortcut),
    text: words.deleteText,
    submit: words.delete,
    onSubmit: async () => {
      await api.call("DELETE /v1/canned/{shortcut}", { path: { shortcut } });
      await renewed(words.deleted);
    },
  });
}

async function renewed(said: string): Promise<void> {
  await readCanned().catch(complain);
  say(said);
}
