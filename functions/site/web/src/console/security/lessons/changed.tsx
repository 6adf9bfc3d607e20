import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { complain, date, leavingSignal, Link, me, named, Part, wordsOf } from "../../kit.ts";
import { INCIDENT } from "../incident_words.ts";
import { measured, Reason, shortId, titleOf } from "../marks.tsx";
import { type Known, type Lessons, type Note, readNotes, REQUESTS } from "./read.ts";
import { LESSONS } from "./words.ts";

interface Props {
  lessons: Lessons;
  known: Known;
}

/** What was changed because of the incidents: actions that were lifted, thresholds, and what people noted. */
export function Changed({ lessons, known }: Props) {
  return (
    <>
      {lessons.incidents.length > 0 && <Lifted lessons={lessons} />}
      <Thresholds known={known} />
      {lessons.incidents.length > 0 && <Notes lessons={lessons} known={known} />}
    </>
  );
}

function Lifted({ lessons: { lifted } }: { lessons: Lessons }) {
  const words = wordsOf(LESSONS);
  return (
    <Part title={words.lifted}>
      {lifted.length === 0 && <p>{words.liftedNone}</p>}
      <ul class="rows">
        {lifted.map(({ incident, action: { id, action, at, by, lifted_at } }) => (
          <li key={id}>
            <div>
              <strong>{named(wordsOf(INCIDENT).was, action)}</strong>
              <p class="hint">{words.taken(date(at), by ? words.by(whoOf(by)) : words.byItself)} · {words.lift(date(lifted_at ?? at))}</p>
              <p><Link to={`/security/${incident.id}`} class="link">{titleOf(incident)}</Link></p>
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Thresholds({ known: { rules } }: { known: Known }) {
  const words = wordsOf(LESSONS);
  const moved = rules.filter(({ threshold, initial_threshold }) => threshold !== initial_threshold);
  return (
    <Part title={words.thresholds}>
      <p class="hint">{moved.length === 0 ? words.thresholdsNone : words.thresholdsText}</p>
      <ul class="rows">
        {moved.map(({ rule, reason, threshold, initial_threshold }) => (
          <li key={rule}>
            <div>
              <Reason rule={rule} reason={reason} />
              <p><strong>{words.moved(measured(rule, initial_threshold), measured(rule, threshold))}</strong></p>
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Notes({ lessons: { incidents }, known: { requests } }: Props) {
  const words = wordsOf(LESSONS);
  const read = useSignal<Awaited<ReturnType<typeof readNotes>> | null>(null);
  useEffect(() => {
    const leaving = leavingSignal();
    readNotes(incidents, REQUESTS - requests).then(
      (answer) => (read.value = answer),
      (error) => {
        if (!leaving.aborted) complain(error);
      },
    );
  }, []);
  const now = read.value;
  return (
    <Part title={words.notes}>
      {!now && <p>{words.reading}</p>}
      {now?.noted.length === 0 && <p>{words.notesNone}</p>}
      <ul class="rows">
        {now?.noted.map((incident) => (
          <li key={incident.id}>
            <div>
              <Link to={`/security/${incident.id}`} class="place">{titleOf(incident)}</Link>
              {incident.notes.map((note, i) => <OneNote key={i} note={note} />)}
            </div>
          </li>
        ))}
      </ul>
      {now && now.left > 0 && <p class="notice">{words.notesLeft(now.left, REQUESTS)}</p>}
    </Part>
  );
}

/** On paper nobody is "you". */
function whoOf(id: string): string {
  const person = me();
  return person?.id === id ? person.name : shortId(id);
}

function OneNote({ note: { at, by, text } }: { note: Note }) {
  return (
    <>
      <p class="said" dir="auto">{text}</p>
      <p class="hint">{date(at)} · {wordsOf(LESSONS).by(whoOf(by))}</p>
    </>
  );
}
