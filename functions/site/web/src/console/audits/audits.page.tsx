import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Poll } from "../desk/poll.ts";
import { api, attempt, date, day, go, Heading, leavingSignal, Link, me, type Open, Part, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { type Audit, isRunning, type Page } from "./contract.ts";
import { LIST } from "./list_words.ts";
import { Tally, ToDo } from "./tally.tsx";
import { AUDITS } from "./words.ts";

const EVERY_MS = 5_000;

function read(cursor?: string): Promise<Page> {
  return api.call("GET /v1/audits", { query: cursor === undefined ? {} : { cursor } });
}

/** The audits, the newest first. */
export const open: Open = async () => <Audits first={await read()} />;

function Audits({ first }: { first: Page }) {
  const words = wordsOf(LIST);
  const { shown, more } = useAudits(first);
  const { items, next_at, next_cursor } = shown;
  const mayBegin = me()?.roles.includes("security") ?? false;
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      <p>{next_at ? words.nextAt(day(next_at)) : words.nextUnknown}</p>
      {mayBegin && !items.some(isRunning) && (
        <div class="buttons"><button type="button" class="primary" onClick={() => void attempt(begin, { conflict: words.runsAlready })}>{words.begin}</button></div>
      )}
      <Part title={words.list}>
        {items.length > 0 && <ul class="rows">{items.map((audit) => <AuditRow key={audit.id} audit={audit} />)}</ul>}
        {items.length === 0 && <div><p><strong>{words.none}</strong></p><p class="hint">{mayBegin ? words.noneText : words.noneRead}</p></div>}
        {next_cursor && <div class="buttons"><button type="button" class="secondary" onClick={more}>{words.more}</button></div>}
      </Part>
    </div>
  );
}

async function begin(): Promise<void> {
  const { id } = await api.call("POST /v1/audits", { body: {} });
  await go(`/audits/${id}`, { said: wordsOf(LIST).begun });
}

/** The audits that were read; while one is running they are read again and again. */
function useAudits(first: Page) {
  const shown = useSignal(first);
  const running = shown.value.items.find(isRunning)?.id;
  const look = async () => {
    if (document.hidden) return;
    const leaving = leavingSignal();
    const page = await read();
    if (leaving.aborted) return;
    const { items, next_cursor } = shown.peek();
    const older = items.filter(({ id }) => page.next_cursor && page.items.every((one) => one.id !== id));
    shown.value = older.length > 0 ? { ...page, items: [...page.items, ...older], next_cursor } : page;
    const finished = page.items.find((one) => one.id === running && !isRunning(one));
    if (finished) say(wordsOf(AUDITS).finished(finished.counts.failed));
  };
  useEffect(() => {
    if (!running) return;
    const poll = new Poll(EVERY_MS, look);
    poll.start(EVERY_MS);
    return () => poll.stop();
  }, [running]);
  const more = () =>
    void attempt(async () => {
      const { items, next_cursor } = shown.peek();
      const page = await read(next_cursor ?? "");
      shown.value = { ...shown.peek(), items: [...items, ...page.items], next_cursor: page.next_cursor };
    });
  return { shown: shown.value, more };
}

function AuditRow({ audit }: { audit: Audit }) {
  const { of, running, runningText } = wordsOf(AUDITS);
  const { id, at, counts } = audit;
  return (
    <li>
      <div>
        <Link to={`/audits/${id}`} class="place">{of(date(at))}</Link>
        {isRunning(audit)
          ? <><p class="control-marks"><span class="mark">{running}</span></p><p class="hint">{runningText}</p></>
          : <><Tally counts={counts} /><p class="hint"><ToDo counts={counts} /></p></>}
      </div>
    </li>
  );
}
