import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Choice } from "../../choice.ts";
import { newId } from "../../form.ts";
import { dateIn, dayIn, type Locale } from "../../words.ts";
import { LETTERS } from "../../words/letters.ts";
import { copyButton } from "../copy.ts";
import type { Opened } from "./case.ts";

/** What is written to the person: that the request came, that it has to wait, or what became of it. */
export type Letter = "confirmation" | "interim" | "answer";

/** A draft in the language of whoever asked, to change and to copy. Nothing of it is stored or sent from here. */
export function letterPart(app: App, opened: Opened, kind: Letter = "answer"): HTMLElement {
  const words = app.words.case;
  const letterOf = (locale: Locale) => letterIn(locale, opened, kind);
  const id = newId();
  const drafts: Partial<Record<Locale, string>> = {};
  let locale = app.locale;
  const letter = h("textarea", { id, rows: "16", lang: locale, spellcheck: "true" });
  letter.value = letterOf(locale);
  const language = new Choice<Locale>(
    words.letterLanguage,
    [
      { value: "en", label: LETTERS.en.language },
      { value: "de", label: LETTERS.de.language },
    ],
    locale,
  );
  language.element.addEventListener("change", () => {
    // What was changed in the one is still there when one comes back to it.
    drafts[locale] = letter.value;
    locale = language.value;
    letter.lang = locale;
    letter.value = drafts[locale] ?? letterOf(locale);
  });
  language.element.classList.add("row");
  return h(
    "div",
    { class: "letter" },
    language.element,
    h("div", { class: "field" }, h("label", { for: id }, words.letters[kind]), letter),
    h("div", { class: "buttons" }, copyButton(app, words.copyLetter, () => letter.value)),
  );
}

/** That letter as the case stands now. */
function letterIn(locale: Locale, opened: Opened, letter: Letter): string {
  const words = LETTERS[locale];
  const { id, kind, law, received_at, due_at } = opened.case;
  const said: Record<Letter, () => string[]> = {
    confirmation: () => [words.confirmed(dayIn(locale, due_at)), words.verified],
    interim: () => [words.waiting, words.rights[law]],
    answer: () => [...outcomeOf(opened, locale), words.rights[law]],
  };
  const paragraphs = [
    words.greeting,
    words.asked[kind](dayIn(locale, received_at), words.article[kind][law]),
    ...said[letter](),
    words.reference(id),
    words.closing,
  ];
  return paragraphs.join("\n\n");
}

function outcomeOf({ case: { kind, state }, receipt, exported, isNothingStored }: Opened, locale: Locale): string[] {
  const words = LETTERS[locale];
  if (state === "refused") return [words.refused];
  if (isNothingStored) return [words.nothing];
  if (kind === "access") {
    return exported.length > 1 ? [words.access, words.accessParts(exported.length)] : [words.access];
  }
  if (!receipt) return [words.erasedBefore];
  const { completed_at, conversations, messages, kept } = receipt;
  const outcome = [words.erased(dateIn(locale, completed_at), words.conversations(conversations), messages)];
  if (kept.length > 0) outcome.push(words.kept(words.conversations(kept.length)));
  outcome.push(words.receipt(receipt.id, `${location.origin}/v1/receipts/${receipt.id}`));
  return outcome;
}
