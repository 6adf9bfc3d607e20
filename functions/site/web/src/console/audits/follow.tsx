import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { Choice, Choices, daysAhead, Field, Form, Input, me, named, newId, pageWords, Problem, wordsOf } from "../kit.ts";
import { AUDIT } from "./audit_words.ts";
import { type Change, type Control, LONGEST_NOTE, type Opened } from "./contract.ts";
import { lineOf } from "./files.ts";
import { FOLLOW } from "./follow_words.ts";
import { nameOf, statesOf } from "./names.ts";

const STATES = ["open", "accepted", "fixed"];
/** A finding is due within two years. */
const FURTHEST_DAYS = 730;

interface Props {
  control: Control;
  change: Opened["change"];
}

/** How far people have come with a finding, to be changed. */
export function Follow({ control, change }: Props) {
  const words = wordsOf(FOLLOW);
  const { due, note, owner, state } = useMemo(() => fieldsOf(control), []);
  /** The values that the server has, as far as this form knows. */
  const known = useRef<Control>(control);
  const said = useSignal("");
  const send = async () => {
    said.value = "";
    const { current } = known;
    const now = { state: state.value, owner: owner.value || null, due: due.value, note: note.value };
    const changed: Change = {
      ...(now.state !== current.state && { state: now.state }),
      ...(now.owner !== current.owner && { owner: now.owner }),
      ...(now.due !== (current.due ?? "") && { due: now.due }),
      ...(now.note !== (current.note ?? "") && { note: now.note }),
    };
    if (Object.keys(changed).length === 0) throw new Problem("unchanged");
    await change(control.control, changed);
    known.current = { ...current, ...now };
    said.value = words.saved;
  };
  return (
    <Form
      class="follow"
      submit={pageWords().save}
      fields={[due, note]}
      inputs={
        <>
          <Choices of={state} />
          <div class="owner-and-due"><Owner of={owner} /><Input field={due} /></div>
          <div class="noting"><Input field={note} rows={3} /></div>
          <Files note={note} />
        </>
      }
      beside={<p role="status">{said}</p>}
      meaning={{ conflict: wordsOf(AUDIT).changedMeanwhile, unchanged: words.unchanged }}
      onSubmit={send}
    />
  );
}

/** The person who does it. */
interface Owned {
  value: string;
}

/** The fields of the form. Their names are those by which the server refuses their values. */
function fieldsOf(control: Control) {
  const words = wordsOf(FOLLOW);
  const { stateOf, dueOn, note } = wordsOf(AUDIT);
  const hints = control.result === "manual" ? words.stateByHandHint : words.stateHint;
  const [min, max] = [daysAhead(0), daysAhead(FURTHEST_DAYS)];
  const isDay = (day: string) => !Number.isNaN(Date.parse(day)) && day >= min && day <= max;
  return {
    state: new Choice(stateOf, STATES.map((value) => ({ value, label: named(statesOf(control), value), hint: named(hints, value) })), control.state ?? "open"),
    owner: { value: control.owner ?? "" } as Owned,
    due: new Field({
      name: "due",
      label: dueOn,
      value: control.due ?? "",
      attributes: { type: "date", min, max },
      // A day that has passed stays until somebody chooses another.
      check: (day) => (day === (control.due ?? "") || isDay(day) ? null : words.dueFormat),
    }),
    note: new Field({
      name: "note",
      label: note,
      hint: words.noteHint,
      value: control.note ?? "",
      attributes: { maxlength: String(LONGEST_NOTE) },
      // What a script puts into a field may be longer than what one types.
      check: (text) => (text.length > LONGEST_NOTE ? (pageWords().reason["too_long"] ?? null) : null),
    }),
  };
}

/** One of those whom this page knows: the person who is signed in, and whoever has it already. */
function Owner({ of: owner }: { of: Owned }) {
  const words = wordsOf(AUDIT);
  const id = useMemo(newId, []);
  const known = useMemo(() => [...new Set([me()?.id ?? "", owner.value])].filter(Boolean), []);
  return (
    <div class="field">
      <label for={id}>{words.owner}</label>
      <select id={id} onChange={({ currentTarget }) => (owner.value = currentTarget.value)}>
        <option value="">{words.nobody}</option>
        {known.map((one) => <option key={one} value={one} selected={one === owner.value}>{nameOf(one)}</option>)}
      </select>
    </div>
  );
}

/** Puts the hashes of files into the note. */
function Files({ note }: { note: Field }) {
  const words = wordsOf(FOLLOW);
  const id = useMemo(newId, []);
  const said = useSignal("");
  const add = async (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])];
    // The same file can be chosen again.
    input.value = "";
    let count = 0;
    for (const file of files) {
      let line: string;
      try {
        line = await lineOf(file);
      } catch {
        said.value = words.fileUnreadable(file.name);
        return;
      }
      const before = note.value.trimEnd();
      if (before.split("\n").includes(line) || !note.input) continue;
      note.input.value = before === "" ? line : `${before}\n${line}`;
      count++;
    }
    note.check();
    said.value = count > 0 ? words.filesAdded(count) : words.filesThere;
  };
  return (
    <div class="field">
      <label for={id}>{words.files}</label>
      <p id={`${id}-hint`} class="hint">{words.filesHint}</p>
      <input id={id} type="file" multiple aria-describedby={`${id}-hint`} onChange={({ currentTarget }) => void add(currentTarget)} />
      <p role="status" class="hint">{said}</p>
    </div>
  );
}
