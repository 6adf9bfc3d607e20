import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Choice, Choices, dayField, daysAhead, Form, Heading, Input, type Open, Part, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { say } from "../stage.tsx";
import { Figures, Reasons } from "./figures.tsx";
import { Plot } from "./plot.tsx";
import { type Days, summaryOf, type Summary } from "./read.ts";
import { REPORT } from "./words.ts";

const RANGES = ["7", "30", "90", "own"] as const;
const USUAL = "30";
const LONGEST_MS = 366 * 24 * 60 * 60_000;

/** Counts of conversations over some days. */
export const open: Open = async () => <Reports first={await summaryOf(lastDays(USUAL))} />;

function lastDays(count: string): Days {
  return { from: daysAhead(1 - Number(count)), to: daysAhead(0) };
}

function Reports({ first }: { first: Summary }) {
  const words = wordsOf(REPORT);
  const now = useSignal(first);
  const isOwn = useSignal(false);
  const [range, from, to] = useMemo(() => {
    const field = (name: "from" | "to", value: string) => dayField({ name, label: words[name], hint: words.dayHint, value, max: daysAhead(0) });
    const { from, to } = lastDays(USUAL);
    const [first, last] = [field("from", from), field("to", to)];
    const isDay = last.options.check;
    last.options.check = (day) => {
      const order = day < first.value ? words.order : null;
      return isDay?.(day) ?? order ?? (Date.parse(day) - Date.parse(first.value) > LONGEST_MS ? words.tooLong : null);
    };
    return [
      new Choice(words.range, RANGES.map((value) => ({ value, label: words.ranges[value] ?? value })), USUAL),
      first,
      last,
    ] as const;
  }, []);
  const show = async () => {
    const days = range.value === "own" ? { from: from.value, to: to.value } : lastDays(range.value);
    now.value = await summaryOf(days);
    say(shownOf(now.value));
  };
  return (
    <div class="page reports">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      <section class="part">
        <Form
          submit={words.show}
          fields={isOwn.value ? [from, to] : []}
          before={<Choices of={range} onChange={(value) => (isOwn.value = value === "own")} />}
          inputs={isOwn.value && <div class="days"><Input field={from} /><Input field={to} /></div>}
          onSubmit={show}
        />
      </section>
      <Shown summary={now.value} />
    </div>
  );
}

function shownOf({ report: { from, to } }: Summary): string {
  return wordsOf(REPORT).shown(dayName(from), dayName(to));
}

function Shown({ summary }: { summary: Summary }) {
  const words = wordsOf(REPORT);
  const { report: { totals }, days, hours, zone } = summary;
  if (totals.conversations === 0) {
    return <Part title={shownOf(summary)}><p><strong>{words.none}</strong></p><p class="hint">{words.noneText}</p></Part>;
  }
  const clock = (hour: string) => words.clock(hour);
  return (
    <>
      <p><strong>{shownOf(summary)}</strong></p>
      <Figures totals={totals} />
      <Plot title={words.byDay} bars={days} unit={words.day} name={dayName} short={(at) => dayName(at, "short")} summary={words.summary} />
      <Plot title={words.byHour} text={words.byHourText(zone)} bars={hours} unit={words.hour} name={clock} short={clock} summary={words.summaryHours} />
      <div class="beside-another">
        <Reasons title={words.handoverReasons} names={words.handoverReason} counts={totals.handover_reasons} />
        <Reasons title={words.closingReasons} names={words.closingReason} counts={totals.closing_reasons} />
      </div>
    </>
  );
}

/** A day of the site's calendar, whatever the clock here says. */
function dayName(at: string, month: "long" | "short" = "long"): string {
  const style: Intl.DateTimeFormatOptions = { day: "numeric", month, ...(month === "long" && { year: "numeric" }), timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale.peek() === "en" ? "en-GB" : "de", style).format(new Date(`${at.slice(0, 10)}T00:00Z`));
}
