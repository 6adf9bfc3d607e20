import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { downloadJson } from "../../download.ts";
import { api, attempt, Form, leavingSignal, pageUrl, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Export, Opened } from "./contract.ts";
import { NothingStored } from "./find.tsx";
import type { Step } from "./steps.tsx";

/** Access: everything that is stored, as files and as pages to print. They are in this page's memory and nowhere else. */
export function exportStep(opened: Opened): Step {
  const words = wordsOf(CASE);
  const { state, closed_at } = opened.case;
  const { exported, isNothingStored } = opened;
  return {
    title: words.act.access,
    isLeftOut: state === "refused" || isNothingStored,
    isDone: state === "done" || state === "answered",
    whenDone: () =>
      exported.length > 0
        ? <><p>{words.exported}</p><Parts opened={opened} /></>
        // For a case that is closed nothing is given out any more.
        : <><p>{words.exportedBefore}</p>{!closed_at && <Exporting opened={opened} label={words.exportAgain} />}</>,
    now: () =>
      opened.subject
        ? <><p>{words.exportText}</p><Exporting opened={opened} label={words.exportSend} /></>
        // The data has expired since it was found.
        : <><p>{words.nothingLeft}</p><NothingStored opened={opened} /></>,
  };
}

function Exporting({ opened, label }: { opened: Opened; label: string }) {
  const words = wordsOf(CASE);
  const all = async () => {
    const exported: Export[] = [];
    let cursor: string | null = null;
    do {
      const part = (await partAt(opened, cursor)) as Export;
      exported.push(part);
      cursor = part.next_cursor ?? null;
    } while (cursor);
    await opened.again(words.exported, { exported });
  };
  return <Form submit={label} meaning={{ not_found: words.nothingLeft, erased: words.nothingLeft }} onSubmit={all} />;
}

function partAt({ case: { id, subject_id } }: Opened, cursor: string | null, accept?: string): Promise<Export | string> {
  return api.call("POST /v1/subjects/{subject_id}/export", {
    path: { subject_id: subject_id ?? "" },
    query: cursor ? { cursor } : {},
    headers: { "Sotto-Case": id, ...(accept && { Accept: accept }) },
    isLong: true,
  });
}

/** Each part is a whole document, and is handed over as one. */
function Parts({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  const { exported } = opened;
  return (
    <ul class="rows">
      {exported.map((part, i) => {
        const suffix = exported.length === 1 ? "" : `-${i + 1}-of-${exported.length}`;
        const save = () => downloadJson(`export-${opened.case.id}${suffix}.json`, part);
        return (
          <li key={i}>
            <div>{words.part(i + 1, exported.length)}</div>
            <div class="buttons">
              <button type="button" class="secondary" onClick={save}>{words.json}</button>
              {!opened.case.closed_at && <Sheet opened={opened} cursor={exported[i - 1]?.next_cursor ?? null} />}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** A part as a page to print: a button that makes it, and then a link. */
function Sheet({ opened, cursor }: { opened: Opened; cursor: string | null }) {
  const words = wordsOf(CASE);
  const url = useSignal<string | null>(null);
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => link.current?.focus(), [url.value]);
  const make = () =>
    void attempt(async () => {
      url.value = pageUrl(await partAt(opened, cursor, "text/html"), leavingSignal());
    });
  // A link, since a tab that a script opens after a request is one that browsers block.
  return url.value
    ? <a ref={link} class="secondary" href={url.value} target="_blank" rel="noopener">{words.pageLink}</a>
    : <button type="button" class="secondary" onClick={make}>{words.page}</button>;
}
