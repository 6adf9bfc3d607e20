import type { ComponentChildren } from "preact";
import { date, Link, named, Part, wordsOf } from "../../kit.ts";
import { numberOf, Severity, titleOf } from "../marks.tsx";
import { SECURITY } from "../words.ts";
import type { Lessons, Took } from "./read.ts";
import { LESSONS } from "./words.ts";

const SEVERITIES = ["critical", "high", "medium", "low"];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Props {
  lessons: Lessons;
}

/** How the incidents were judged, and how long they took. */
export function Figures({ lessons: { incidents, acknowledged, contained, resolved } }: Props) {
  const words = wordsOf(LESSONS);
  const judged = (wanted: string | null) => numberOf(incidents.filter(({ verdict }) => verdict === wanted).length);
  return (
    <Part title={words.figures}>
      <dl class="figures">
        <Figure term={words.right}><strong>{judged("true_positive")}</strong></Figure>
        <Figure term={words.wrong}><strong>{judged("false_positive")}</strong></Figure>
        <Figure term={words.open}><strong>{judged(null)}</strong></Figure>
        <Figure term={words.acknowledged}><Time took={acknowledged} all={incidents.length} /></Figure>
        <Figure term={words.contained}><Time took={contained} all={incidents.length} /></Figure>
        <Figure term={words.resolved}><Time took={resolved} all={incidents.length} /></Figure>
      </dl>
    </Part>
  );
}

function Figure({ term, children }: { term: string; children: ComponentChildren }) {
  return <div><dt>{term}</dt><dd>{children}</dd></div>;
}

function Time({ took: { medianMs, count }, all }: { took: Took; all: number }) {
  const words = wordsOf(LESSONS);
  if (medianMs === null) return <strong>{words.never}</strong>;
  return (
    <>
      <span class="hint">{words.median}</span>
      <strong>{lasting(medianMs)}</strong>
      <span class="hint">{words.of(count, all)}</span>
    </>
  );
}

function lasting(ms: number): string {
  const words = wordsOf(LESSONS);
  if (ms < 2 * HOUR_MS) return words.minutes(Math.floor(ms / MINUTE_MS));
  return ms < 2 * DAY_MS ? words.hours(numberOf(ms / HOUR_MS)) : words.days(numberOf(ms / DAY_MS));
}

/** How many incidents of which kind and severity there were. */
export function Kinds({ lessons: { kinds } }: Props) {
  const words = wordsOf(LESSONS);
  const { kind: kindNames, severity } = wordsOf(SECURITY);
  const heads = [words.kind, ...SEVERITIES.map((one) => named(severity, one)), words.all];
  return (
    <Part title={words.kinds}>
      {/* On a phone its rows are blocks, and would be no table any more for those who listen. */}
      <table class="rules" role="table" aria-label={words.kinds}>
        <thead role="rowgroup"><tr role="row">{heads.map((head) => <th key={head} role="columnheader" scope="col">{head}</th>)}</tr></thead>
        <tbody role="rowgroup">
          {kinds.map(({ kind, incidents }) => (
            <tr key={kind} role="row">
              <th role="rowheader" scope="row">{named(kindNames, kind)}</th>
              {SEVERITIES.map((one) => <td key={one} role="cell" data-head={named(severity, one)}>{numberOf(incidents.filter((incident) => incident.severity === one).length)}</td>)}
              <td role="cell" data-head={words.all}>{numberOf(incidents.length)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

/** What detection has missed. */
export function Missed({ lessons: { byHand } }: Props) {
  const words = wordsOf(LESSONS);
  return (
    <Part title={words.missed}>
      {byHand.length === 0 ? <p>{words.missedNone}</p> : <p class="hint">{words.missedText}</p>}
      <ul class="rows">
        {byHand.map((incident) => (
          <li key={incident.id}>
            <div>
              <Link to={`/security/${incident.id}`} class="place">{titleOf(incident)}</Link>
              <p class="hint"><Severity of={incident.severity} /> {date(incident.opened_at)}</p>
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}
