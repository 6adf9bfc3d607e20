import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Poll } from "../desk/poll.ts";
import { api, Choice, Choices, date, Heading, leavingSignal, Link, List, me, named, type Open, Part, show, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { AUDIT } from "./audit_words.ts";
import { type Audit, type Control, isRunning, type Opened } from "./contract.ts";
import { ControlRow } from "./control.tsx";
import { Handing } from "./handing.tsx";
import { numberOf, Tally, ToDo } from "./tally.tsx";
import { AUDITS } from "./words.ts";

const EVERY_MS = 5_000;
/** An audit that runs for longer hangs. */
const LONG_MS = 10 * 60_000;
/** The results, in the order of their sections. */
const RESULTS = ["failed", "not_examined", "manual", "passed", "not_applicable"];
const SEVERITIES = ["critical", "high", "medium", "low"];
const ALL = "all";

export const open: Open = ({ parameters: [id = ""] }) => auditView(id);

async function read(id: string): Promise<Audit> {
  return (await api.call("GET /v1/audits/{id}", { path: { id } })) as Audit;
}

async function auditView(id: string) {
  const [audit, { items }] = await Promise.all([read(id), api.call("GET /v1/audits")]);
  if (isRunning(audit)) return <Running audit={audit} />;
  const newest = items.find((one) => !isRunning(one))?.id ?? id;
  return <AuditView first={audit} newest={newest} />;
}

/** An audit that is not finished: looks again until it is, and then shows the results. */
function Running({ audit: { id, at } }: { audit: Audit }) {
  const { of, running, runningText, finished } = wordsOf(AUDITS);
  const isLong = useSignal(false);
  useEffect(() => {
    const leaving = leavingSignal();
    const look = async () => {
      if (document.hidden) return;
      const audit = await read(id);
      if (leaving.aborted) return;
      isLong.value = Date.now() - Date.parse(at) > LONG_MS;
      if (!isRunning(audit)) await show(() => auditView(id), finished(audit.counts.failed));
    };
    const poll = new Poll(EVERY_MS, look);
    poll.start(EVERY_MS);
    return () => poll.stop();
  }, []);
  return (
    <div class="page">
      <Heading>{of(date(at))}</Heading>
      <ToAll />
      <section class="part" aria-label={running}>
        <p class="control-marks"><span class="mark">{running}</span></p>
        <p>{runningText}</p>
        <p role="status">{isLong.value && wordsOf(AUDIT).runningLong}</p>
      </section>
    </div>
  );
}

function AuditView({ first, newest }: { first: Audit; newest: string }) {
  const words = wordsOf(AUDIT);
  const audit = useSignal(first);
  const which = useSignal(ALL);
  const { id, at, controls } = audit.value;
  const opened: Opened = {
    audit: audit.value,
    isFollowed: id === newest && (me()?.roles.includes("security") ?? false),
    change: async (control, body) => {
      await api.call("PATCH /v1/audits/{id}/findings/{control}", { path: { id, control }, body });
      audit.value = await read(id);
    },
  };
  const shown = sorted(controls).filter(({ result }) => which.value === ALL || result === which.value);
  const choose = (value: string) => {
    which.value = value;
    say(words.shown(controls.filter(({ result }) => value === ALL || result === value).length));
  };
  const of = (...results: string[]) => shown.filter(({ result }) => results.includes(result));
  return (
    <div class="page wide-terms">
      <Heading>{wordsOf(AUDITS).of(date(at))}</Heading>
      <ToAll />
      {id !== newest && <p class="notice"><strong>{words.newer}</strong> <Link to={`/audits/${newest}`} class="link">{words.toNewer}</Link></p>}
      <Summary audit={audit.value} />
      <section class="part unprinted" aria-label={words.show}><Which controls={controls} onChange={choose} /></section>
      <Controls title={words.findings} controls={of("failed", "not_examined")} opened={opened} text={which.value === ALL ? words.noFindings : null} />
      <Controls title={words.byHand} controls={of("manual")} opened={opened} about={words.byHandText} />
      <Controls title={words.holds} controls={of("passed", "not_applicable")} opened={opened} />
    </div>
  );
}

function ToAll() {
  return <div class="others"><Link to="/audits" class="link">{wordsOf(AUDIT).toAll}</Link></div>;
}

/** Findings come first, the most severe of them before the others. */
function sorted(controls: Control[]): Control[] {
  const place = ({ result, severity }: Control) => RESULTS.indexOf(result) * SEVERITIES.length + SEVERITIES.indexOf(severity);
  return [...controls].sort((one, other) => place(one) - place(other));
}

function Summary({ audit: { id, at, counts, previous } }: { audit: Audit }) {
  const words = wordsOf(AUDIT);
  return (
    <section class="part audit-summary" aria-label={words.results}>
      <Tally counts={counts} />
      <List
        rows={[
          [words.number, <code>{id}</code>],
          [words.at, date(at)],
          [words.toDo, <ToDo counts={counts} />],
          [words.previous, previous ? <Link to={`/audits/${previous}`} class="link">{words.thePrevious}</Link> : words.noPrevious],
        ]}
      />
      <Handing id={id} at={at} />
      {words.english && <p class="hint">{words.english}</p>}
    </section>
  );
}

function Which({ controls, onChange }: { controls: Control[]; onChange: (which: string) => void }) {
  const words = wordsOf(AUDIT);
  const choice = useMemo(() => {
    const countOf = (wanted: string) => controls.filter(({ result }) => result === wanted).length;
    const options = RESULTS.filter(countOf).map((value) => ({ value, label: `${named(words.result, value)} (${numberOf(countOf(value))})` }));
    return new Choice(words.show, [{ value: ALL, label: `${words.all} (${numberOf(controls.length)})` }, ...options], ALL);
  }, []);
  return <div class="in-line"><Choices of={choice} onChange={onChange} /></div>;
}

interface Section {
  title: string;
  controls: Control[];
  opened: Opened;
  about?: string;
  /** In the place of the list where it is empty; without, the section is left out. */
  text?: string | null;
}

function Controls({ title, controls, opened, about, text = null }: Section) {
  if (controls.length === 0 && text === null) return null;
  return (
    <Part title={title}>
      {about && <p class="hint">{about}</p>}
      {controls.length > 0
        ? <ul class="rows controls">{controls.map((control) => <ControlRow key={control.control} control={control} opened={opened} />)}</ul>
        : <p>{text}</p>}
    </Part>
  );
}
