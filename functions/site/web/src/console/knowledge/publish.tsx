import { type Answer, api, ask, Field, Input, pageWords, tell, wordsOf } from "../kit.ts";
import { renewed } from "./edit.tsx";
import { known, language } from "./store.ts";
import { KNOWLEDGE } from "./words.ts";

type Outlook = Answer<"POST /v1/knowledge/publish">;

/** Changed answers that are shown. */
const SHOWN = 20;

/** Says what a publication would change, and publishes. */
export async function publish(): Promise<void> {
  const words = wordsOf(KNOWLEDGE);
  const locale = language.peek();
  const outlook = await api.call("POST /v1/knowledge/publish", { body: { locale, dry_run: true }, isLong: true });
  ask({
    title: words.publishTitle,
    submit: words.publishNow,
    fields: [],
    children: <Changes of={outlook} />,
    meaning: { conflict: words.meanwhile },
    onSubmit: async () => {
      // What is worse was shown.
      await api.call("POST /v1/knowledge/publish", { body: { locale, force: outlook.worse }, isLong: true });
      await renewed(words.wasPublished);
    },
  });
}

function Changes({ of: { evaluation, changed, worse } }: { of: Outlook }) {
  const words = wordsOf(KNOWLEDGE);
  // One that was deleted has its id alone.
  const titleOf = (id: string | null) => (id === null ? words.nobody : (known.peek().items.find((one) => one.id === id)?.title ?? id));
  return (
    <>
      {worse && <p class="notice" role="alert">{words.worse}</p>}
      <p>{words.judged(evaluation)}</p>
      {changed.length === 0 ? (
        <p>{words.nothingChanges}</p>
      ) : (
        <>
          <p>{words.changes(changed.length)}</p>
          <ul class="changes">
            {changed.slice(0, SHOWN).map(({ question, before, after }) => (
              <li key={question}>
                <span lang={language.peek()} dir="auto">{question}</span>
                <span class="hint">{titleOf(before)} → {titleOf(after)}</span>
              </li>
            ))}
            {changed.length > SHOWN && <li>…</li>}
          </ul>
        </>
      )}
    </>
  );
}

/** Publishes an earlier version again. */
export function restore(version: number): void {
  const words = wordsOf(KNOWLEDGE);
  ask({
    title: words.restoreTitle(version),
    text: words.restoreText,
    submit: words.restore,
    meaning: { conflict: words.meanwhile },
    onSubmit: async () => {
      const query = { locale: language.peek() };
      await api.call("POST /v1/knowledge/versions/{version}/restore", { path: { version: String(version) }, query, body: {}, isLong: true });
      await renewed(words.wasPublished);
    },
  });
}

const HTML = "text/html";
const TYPES: Record<string, string> = { csv: "text/csv", jsonl: "application/jsonl", md: "text/markdown", html: HTML, htm: HTML };

/** Takes entries from a file or a copied page, and tells what became of them. */
export function importFile(): void {
  const words = wordsOf(KNOWLEDGE);
  const typeOf = (name: string) => TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""];
  const page = new Field({ name: "page", label: words.page, hint: words.pageHint, value: "" });
  const file: Field = new Field({
    name: "file",
    label: words.file,
    attributes: { type: "file", accept: ".csv,.jsonl,.md,.html,.htm,text/csv,text/markdown,text/html" },
    check: (name) => (name === "" ? (page.value.trim() === "" ? words.noFile : null) : typeOf(name) ? null : words.otherFile),
  });
  let told: Answer<"POST /v1/knowledge/import"> | null = null;
  ask({
    title: words.importTitle,
    text: words.importText,
    submit: words.import,
    fields: [file, page],
    inputs: (
      <>
        <Input field={file} />
        <Input field={page} rows={3} lang={language.peek()} />
      </>
    ),
    onClose: () => told && tell(words.imported, <Imported of={told} />, null),
    onSubmit: async () => {
      const from = file.input instanceof HTMLInputElement ? file.input.files?.[0] : null;
      const sent = from ? { type: typeOf(from.name) ?? "", text: await from.text() } : { type: HTML, text: page.value };
      told = await api.call("POST /v1/knowledge/import", { query: { locale: language.peek() }, file: sent, isLong: true });
      await renewed("");
    },
  });
}

function Imported({ of: { added, changed, unchanged, rejected } }: { of: Answer<"POST /v1/knowledge/import"> }) {
  const words = wordsOf(KNOWLEDGE);
  const reasons: Record<string, string> = { ...pageWords().reason, too_many: words.tooMany, conflict: words.changed };
  return (
    <>
      <p>{words.importedText(added, changed, unchanged)}</p>
      {rejected.length > 0 && (
        <>
          <p>{words.rejected(rejected.length)}</p>
          <ul class="changes">{rejected.slice(0, SHOWN).map(({ line, code }) => <li key={`${line} ${code}`}>{words.line(line)}: {reasons[code] ?? code}</li>)}</ul>
        </>
      )}
    </>
  );
}
