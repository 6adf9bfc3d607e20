import { wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import type { Counts } from "./contract.ts";
import { AUDITS } from "./words.ts";

const RESULTS = ["passed", "failed", "not_examined", "manual", "not_applicable"] as const;
const SELDOM = "not_applicable";

/** The results of an audit at a glance: how many controls have passed, failed, were not examined, and are by hand. */
export function Tally({ counts }: { counts: Counts }) {
  const words = wordsOf(AUDITS);
  const all = RESULTS.reduce((sum, result) => sum + counts[result], 0);
  const before = RESULTS.map((_, i) => RESULTS.slice(0, i).reduce((sum, result) => sum + counts[result], 0));
  return (
    <div>
      {/* The list below says what it shows. */}
      <svg class="tally-bar" aria-hidden="true" viewBox={`0 0 ${Math.max(all, 1)} 1`} preserveAspectRatio="none">
        {RESULTS.map((result, i) => <rect key={result} class={result} x={before[i]} width={counts[result]} height="1" />)}
      </svg>
      <ul class="tally">
        {RESULTS.filter((result) => result !== SELDOM || counts[result] > 0).map((result) => (
          <li key={result} class={result}>{words.tally[result](numberOf(counts[result]))}</li>
        ))}
      </ul>
    </div>
  );
}

/** How much of it is left to people. */
export function ToDo({ counts: { open, overdue } }: { counts: Counts }) {
  const words = wordsOf(AUDITS);
  return <>{words.openCount(open)}{overdue > 0 && <>, <strong class="overdue">{words.overdueCount(overdue)}</strong></>}</>;
}

export function numberOf(value: number): string {
  return new Intl.NumberFormat(locale.peek()).format(value);
}
