import { useSignal } from "@preact/signals";
import { attempt, date, later, List, named, type Row, SmallButton, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { AUDIT } from "./audit_words.ts";
import type { Control, Opened } from "./contract.ts";
import { dayOf, nameOf, statesOf } from "./names.ts";

/** Most readers never change anything. */
const Follow = later("follow", async () => (await import("./follow.tsx")).Follow);

const LAWS = ["asvs", "gdpr", "ccpa", "soc2", "ai_act"] as const;

interface Props {
  control: Control;
  opened: Opened;
}

/** A control with its result; the rest is folded away. */
export function ControlRow({ control, opened }: Props) {
  const words = wordsOf(AUDIT);
  /** Once it was open it stays, and with it what was typed. */
  const wasOpen = useSignal(false);
  /** Counts the changes that the form has not made: it begins anew with each. */
  const turn = useSignal(0);
  const { control: name, result, state } = control;
  const isDone = state === "fixed";
  const title = titleOf(control);
  const mark = () =>
    void attempt(async () => {
      await opened.change(name, { state: isDone ? "open" : "fixed" });
      turn.value++;
      say((isDone ? words.wasOpened : words.wasDone)(title));
    }, { conflict: words.changedMeanwhile });
  return (
    <li>
      <div>
        <details onToggle={() => (wasOpen.value = true)}>
          <summary><Title control={control} /> <Marks control={control} /></summary>
          {wasOpen.value && <About control={control} opened={opened} />}
          {wasOpen.value && opened.isFollowed && state !== null && <Follow key={turn.value} control={control} change={opened.change} />}
        </details>
      </div>
      {result === "manual" && opened.isFollowed && (
        <div class="buttons"><SmallButton label={isDone ? words.notDone : words.done} of={title} onClick={mark} /></div>
      )}
    </li>
  );
}

function titleOf({ control, title }: Control): string {
  return wordsOf(AUDIT).control[control] ?? title;
}

/** A title of the server's in this language, or else as it came. */
function Title({ control }: { control: Control }) {
  const said = wordsOf(AUDIT).control[control.control];
  return said ? <>{said}</> : <span lang="en">{control.title}</span>;
}

function Marks({ control }: { control: Control }) {
  const words = wordsOf(AUDIT);
  const { before, result, severity, state } = control;
  const isFinding = result === "failed" || result === "not_examined";
  return (
    <span class="control-marks">
      {result !== "manual" && <span class={`mark result ${result}`}>{named(words.result, result)}</span>}
      {(isFinding || result === "manual") && <span class={`mark severity ${severity}`}>{named(words.severity, severity)}</span>}
      {result === "failed" && before === "passed" && <span class="mark">{words.isNew}</span>}
      {state !== null && <span class="mark">{named(statesOf(control), state)}</span>}
      <Until control={control} />
    </span>
  );
}

/** Until when it is to be done, or, of what people have done, until when that counts. */
function Until({ control: { counts_until, due, overdue, state } }: { control: Control }) {
  const words = wordsOf(AUDIT);
  if (counts_until) return <span class="hint">{words.countsUntil(dayOf(counts_until))}</span>;
  if (state !== "open" || !due) return null;
  return overdue ? <strong class="overdue">{words.overdue(dayOf(due))}</strong> : <span class="hint">{words.due(dayOf(due))}</span>;
}

/** Evidence, requirements and remedy; and how far people have come, where that is not to be changed. */
function About({ control, opened }: Props) {
  const words = wordsOf(AUDIT);
  const { before, evidence, reason, remedy, requirement, page, result } = control;
  const isHeld = result === "passed" || result === "not_applicable";
  const rows: Row[] = [];
  if (reason) rows.push([words.reason, <span lang="en">{reason}</span>]);
  if (result !== "manual") rows.push([words.evidence, <Evidence of={evidence} />]);
  const laws = LAWS.filter((law) => requirement[law].length > 0);
  if (laws.length > 0) rows.push([words.requirement, laws.map((law) => <p key={law}>{words.law[law]}: {requirement[law].join(", ")}</p>)]);
  rows.push([isHeld ? words.ifItFails : words.remedy, <><p lang="en">{remedy}</p><p class="hint">{words.readMore} <code>{page}</code></p></>]);
  if (result !== "manual") rows.push([words.before, before === null ? words.noBefore : named(words.result, before)]);
  if (!opened.isFollowed) rows.push(...followed(control));
  return <List rows={rows} />;
}

function Evidence({ of: evidence }: { of: Control["evidence"] }) {
  const words = wordsOf(AUDIT);
  if (evidence.length === 0) return <>{words.noEvidence}</>;
  return (
    <ul class="evidence">
      {evidence.map(({ asked, answered, at }, i) => (
        <li key={i}><code>{asked}</code> <span lang="en">{answered}</span> <span class="hint">{date(at)}</span></li>
      ))}
    </ul>
  );
}

function followed(control: Control): Row[] {
  const words = wordsOf(AUDIT);
  const { due, note, owner, state } = control;
  if (state === null) return [];
  return [
    [words.stateOf, named(statesOf(control), state)],
    [words.owner, owner ? nameOf(owner) : words.nobody],
    ...(due ? [[words.dueOn, dayOf(due)] satisfies Row] : []),
    ...(note ? [[words.note, <p class="said" dir="auto">{note}</p>] satisfies Row] : []),
  ];
}
