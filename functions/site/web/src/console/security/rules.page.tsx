import { api, Heading, named, type Open, Part, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import type { Rule } from "./contract.ts";
import { measured, Reason, Severity } from "./marks.tsx";
import { RULES } from "./rules_words.ts";
import { Sections } from "./sections.tsx";
import { SECURITY } from "./words.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From which number on what is an incident, and how often each rule was right. */
export const open: Open = async () => {
  const words = wordsOf(RULES);
  const { items } = await api.call("GET /v1/incidents/rules");
  const heads = [words.rule, words.from, words.alone, words.record];
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <Sections />
      <p>{words.text}</p>
      <Part title={words.title}>
        {/* On a phone its rows are blocks, and would be no table any more for those who listen. */}
        <table class="rules" role="table" aria-label={words.title}>
          <thead role="rowgroup"><tr role="row">{heads.map((head) => <th key={head} role="columnheader" scope="col">{head}</th>)}</tr></thead>
          <tbody role="rowgroup">{items.map((rule) => <RuleRow key={rule.rule} of={rule} />)}</tbody>
        </table>
      </Part>
    </div>
  );
};

function RuleRow({ of: { rule, reason, kind, severity, threshold, initial_threshold, window_seconds, contains, record } }: { of: Rule }) {
  const words = wordsOf(RULES);
  const { true_positive, false_positive, precision } = record;
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        <Reason rule={rule} reason={reason} />
        <span class="hint"><Severity of={severity} /> {named(wordsOf(SECURITY).kind, kind)}</span>
      </th>
      <td role="cell" data-head={words.from}>
        {words.within(measured(rule, threshold), timeOf(window_seconds))}
        {threshold !== initial_threshold && <span class="hint">{words.began(measured(rule, initial_threshold))}</span>}
      </td>
      <td role="cell" data-head={words.alone}>{contains ? words.yes : words.no}</td>
      <td role="cell" data-head={words.record}>
        {precision === null ? words.never : words.judged(true_positive, false_positive, percent(precision))}
      </td>
    </tr>
  );
}

function timeOf(seconds: number): string {
  const { time } = wordsOf(RULES);
  if (seconds % DAY === 0) return time(seconds / DAY, "day");
  return seconds % HOUR === 0 ? time(seconds / HOUR, "hour") : time(Math.round(seconds / MINUTE), "minute");
}

function percent(share: number): string {
  return new Intl.NumberFormat(locale.peek(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}
