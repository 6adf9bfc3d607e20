import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { api, attempt, complain, date, go, leavingSignal, List, named, pageUrl, Part, SmallButton, want, wordsOf } from "../kit.ts";
import type { Affected } from "./contract.ts";
import { INCIDENT } from "./incident_words.ts";
import { numberOf } from "./marks.tsx";

/** Whom an incident concerns, and the report about it. It is counted when the rest of the page is there: it takes longer. */
export function AffectedPart({ id }: { id: string }) {
  const words = wordsOf(INCIDENT);
  const affected = useSignal<Affected | null>(null);
  useEffect(() => {
    const leaving = leavingSignal();
    const count = async () => {
      try {
        affected.value = await api.call("GET /v1/incidents/{id}/affected", { path: { id }, isLong: true });
      } catch (error) {
        if (!leaving.aborted) complain(error);
      }
    };
    void count();
  }, []);
  return (
    <Part title={words.affected}>
      <p class="hint">{words.affectedText}</p>
      {affected.value ? <Counts affected={affected.value} /> : <p>{words.counting}</p>}
      <p class="hint">{words.reportText}</p>
      <div class="buttons"><Report id={id} /></div>
    </Part>
  );
}

function Counts({ affected: { people, conversations, classes, window } }: { affected: Affected }) {
  const words = wordsOf(INCIDENT);
  const span = words.span(date(window.from), date(window.to));
  if (people === 0 && conversations.length === 0 && classes.length === 0) {
    return <><p><strong>{words.affectedNobody}</strong></p><List rows={[[words.window, span]]} /></>;
  }
  return (
    <>
      <List
        rows={[
          [words.people, <strong>{numberOf(people)}</strong>],
          [words.conversations, <strong>{numberOf(conversations.length)}</strong>],
          [words.classes, classes.map((one) => named(words.class, one)).join(", ")],
          [words.window, span],
        ]}
      />
      {conversations.length > 0 && (
        <details>
          <summary>{words.ids}</summary>
          <ul class="ids">
            {conversations.map((conversation) => (
              <li key={conversation}><code>{conversation}</code> <SmallButton label={words.read} of={conversation} onClick={() => read(conversation)} /></li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** To the page that records why before it reads. */
function read(conversationId: string): void {
  want({ conversationId, purpose: "incident" });
  void go("/transcripts");
}

/** The report as a page to print: a button that makes it, and then a link. */
function Report({ id }: { id: string }) {
  const words = wordsOf(INCIDENT);
  const url = useSignal<string | null>(null);
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => link.current?.focus(), [url.value]);
  const make = () =>
    void attempt(async () => {
      const page = await api.call("GET /v1/incidents/{id}/report", { path: { id }, headers: { Accept: "text/html" }, isLong: true });
      url.value = pageUrl(page, leavingSignal());
    });
  // A link, since a tab that a script opens after a request is one that browsers block.
  return url.value
    ? <a ref={link} class="secondary" href={url.value} target="_blank" rel="noopener">{words.reportLink}</a>
    : <button type="button" class="secondary" onClick={make}>{words.report}</button>;
}
