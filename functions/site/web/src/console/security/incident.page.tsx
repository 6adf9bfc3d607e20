import { api, ask, attempt, Choice, Choices, date, Field, Heading, Input, List, me, named, type Open, Part, type Row, show, wordsOf } from "../kit.ts";
import { Done, inForce, Offered } from "./actions.tsx";
import { AffectedPart } from "./affected.tsx";
import { type Goal, LONGEST_NOTE, type Opened } from "./contract.ts";
import { INCIDENT } from "./incident_words.ts";
import { aboutOf, clockOf, Severity, shortId, titleOf } from "./marks.tsx";
import { Notes, Timeline } from "./notes.tsx";
import { Sections } from "./sections.tsx";
import { Noticed } from "./signals.tsx";
import { SECURITY } from "./words.ts";

type Names = Record<string, string>;

export const open: Open = ({ parameters: [id = ""] }) => incidentView(id, {}, null);

async function incidentView(id: string, names: Names, goal: Goal | null) {
  const incident = await api.call("GET /v1/incidents/{id}", { path: { id } });
  const opened: Opened = {
    incident,
    goal,
    who: (person) => (person === me()?.id ? wordsOf(SECURITY).you : (names[person] ?? shortId(person))),
    again: async (said, next) => {
      await show(() => incidentView(id, names, next ?? null), said);
    },
  };
  const showNames = async () => {
    const people = await api.list("GET /v1/auth/staff");
    const known = Object.fromEntries(people.map(({ id, name, email }) => [id, name || email]));
    await show(() => incidentView(id, known, null));
  };
  // Only admins may read the list of the staff, after a second factor.
  const canName = me()?.roles.includes("admin") && Object.keys(names).length === 0;
  return <IncidentView opened={opened} showNames={canName ? showNames : null} />;
}

function IncidentView({ opened, showNames }: { opened: Opened; showNames: (() => Promise<void>) | null }) {
  const words = wordsOf(INCIDENT);
  const { incident } = opened;
  const { nature, steps, over_when } = incident.playbook;
  return (
    <div class="page wide-terms">
      <Heading>{titleOf(incident)}</Heading>
      <Sections />
      <Summary opened={opened} showNames={showNames} />
      <Noticed incident={incident} nature={nature} />
      <Done opened={opened} />
      <Offered opened={opened} />
      <Part title={words.steps}>
        <ol class="playbook" lang="en">{steps.map((step) => <li key={step}>{step}</li>)}</ol>
        <p><strong>{words.overWhen}</strong> <span lang="en">{over_when}</span></p>
      </Part>
      <AffectedPart id={incident.id} />
      <Notes opened={opened} change={changeOf(opened)} />
      <Timeline opened={opened} />
    </div>
  );
}

type Change = Parameters<typeof api.call<"PATCH /v1/incidents/{id}">>[1]["body"];

function changeOf({ incident: { id }, again }: Opened) {
  return async (body: Change, said: string, goal?: Goal) => {
    await api.call("PATCH /v1/incidents/{id}", { path: { id }, body });
    await again(said, goal);
  };
}

function Summary({ opened, showNames }: { opened: Opened; showNames: (() => Promise<void>) | null }) {
  const words = wordsOf(INCIDENT);
  const { aboutWhom, authority, status: statuses, verdict: verdicts } = wordsOf(SECURITY);
  const { incident, who } = opened;
  const { id, about, assignee, opened_at, severity, status, verdict } = incident;
  const change = changeOf(opened);
  const whom = aboutOf(incident);
  const isMine = about === me()?.id;
  const account = about && who(about) !== shortId(about) ? `${who(about)} ` : "";
  const rows: Row[] = [
    [words.number, <code>{id}</code>],
    [words.severity, <Severity of={severity} />],
    [words.state, <span class="mark">{named(statuses, status)}</span>],
    [words.about, about === null ? aboutWhom.site : <>{aboutWhom[whom]} {isMine ? who(about) : <>{account}<code>{about}</code></>}</>],
    [words.opened, date(opened_at)],
    [words.assignee, assignee ? who(assignee) : words.nobodyYet],
  ];
  if (verdict) rows.push([words.verdict, named(verdicts, verdict)]);
  const clock = clockOf(incident);
  if (clock) rows.push([authority, clock]);
  const isOver = status === "resolved";
  // A contained incident stays contained.
  const take = () => change({ assignee: me()?.id ?? "", ...(status === "open" && { status: "acknowledged" }) }, words.taken);
  return (
    <section class="part" aria-label={words.number}>
      <List rows={rows} />
      <div class="buttons">
        {!isOver && assignee !== me()?.id && <button type="button" class="primary" onClick={() => void attempt(take)}>{words.take}</button>}
        {!isOver && <button type="button" class="secondary" onClick={() => resolve(opened, change)}>{words.resolve}</button>}
        {isOver && <button type="button" class="secondary" onClick={() => void attempt(() => change({ status: "open" }, words.reopened))}>{words.reopen}</button>}
        {showNames && <button type="button" class="secondary" onClick={() => void attempt(showNames)}>{words.showNames}</button>}
      </div>
    </section>
  );
}

/** Asks how it is judged, since rules learn from that, and closes it. */
function resolve({ incident }: Opened, change: ReturnType<typeof changeOf>): void {
  const words = wordsOf(INCIDENT);
  const still = inForce(incident).length;
  // One that somebody has entered is of no rule that could learn from it.
  const hintOf = (value: string) => (incident.signals.length > 0 ? named(words.wasItHint, value) : "");
  const options = (["true_positive", "false_positive"] as const).map((value) => ({ value, label: named(words.wasItOne, value), hint: hintOf(value) }));
  const verdict = new Choice(words.wasIt, options, incident.verdict === "false_positive" ? "false_positive" : "true_positive");
  const note = new Field({ name: "note", label: words.closingNote, attributes: { maxlength: LONGEST_NOTE } });
  ask({
    title: words.resolveTitle,
    text: words.resolveText,
    before: <>{still > 0 && <p class="notice">{words.stillInForce(still)}</p>}<Choices of={verdict} /></>,
    fields: [note],
    inputs: <div class="noting"><Input field={note} rows={3} /></div>,
    submit: words.resolve,
    onSubmit: () => {
      const text = note.value.trim();
      return change({ status: "resolved", verdict: verdict.value, ...(text && { note: text }) }, words.resolved);
    },
  });
}
