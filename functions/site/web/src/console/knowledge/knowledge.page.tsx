import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { download } from "../../download.ts";
import { type Answer, api, attempt, Choice, Choices, date, day, Field, Form, Heading, languageName, me, type Open, Part, SmallButton, wordsOf } from "../kit.ts";
import { edit, remove } from "./edit.tsx";
import { importFile, publish, restore } from "./publish.tsx";
import { type Entry, known, language, LANGUAGES, read, type Versions } from "./store.ts";
import { KNOWLEDGE } from "./words.ts";

/** What the assistant knows: entries, a trial, versions. */
export const open: Open = async () => {
  await read();
  return <Knowledge />;
};

function Knowledge() {
  const words = wordsOf(KNOWLEDGE);
  const isAdmin = me()?.roles.includes("admin") ?? false;
  const of = useMemo(() => new Choice(words.language, LANGUAGES.map((value) => ({ value, label: languageName(value) })), language.peek()), []);
  const turn = (value: string) => {
    language.value = value;
    void attempt(read);
  };
  const { items, gone, versions } = known.value;
  return (
    <div class="page knowledge">
      <Heading>{words.title}</Heading>
      <p>{isAdmin ? words.text : words.readOnly}</p>
      <Choices of={of} onChange={turn} />
      {isAdmin && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => edit(null)}>{words.add}</button>
          <button type="button" class="secondary" onClick={importFile}>{words.import}</button>
          <button type="button" class="secondary" onClick={() => void attempt(publish)}>{words.publish}</button>
        </div>
      )}
      {items.length > 0 && <Trial key={language.value} />}
      <Entries items={items} gone={gone} isAdmin={isAdmin} />
      <Published versions={versions} isAdmin={isAdmin} />
    </div>
  );
}

function Trial() {
  const words = wordsOf(KNOWLEDGE);
  const said = useSignal<Answer<"POST /v1/knowledge/try"> | null>(null);
  const question = useMemo(() => new Field({ name: "text", label: words.question, attributes: { required: true, autocomplete: "off", maxlength: "4000" } }), []);
  const send = async () => {
    said.value = await api.call("POST /v1/knowledge/try", { body: { text: question.value, locale: language.peek(), state: "draft" }, isLong: true });
  };
  const answer = said.value;
  return (
    <Part title={words.tryTitle}>
      <p>{words.tryText}</p>
      <Form submit={words.ask} fields={[question]} onSubmit={send} />
      <div role="status">
        {answer && (
          <>
            <p><strong>{words.reaction[answer.reaction]}</strong></p>
            <p class="said" lang={language.value} dir="auto">{answer.answer}</p>
            {answer.candidates.length > 0 && (
              <>
                <p class="hint">{words.nearest}</p>
                <ol class="hint">{answer.candidates.slice(0, 3).map((one) => <li key={one.entry_id}>{one.title} · {words.percent(one.score)}</li>)}</ol>
              </>
            )}
          </>
        )}
      </div>
    </Part>
  );
}

function Entries({ items, gone, isAdmin }: { items: Entry[]; gone: number; isAdmin: boolean }) {
  const words = wordsOf(KNOWLEDGE);
  const wanted = useSignal("");
  const today = new Date().toISOString().slice(0, 10);
  const has = ({ title, questions, answer }: Entry) => [title, answer, ...questions].some((text) => text.toLowerCase().includes(wanted.value.trim().toLowerCase()));
  const found = items.filter(has).sort((a, b) => a.title.localeCompare(b.title));
  const drafts = items.filter(({ state }) => state === "draft").length;
  const save = (format: "csv" | "jsonl") =>
    attempt(async () => {
      const file = await api.call("GET /v1/knowledge/export", { query: { locale: language.peek(), format } });
      download(`knowledge.${language.peek()}.${format}`, format === "csv" ? "text/csv;charset=utf-8" : "application/jsonl", file);
    });
  return (
    <Part title={words.entries}>
      {items.length === 0 ? (
        <><p><strong>{words.none}</strong></p><p class="hint">{words.noneText}</p></>
      ) : (
        <>
          <p>{words.count(items.length, drafts, gone)}</p>
          <div class="field">
            <label for="knowledge-search">{words.search}</label>
            <p class="hint" id="knowledge-search-hint">{words.searchHint}</p>
            <input id="knowledge-search" type="search" aria-describedby="knowledge-search-hint" autocomplete="off" onInput={({ currentTarget }) => (wanted.value = currentTarget.value)} />
          </div>
          {found.length === 0 && <p>{words.nothingFound}</p>}
          <ul class="rows" aria-label={words.entries}>
            {found.map((one) => (
              <li key={one.id}>
                <div>
                  <p><strong lang={one.locale} dir="auto">{one.title}</strong></p>
                  <p class="said" lang={one.locale} dir="auto">{one.answer}</p>
                  <p class="hint">
                    {one.state === "draft" ? words.draft : words.published} · {words.asked(one.questions.length)}
                    {one.review_on && one.review_on <= today && ` · ${words.due(day(one.review_on))}`}
                  </p>
                </div>
                {isAdmin && (
                  <div class="buttons">
                    <SmallButton label={words.change} of={one.title} onClick={() => edit(one)} />
                    <SmallButton label={words.delete} of={one.title} onClick={() => remove(one)} />
                  </div>
                )}
              </li>
            ))}
          </ul>
          <div class="buttons">
            <button type="button" class="secondary" onClick={() => void save("csv")}>{words.csv}</button>
            <button type="button" class="secondary" onClick={() => void save("jsonl")}>{words.jsonl}</button>
          </div>
        </>
      )}
    </Part>
  );
}

function Published({ versions, isAdmin }: { versions: Versions; isAdmin: boolean }) {
  const words = wordsOf(KNOWLEDGE);
  return (
    <Part title={words.versions}>
      {versions.length === 0 && <p>{words.noVersion}</p>}
      <ul class="rows" aria-label={words.versions}>
        {versions.map(({ version, published_at, entries, restored, current }) => (
          <li key={version}>
            <p>
              <strong>{words.version(version)}</strong>
              {` · ${[date(published_at), words.count(entries, 0, 0), restored && words.restored(restored), current && words.current].filter(Boolean).join(" · ")}`}
            </p>
            {isAdmin && !current && (
              <div class="buttons"><SmallButton label={words.restore} of={words.version(version)} onClick={() => restore(version)} /></div>
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}
