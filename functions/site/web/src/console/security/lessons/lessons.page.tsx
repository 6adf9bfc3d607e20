import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Heading, newId, type Open, Part, wordsOf } from "../../kit.ts";
import { say } from "../../stage.tsx";
import { Sections } from "../sections.tsx";
import { Changed } from "./changed.tsx";
import { Figures, Kinds, Missed } from "./figures.tsx";
import { type Known, lessonsOf, quartersOf, readKnown } from "./read.ts";
import { LESSONS } from "./words.ts";

/** What the incidents teach, quarter by quarter, also on paper. */
export const open: Open = async () => <LessonsPage known={await readKnown()} />;

function LessonsPage({ known }: { known: Known }) {
  const words = wordsOf(LESSONS);
  const quarters = useMemo(() => quartersOf(known.incidents), []);
  const quarter = useSignal(quarters[0] ?? "");
  const lessons = lessonsOf(quarter.value, known);
  const shown = words.shown(nameOf(quarter.value), lessons.incidents.length);
  const choose = (chosen: string) => {
    quarter.value = chosen;
    say(words.shown(nameOf(chosen), lessonsOf(chosen, known).incidents.length));
  };
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <Sections />
      <p>{words.text}</p>
      <section class="part unprinted">
        <Quarters quarters={quarters} onChange={choose} />
        <div class="buttons"><button type="button" class="secondary" onClick={() => print()}>{words.print}</button></div>
      </section>
      <p><strong>{shown}</strong></p>
      {known.isMore && <p class="notice">{words.notAll(known.incidents.length)}</p>}
      {lessons.incidents.length === 0
        ? <Part title={words.figures}><p>{words.none}</p></Part>
        : <><Figures lessons={lessons} /><Kinds lessons={lessons} /><Missed lessons={lessons} /></>}
      <Changed key={quarter.value} lessons={lessons} known={known} />
    </div>
  );
}

function nameOf(quarter: string): string {
  const [year = "", number = ""] = quarter.split("-");
  return wordsOf(LESSONS).named(number, year);
}

function Quarters({ quarters, onChange }: { quarters: string[]; onChange: (quarter: string) => void }) {
  const id = useMemo(newId, []);
  return (
    <div class="field">
      <label for={id}>{wordsOf(LESSONS).quarter}</label>
      <select id={id} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {quarters.map((quarter) => <option key={quarter} value={quarter}>{nameOf(quarter)}</option>)}
      </select>
    </div>
  );
}
