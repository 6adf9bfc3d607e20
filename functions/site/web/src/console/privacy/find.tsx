import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, Choice, Choices, Field, Form, isId, List, type Row, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened, Subject } from "./contract.ts";
import { Knowing } from "./knowing.tsx";
import type { Step } from "./steps.tsx";

/** Whom the case is about. */
export function findStep(opened: Opened): Step {
  const words = wordsOf(CASE);
  const { subject_id, state } = opened.case;
  return {
    title: words.find,
    isLeftOut: state === "refused" && !subject_id,
    isDone: Boolean(subject_id) || opened.isNothingStored,
    whenDone: () => (subject_id ? <Found opened={opened} subjectId={subject_id} /> : <p>{words.nobody}</p>),
    now: () => <Search opened={opened} />,
  };
}

function Found({ opened, subjectId }: { opened: Opened; subjectId: string }) {
  const words = wordsOf(CASE);
  const { state } = opened.case;
  const rows: Row[] = [[words.subject, <code>{subjectId}</code>]];
  if (opened.subject) rows.push([words.stored, storedOf(opened.subject)]);
  return (
    <>
      <div class="results">
        <List rows={rows} />
        {/* Before that it stands in the step that needs it. */}
        {state !== "open" && <Knowing opened={opened} />}
      </div>
      {(state === "open" || state === "verified") && (
        <details>
          <summary>{words.chooseAnother}</summary>
          {state === "verified" && <p>{words.verifiedAnew}</p>}
          <Search opened={opened} />
        </details>
      )}
    </>
  );
}

/** What is stored about somebody, in a few words. */
export function storedOf({ conversations, lead, held, erased }: Subject): string {
  const words = wordsOf(CASE);
  const stored = [words.conversations(conversations)];
  if (lead) stored.push(words.lead);
  if (held) stored.push(words.held);
  if (erased) stored.push(words.erased);
  return stored.join(", ");
}

function Search({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  const found = useSignal<Subject[] | null>(null);
  const who = useMemo(
    () =>
      new Field({
        name: "email",
        label: words.who,
        attributes: { required: true, autocomplete: "off", autocapitalize: "off", spellcheck: false, maxlength: "254" },
        check: (value) => (value.includes("@") || isId(value.trim()) ? null : words.whoFormat),
      }),
    [],
  );
  const search = async () => {
    found.value = null;
    const value = who.value.trim();
    const body = value.includes("@") ? { email: value } : { subject_id: value };
    found.value = (await api.call("POST /v1/subjects/search", { body })).items;
  };
  const [first] = found.value ?? [];
  return (
    <>
      <p>{words.findText}</p>
      <Form submit={words.search} fields={[who]} onSubmit={search} />
      <div class="results" aria-live="polite">
        {first && <Choose key={first.subject_id} opened={opened} found={found.value ?? []} first={first} />}
        {found.value?.length === 0 && (
          <>
            <p>{words.nothingFound}</p>
            {/* Whoever looks for another one has found somebody before. */}
            {!opened.case.subject_id && <NothingStored opened={opened} />}
          </>
        )}
      </div>
    </>
  );
}

function Choose({ opened, found, first }: { opened: Opened; found: Subject[]; first: Subject }) {
  const words = wordsOf(CASE);
  const choice = useMemo(() => {
    const options = found.map((subject) => ({ value: subject.subject_id, label: subject.subject_id, hint: storedOf(subject) }));
    return new Choice(words.found, options, first.subject_id);
  }, []);
  return (
    <Form submit={words.choose} onSubmit={() => opened.change({ subject_id: choice.value }, words.wasFound)}>
      <Choices of={choice} />
    </Form>
  );
}

/** Goes on to the answer: that nothing is stored is one too. */
export function NothingStored({ opened }: { opened: Opened }) {
  const { nothingAtAll, nothingAtAllText } = wordsOf(CASE);
  const goOn = () => void opened.again(nothingAtAllText, { isNothingStored: true });
  return <div class="buttons"><button type="button" class="secondary" onClick={goOn}>{nothingAtAll}</button></div>;
}
