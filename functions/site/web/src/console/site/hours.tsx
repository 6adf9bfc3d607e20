import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { type Field, pageWords, SmallButton, wordsOf } from "../kit.ts";
import { day as dayName } from "../words.ts";
import { say } from "../stage.tsx";
import { type Day, DAYS, type Settings, type Span } from "./settings.ts";
import { SITE } from "./words.ts";

type Hours = NonNullable<Settings["hours"]>;

interface Props {
  hours: Signal<Hours>;
  /** What is wrong, by day. */
  faults: Record<Day, Field>;
}

/** The hours of a week, each day with as many spans as it needs, and the days on which all is closed. */
export function HoursEditor({ hours, faults }: Props) {
  const words = wordsOf(SITE);
  const id = useId();
  const { zone, week } = hours.value;
  const put = (day: Day, spans: Span[]) => {
    faults[day].error.value = null;
    hours.value = { ...hours.peek(), week: { ...hours.peek().week, [day]: spans } };
  };
  const copy = () => {
    for (const day of DAYS.slice(1, 5)) put(day, hours.peek().week.mon.map(([from, until]) => [from, until]));
    say(words.copied);
  };
  const zones = [...new Set([zone, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
  return (
    <>
      <div class="field">
        <label for={id}>{words.zone}</label>
        <p class="hint" id={`${id}-hint`}>{words.zoneText}</p>
        <select id={id} aria-describedby={`${id}-hint`} value={zone} onChange={({ currentTarget }) => (hours.value = { ...hours.peek(), zone: currentTarget.value })}>
          {zones.map((name) => <option key={name} value={name}>{name.replaceAll("_", " ")}</option>)}
        </select>
      </div>
      <div class="week">
        {DAYS.map((day) => <DayEditor key={day} day={day} spans={week[day]} fault={faults[day]} onChange={(spans) => put(day, spans)} />)}
      </div>
      <p class="hint">{words.untilHint}</p>
      <div class="buttons"><button type="button" class="secondary small" onClick={copy}>{words.copy}</button></div>
      <DaysOff hours={hours} />
    </>
  );
}

function DayEditor({ day, spans, fault, onChange }: { day: Day; spans: Span[]; fault: Field; onChange: (spans: Span[]) => void }) {
  const words = wordsOf(SITE);
  const name = words.days[day] ?? day;
  const error = fault.error.value;
  const put = (at: number, span: Span) => onChange(spans.map((one, i) => (i === at ? span : one)));
  const time = (at: number, label: string, value: string, span: (value: string) => Span) => (
    <label>
      <span>{label}</span>
      <input
        type="time"
        value={value}
        aria-label={`${name}: ${label}`}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={`${fault.id}-error`}
        ref={(input) => {
          if (at === 0 && label === words.from) fault.input = input;
        }}
        onInput={({ currentTarget }) => put(at, span(currentTarget.value))}
      />
    </label>
  );
  return (
    <fieldset class="day">
      <legend>{name}</legend>
      {spans.length === 0 && <p class="hint">{words.closed}</p>}
      {spans.map(([from, until], i) => (
        <div key={i} class="span">
          {time(i, words.from, from, (value) => [value, until])}
          {time(i, words.until, until, (value) => [from, value])}
          <SmallButton label={words.remove} of={words.span(name, from, until)} onClick={() => onChange(spans.filter((_, at) => at !== i))} />
        </div>
      ))}
      <p class="error" id={`${fault.id}-error`}>{error}</p>
      <SmallButton label={words.add} of={name} onClick={() => onChange([...spans, spans.length === 0 ? ["09:00", "17:00"] : ["", ""]])} />
    </fieldset>
  );
}

function DaysOff({ hours }: { hours: Signal<Hours> }) {
  const words = wordsOf(SITE);
  const id = useId();
  const typed = useSignal("");
  const error = useSignal("");
  const { daysOff } = hours.value;
  const put = (days: string[]) => (hours.value = { ...hours.peek(), daysOff: days });
  const add = () => {
    error.value = /^\d{4}-\d\d-\d\d$/.test(typed.value) ? "" : pageWords().dayFormat;
    if (error.value) return;
    put([...new Set([...daysOff, typed.value])].sort());
    typed.value = "";
  };
  return (
    <fieldset class="days-off">
      <legend>{words.daysOff}</legend>
      <p class="hint">{words.daysOffText}</p>
      {daysOff.length === 0 ? <p>{words.noDaysOff}</p> : (
        <ul class="rows">
          {daysOff.map((one) => (
            <li key={one}>
              <div>{dayName(`${one}T12:00`)}</div>
              <SmallButton label={words.remove} of={dayName(`${one}T12:00`)} onClick={() => put(daysOff.filter((other) => other !== one))} />
            </li>
          ))}
        </ul>
      )}
      <div class="span">
        <label for={id}>
          <span>{words.dayOff}</span>
          <input
            id={id}
            type="date"
            value={typed.value}
            aria-describedby={`${id}-error`}
            aria-invalid={error.value ? "true" : undefined}
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value;
              error.value = "";
            }}
          />
        </label>
        <button type="button" class="secondary small" onClick={add}>{words.addDay}</button>
      </div>
      <p class="error" role="alert" id={`${id}-error`}>{error.value}</p>
    </fieldset>
  );
}
