import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Choice } from "../../choice.ts";
import { newId } from "../../form.ts";
import { dateIn, dayIn, type Locale } from "../../words.ts";
import { LETTERS } from "../../words/letters.ts";
import { copyButton } from "../copy.ts";
import type { Opened } from "./case.ts";

/** A draft of the answer, in the language of whoever asked, to change and to copy. Nothing of it is stored or sent from here. */
export function letterPart(app: App, opened: Opened): HTMLElement {
  const words = app.words.case;
  const id = newId();
  const drafts: Partial<Record<Locale, string>> = {};
  let locale = app.locale;
  const letter = h("textarea", { id, rows: "16", lang: locale, spellcheck: "true" });
  letter.value = letterOf(opened, locale);
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
    letter.value = drafts[locale] ?? letterOf(opened, locale);
  });
  language.element.classList.add("row");
  return h(
    "div",
    { class: "letter" },
    language.element,
    h("div", { class: "field" }, h("label", { for: id }, words.letter), letter),
    h("div", { class: "buttons" }, copyButton(app, words.copyLetter, () => letter.value)),
  );
}

/** The letter that the case calls for, as it stands. */
function letterOf(opened: Opened, locale: Locale): string {
  const words = LETTERS[locale];
  const { id, kind, law, received_at } = opened.case;
  const paragraphs = [
    words.greeting,
    words.asked[kind](dayIn(locale, received_at), words.article[kind][law]),
    ...outcomeOf(opened, locale),
    words.rights[law],
    words.reference(id),
    words.closing,
  ];
  return paragraphs.join("\n\n");
}

function outcomeOf({ case: { kind, state }, receipt, exported, isNothingStored }: Opened, locale: Locale): string[] {
  const words = LETTERS[locale];
  if (state === "refused") return [words.refused];
  if (state === "waiting") return [words.waiting];
  if (isNothingStored) return [words.nothing];
  if (kind === "access") {
    return exported.length > 1 ? [words.access, words.accessParts(exported.length)] : [words.access];
  }
  if (!receipt) return [];
  const { completed_at, conversations, messages, kept } = receipt;
  const outcome = [words.erased(dateIn(locale, completed_at), words.conversations(conversations), messages)];
  if (kept.length > 0) outcome.push(words.kept(words.conversations(kept.length)));
  outcome.push(words.receipt(receipt.id, `${location.origin}/v1/receipts/${receipt.id}`));
  return outcome;
}
