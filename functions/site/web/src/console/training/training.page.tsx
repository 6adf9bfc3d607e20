import { useSignal } from "@preact/signals";
import { type Answer, api, attempt, AUDITOR, day, Heading, Link, List, me, named, type Open, Part, type Row, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { Practices } from "./practices.tsx";
import { TRAINING } from "./words.ts";

type Mine = Answer<"GET /v1/training/me">;
type Courses = Answer<"GET /v1/training/courses">["items"];
type Records = Answer<"GET /v1/training/records">["items"];
type Sent = Answer<"GET /v1/training/practices">;

/** The courses, one's own certificates, practices, and for admins the records of everybody. */
export const open: Open = async () => {
  const query = { locale: locale.peek() };
  const [mine, { items }, sent] = await Promise.all([
    api.call("GET /v1/training/me"),
    api.call("GET /v1/training/courses", { query }),
    api.call("GET /v1/training/practices", { query }),
  ]);
  return <Training mine={mine} courses={items} sent={sent} />;
};

interface Record {
  name: string;
  roles: string[];
  record: Records[number] | null;
}

/** The names come from the accounts, since a record has none. */
async function everybody(): Promise<Record[]> {
  const [{ items: records }, staff] = await Promise.all([api.call("GET /v1/training/records"), api.list("GET /v1/auth/staff")]);
  const isLearning = (roles: string[]) => roles.some((role) => role !== "admin" && role !== AUDITOR);
  return staff
    .filter(({ roles }) => isLearning(roles))
    .map(({ id, name, roles }) => ({ name, roles, record: records.find(({ staff_id }) => staff_id === id) ?? null }));
}

function Training({ mine, courses, sent }: { mine: Mine; courses: Courses; sent: Sent }) {
  const words = wordsOf(TRAINING);
  const isAdmin = me()?.roles.includes("admin") ?? false;
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      {mine.required && <Standing mine={mine} count={courses.length} />}
      <Part title={words.courses}>
        <ul class="rows">
          {courses.map((course) => <CourseRow key={course.id} course={course} mine={mine} />)}
        </ul>
      </Part>
      <Practices sent={sent} isAdmin={isAdmin} />
      {isAdmin && <Everybody courses={courses} scripts={sent.scripts} />}
    </div>
  );
}

/** Whether claims and transcripts are open, and until when. */
function Standing({ mine: { current, current_until, due, certificates }, count }: { mine: Mine; count: number }) {
  const words = wordsOf(TRAINING);
  if (!current) return <p class="notice"><strong>{words.closed}</strong> {words.closedText}</p>;
  if (due.length === 0) return <p>{words.current(day(current_until))}</p>;
  const text = certificates.length < count ? words.firstDays : words.dueAgain;
  return <p class="notice"><strong>{words.dueBy(due.length, day(current_until))}</strong> {text}</p>;
}

function CourseRow({ course, mine }: { course: Courses[number]; mine: Mine }) {
  const words = wordsOf(TRAINING);
  const { id, title, minutes } = course;
  const certificate = mine.certificates.find(({ course_id }) => course_id === id);
  const due = mine.due.find(({ course_id }) => course_id === id);
  const said = [
    words.minutes(minutes),
    // An incident or a change of the course can end it before the certificate ends.
    ...(certificate ? [words.passed(day(certificate.passed_at), day(due?.by ?? certificate.expires_at))] : []),
    ...(due && certificate ? [due.after_incident ? words.afterIncident : words.again] : []),
    ...(mine.under_way.includes(id) ? [words.underWay] : []),
  ];
  return (
    <li>
      <div>
        <Link to={`/training/${id}`} class="place">{title}</Link>
        <p class="hint">{said.join(" · ")}</p>
      </div>
    </li>
  );
}

/** Who may work, as far as training goes, and what is missing. Asked for by a press: the list of accounts needs a second factor. */
function Everybody({ courses, scripts }: { courses: Courses; scripts: Sent["scripts"] }) {
  const words = wordsOf(TRAINING);
  const others = useSignal<Record[] | null>(null);
  const read = () => attempt(async () => (others.value = await everybody()));
  const titles = Object.fromEntries(courses.map(({ id, title }) => [id, title]));
  const played = Object.fromEntries(scripts.map(({ script, title }) => [script, title]));
  const about = ({ record }: Record) => {
    if (!record) return words.notBegun;
    const missing = record.due.map(({ course_id }) => named(titles, course_id));
    const state = record.current ? words.open(day(record.current_until)) : words.shut;
    return (
      <>
        {state}
        {missing.length > 0 && <p class="hint">{words.missing(missing, courses.length)}</p>}
        {record.practices.map(({ id, script, good, of, at }) => <p key={id} class="hint">{words.practised(named(played, script), good, of, day(at))}</p>)}
      </>
    );
  };
  const rows: Row[] | undefined = others.value?.map((other) => [other.name, about(other)]);
  return (
    <Part title={words.everybody}>
      <p class="hint">{words.everybodyText}</p>
      {!rows && <div class="buttons"><button type="button" class="secondary" onClick={read}>{words.showEverybody}</button></div>}
      {rows && (rows.length > 0 ? <List rows={rows} /> : <p>{words.nobody}</p>)}
    </Part>
  );
}
