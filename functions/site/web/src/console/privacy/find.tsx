import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, Choice, Choices, date, Field, Form, isId, List, type Row, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened, Subject } from "./contract.ts";
import { Knowing } from "./knowing.tsx";
import type { Step } from "./steps.tsx";

type Sought = { email: string } | { subject_id: string };

interface Found {
  items: Subject[];
  /** Fetches the next ones, if these are not all. */
  more?: null | "" | (() => Promise<void>);
}

/** The step that finds the subject of the case. */
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

/** The data that is stored about somebody, in a few words. */
export function storedOf({ conversations, lead, held, erased }: Subject): string {
  const words = wordsOf(CASE);
  const stored = [words.conversations(conversations)];
  if (lead) stored.push(words.lead);
  if (held) stored.push(words.held);
  if (erased) stored.push(words.erased);
  return stored.join(", ");
}

/** The same, and since when and until when, by which many under one address are told apart. */
function whenOf(subject: Subject): string {
  const { since_at: since, last_activity_at: last } = subject;
  return since && last ? `${storedOf(subject)}, ${wordsOf(CASE).when(date(since), date(last))}` : storedOf(subject);
}

function Search({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  const found = useSignal<Found | null>(null);
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
  const page = async (body: Sought, before: Subject[], cursor?: string | null) => {
    const query = { limit: 100, ...(cursor && { cursor }) };
    const { items, next_cursor } = await api.call("POST /v1/subjects/search", { body, query });
    found.value = { items: [...before, ...items], more: next_cursor && (() => page(body, found.value?.items ?? [], next_cursor)) };
  };
  const search = () => {
    found.value = null;
    const value = who.value.trim();
    return page(value.includes("@") ? { email: value } : { subject_id: value }, []);
  };
  const { items = [], more } = found.value ?? {};
  const [first] = items;
  return (
    <>
      <p>{words.findText}</p>
      <Form submit={words.search} fields={[who]} onSubmit={search} />
      <div class="results" aria-live="polite">
        {first && <Choose key={items.length} opened={opened} found={items} first={first} />}
        {more && <Form submit={words.more} onSubmit={more} />}
        {found.value && !first && !more && (
          <>
            <p>{words.nothingFound}</p>
            {/* A case that has a subject found somebody before. */}
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
    const options = found.map((subject) => ({ value: subject.subject_id, label: subject.subject_id, hint: whenOf(subject) }));
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
