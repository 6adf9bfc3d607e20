import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { Choice, Choices, CopyButton, newId, wordsOf } from "../kit.ts";
import { dateIn, dayIn, type Locale, locale as language } from "../locale.ts";
import type { DraftProps, Kind, Opened } from "./contract.ts";
import { LETTERS } from "./letter_words.ts";

/** A draft in the requester's language, to change and copy. Nothing is stored or sent from here. */
export function Letter({ opened, kind }: DraftProps) {
  const words = wordsOf(LETTERS);
  const id = useMemo(newId, []);
  const text = useRef<HTMLTextAreaElement>(null);
  const locale = useSignal<Locale>(language.peek());
  const drafts = useRef<Partial<Record<Locale, string>>>({});
  const languages = useMemo(() => {
    const options = (["en", "de"] as const).map((value) => ({ value, label: LETTERS[value].language }));
    return new Choice<Locale>(words.letterLanguage, options, locale.peek());
  }, []);
  const begun = useMemo(() => letterIn(locale.peek(), opened, kind), []);
  const change = (to: Locale) => {
    if (!text.current) return;
    // Each letter keeps its changes while the other is shown.
    drafts.current[locale.value] = text.current.value;
    locale.value = to;
    text.current.value = drafts.current[to] ?? letterIn(to, opened, kind);
  };
  return (
    <div class="letter">
      <Choices of={languages} onChange={change} />
      <div class="field">
        <label for={id}>{words.letters[kind]}</label>
        <textarea id={id} ref={text} rows={16} lang={locale.value} spellcheck defaultValue={begun} />
      </div>
      <div class="buttons"><CopyButton label={words.copyLetter} text={() => text.current?.value ?? ""} /></div>
    </div>
  );
}

/** That letter as the case stands now. */
function letterIn(locale: Locale, opened: Opened, letter: Kind): string {
  const words = LETTERS[locale];
  const { id, kind, law, received_at, due_at } = opened.case;
  const what = kind === "access" ? "access" : "erasure";
  const said: Record<Kind, () => string[]> = {
    confirmation: () => [words.confirmed(dayIn(locale, due_at)), words.verified],
    interim: () => [words.waiting, words.rights[law] ?? ""],
    answer: () => [...outcomeOf(opened, locale), words.rights[law] ?? ""],
  };
  const paragraphs = [
    words.greeting,
    words.asked[what](dayIn(locale, received_at), words.article[what][law] ?? ""),
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
