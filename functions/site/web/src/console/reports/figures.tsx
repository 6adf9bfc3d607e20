import type { ComponentChildren } from "preact";
import { List, named, Part, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import type { Totals } from "./read.ts";
import { REPORT } from "./words.ts";

/** The figures of a report, each with what it is part of. */
export function Figures({ totals }: { totals: Totals }) {
  const words = wordsOf(REPORT);
  const { conversations, answered_by_bot_alone, deflection, handed_over, outside_hours, ratings, helpful, leads } = totals;
  const share = (part: number) => words.share(percent(part / conversations));
  const judged = helpful.yes + helpful.no;
  return (
    <Part title={words.figures}>
      <dl class="figures">
        <Figure term={words.conversations} value={number(conversations)} />
        <Figure term={words.alone} value={number(answered_by_bot_alone)} about={deflection == null ? "" : words.share(percent(deflection))} />
        <Figure term={words.handedOver} value={number(handed_over)} about={share(handed_over)} />
        <Figure term={words.outside} value={number(outside_hours)} about={share(outside_hours)} />
        <Times term={words.firstAnswer} of={totals.first_answer_seconds} />
        <Times term={words.waiting} of={totals.waiting_seconds} />
        <Figure term={words.ratings} value={ratings.mean == null ? words.nothing : words.ratingOf(number(ratings.mean, 1))} about={ratings.count > 0 ? words.ratingsOf(ratings.count) : ""} />
        <Figure term={words.helpful} value={judged === 0 ? words.nothing : percent(helpful.yes / judged)} about={judged > 0 ? words.helpfulOf(judged) : ""} />
        <Figure term={words.leads} value={number(leads)} />
        <Figure term={words.cost} value={totals.cost_per_conversation_usd == null ? words.nothing : dollars(totals.cost_per_conversation_usd)} about={words.costAll(dollars(totals.cost_usd))} />
        <Figure
          term={words.saved}
          value={words.savedHours(number(totals.saved_hours, 1))}
          about={totals.saved_money == null ? words.noWage : words.savedMoney(number(totals.saved_money, 2))}
        />
      </dl>
    </Part>
  );
}

function Figure({ term, value, before, about }: { term: string; value: string; before?: string; about?: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {before && <span class="hint">{before}</span>}
        <strong>{value}</strong>
        {about && <span class="hint">{about}</span>}
      </dd>
    </div>
  );
}

function Times({ term, of: { median, p90 } }: { term: string; of: Totals["waiting_seconds"] }) {
  const words = wordsOf(REPORT);
  if (median == null) return <Figure term={term} value={words.nothing} />;
  return <Figure term={term} before={words.median} value={duration(median)} about={p90 == null ? "" : words.p90(duration(p90))} />;
}

/** Reasons with how often each was given, the most frequent first. */
export function Reasons({ title, names, counts }: { title: string; names: Record<string, string>; counts: Record<string, number> }) {
  const words = wordsOf(REPORT);
  const given = Object.entries(counts).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const all = given.reduce((sum, [, count]) => sum + count, 0);
  return (
    <Part title={title}>
      {given.length === 0
        ? <p>{words.nothing}</p>
        : <List rows={given.map(([reason, count]) => [named(names, reason), `${number(count)} (${percent(count / all)})`])} />}
    </Part>
  );
}

function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale.peek(), { maximumFractionDigits: digits }).format(value);
}

function percent(value: number): string {
  return new Intl.NumberFormat(locale.peek(), { style: "percent" }).format(value);
}

/** Two digits that count: a conversation costs a small part of a cent. */
function dollars(value: number): string {
  return new Intl.NumberFormat(locale.peek(), { style: "currency", currency: "USD", maximumSignificantDigits: value < 1 ? 2 : 4 }).format(value);
}

function duration(seconds: number): string {
  const words = wordsOf(REPORT);
  if (seconds < 60) return words.seconds(number(seconds));
  if (seconds < 60 * 60) return words.minutes(number(seconds / 60, seconds < 600 ? 1 : 0));
  return words.hours(number(seconds / 3600, 1));
}
