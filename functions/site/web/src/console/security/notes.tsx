import { useMemo } from "preact/hooks";
import { date, Field, Form, Input, Part, wordsOf } from "../kit.ts";
import { type Goal, type Incident, LONGEST_NOTE, type Opened } from "./contract.ts";
import { GoalPart } from "./goal.tsx";
import { INCIDENT } from "./incident_words.ts";
import { Reason } from "./marks.tsx";
import { SECURITY } from "./words.ts";

interface Props {
  opened: Opened;
  change(body: { note: string }, said: string, goal: Goal): Promise<void>;
}

/** The notes by which security staff tell one another about it. */
export function Notes({ opened: { incident: { notes }, who, goal }, change }: Props) {
  const words = wordsOf(INCIDENT);
  const note = useMemo(() => new Field({ name: "note", label: words.note, hint: words.noteHint, attributes: { required: true, maxlength: LONGEST_NOTE } }), []);
  return (
    <GoalPart title={words.notes} isHere={goal === "notes"}>
      {notes.length === 0 && <p class="hint">{words.noNotes}</p>}
      {notes.length > 0 && (
        <ul class="rows">
          {notes.map(({ at, by, text }, i) => (
            <li key={i}>
              <div>
                <p class="said" dir="auto">{text}</p>
                <p class="hint">{date(at)} · {words.by(who(by))}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
      <Form
        submit={words.addNote}
        fields={[note]}
        inputs={<div class="noting"><Input field={note} rows={3} /></div>}
        onSubmit={() => change({ note: note.value }, words.noted, "notes")}
      />
    </GoalPart>
  );
}

export function Timeline({ opened: { incident, who } }: { opened: Opened }) {
  const words = wordsOf(INCIDENT);
  return (
    <Part title={words.timeline}>
      <ol class="rows">
        {incident.timeline.map(({ at, by, what }, i) => (
          <li key={i}>
            <div>
              <Entry what={what} incident={incident} />
              <p class="hint">{date(at)} · {by ? words.by(who(by)) : words.byItself}</p>
            </div>
          </li>
        ))}
      </ol>
    </Part>
  );
}

/** A word of the timeline: a step, an action, a judgement, or the name of a rule that was met. */
function Entry({ what, incident: { signals } }: { what: string; incident: Incident }) {
  const words = wordsOf(INCIDENT);
  const said = words.entry[what] ?? words.was[what] ?? wordsOf(SECURITY).verdict[what];
  const signal = signals.find(({ rule }) => rule === what);
  if (said || !signal) return <>{said ?? what}</>;
  return <Reason rule={what} reason={signal.reason} />;
}
