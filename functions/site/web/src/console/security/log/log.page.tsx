import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { beginningOf, Field, Form, Heading, Input, isId, newId, type Open, pageWords, showPage, wordsOf } from "../../kit.ts";
import { locale } from "../../locale.ts";
import { Sections } from "../sections.tsx";
import { Events, type Filter, type Page, read } from "./events.tsx";
import { StatePart } from "./state.tsx";
import { LOG } from "./words.ts";

const DAY = /^\d{4}-\d\d-\d\d$/;

interface Found {
  filter: Filter;
  first: Page;
  /** A list of its own for each answer. */
  turn: number;
}

/** The state of the audit log, and the events in it. */
export const open: Open = async () => <AuditLog first={await read({})} />;

function AuditLog({ first }: { first: Page }) {
  const words = wordsOf(LOG);
  const found = useSignal<Found>({ filter: {}, first, turn: 0 });
  const fields = useMemo(fieldsOf, []);
  const { actor, from, to } = fields;
  const action = useSignal("");
  const show = async () => {
    const filter = filterOf(fields, action.peek());
    found.value = { filter, first: await read(filter), turn: found.peek().turn + 1 };
  };
  return (
    <div class="page wide-terms">
      <Heading>{words.title}</Heading>
      <Sections />
      <p>{words.text}</p>
      <StatePart />
      <section class="part" aria-label={words.filter}>
        <Form
          submit={words.show}
          fields={[actor, from, to]}
          inputs={<div class="event-filters"><Actions onChange={(value) => (action.value = value)} /><Input field={actor} /><Input field={from} /><Input field={to} /></div>}
          beside={<button type="button" class="secondary" onClick={() => void showPage()}>{words.clear}</button>}
          onSubmit={show}
        />
      </section>
      <Events key={found.value.turn} {...found.value} />
    </div>
  );
}

/** The fields of the filter. Their names are those by which the server refuses their values. */
function fieldsOf() {
  const words = wordsOf(LOG);
  const isDay = (day: string) => (day === "" || (DAY.test(day) && !Number.isNaN(Date.parse(day))) ? null : pageWords().dayFormat);
  const actor = new Field({
    name: "query/actor",
    label: words.actor,
    hint: words.actorHint,
    attributes: { autocomplete: "off", spellcheck: false, maxlength: "36" },
    check: (id) => (id.trim() === "" || isId(id.trim()) ? null : pageWords().idFormat),
  });
  const to = new Field({
    name: "query/to",
    label: words.to,
    hint: words.toHint,
    attributes: { type: "date" },
    check: (day) => isDay(day) ?? (day !== "" && day < from.value ? words.order : null),
  });
  const from: Field = new Field({
    name: "query/from",
    label: words.from,
    hint: words.fromHint,
    attributes: { type: "date" },
    // The server's beginning, a day ago, may be behind the end.
    check: (day) => (day === "" && to.value !== "" ? pageWords().required : isDay(day)),
  });
  return { actor, from, to };
}

function filterOf({ actor, from, to }: ReturnType<typeof fieldsOf>, action: string): Filter {
  const id = actor.value.trim().toLowerCase();
  return {
    ...(from.value && { from: beginningOf(from.value) }),
    ...(to.value && { to: endOf(to.value) }),
    ...(id && { actor: id }),
    ...(action && { action }),
  };
}

/** The last millisecond of a day where the person is. */
function endOf(day: string): string {
  const next = new Date(`${day}T00:00`);
  next.setDate(next.getDate() + 1);
  return new Date(next.getTime() - 1).toISOString();
}

function Actions({ onChange }: { onChange: (action: string) => void }) {
  const words = wordsOf(LOG);
  const id = useMemo(newId, []);
  const actions = Object.entries(words.what).sort(([, one], [, other]) => one.localeCompare(other, locale.peek()));
  return (
    <div class="field">
      <label for={id}>{words.action}</label>
      <select id={id} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">{words.allActions}</option>
        {actions.map(([action, title]) => <option key={action} value={action}>{title}</option>)}
      </select>
    </div>
  );
}
