import { api, attempt, confirmed, date, day, Heading, Link, List, me, named, type Open, Part, problemOf, type Row, show, wordsOf } from "../kit.ts";
import { answerStep } from "./answer.tsx";
import { CASE } from "./case_words.ts";
import { Confirm } from "./confirm.tsx";
import { type Kept, type Opened, type OpenedCase, type Receipt, type Subject, wasDone } from "./contract.ts";
import { answerOf, confirmationOf } from "./deadline.tsx";
import { eraseStep } from "./erase.tsx";
import { exportStep } from "./export.tsx";
import { findStep } from "./find.tsx";
import { Holds } from "./holds.tsx";
import { Steps } from "./steps.tsx";
import { verifyStep } from "./verify.tsx";
import { PRIVACY } from "./words.ts";

export const open: Open = ({ parameters: [id = ""] }) => caseView(id, {}, false);

async function caseView(id: string, kept: Kept, isGoingOn: boolean) {
  const found = await api.call("GET /v1/cases/{id}", { path: { id } });
  const [subject, receipt] = await Promise.all([subjectOf(found), receiptOf(found)]);
  const again: Opened["again"] = async (said, next = {}) => {
    await show(() => caseView(id, next, true), said);
  };
  const opened: Opened = {
    exported: kept.exported ?? [],
    isNothingStored: kept.isNothingStored ?? endedWithNothing(found),
    case: found,
    subject,
    receipt,
    again,
    change: async (change, said) => {
      await api.call("PATCH /v1/cases/{id}", { path: { id }, body: change });
      await again(said, kept);
    },
  };
  return <CaseView opened={opened} isGoingOn={isGoingOn} again={(said) => again(said, kept)} />;
}

interface Props {
  opened: Opened;
  isGoingOn: boolean;
  again(said: string): Promise<void>;
}

function CaseView({ opened, isGoingOn, again }: Props) {
  const words = wordsOf(CASE);
  const { kind, subject_id: subjectId, holds, closed_at, receipt_id } = opened.case;
  const act = kind === "access" ? exportStep(opened) : eraseStep(opened);
  const steps = [findStep(opened), verifyStep(opened), act, answerStep(opened)];
  // Nothing is left to hold of a subject who was erased.
  const canBeHeld = subjectId && !closed_at && (!receipt_id || holds.length > 0);
  return (
    <div class="page wide-terms">
      <Heading>{named(words.title, kind)}</Heading>
      <div class="others"><Link to="/privacy" class="link">{words.toAll}</Link></div>
      <Summary opened={opened} />
      <Confirm opened={opened} />
      <Steps steps={steps} isGoingOn={isGoingOn} />
      {canBeHeld && <Holds title={words.holds} holds={holds} subjectId={subjectId} again={again} />}
      <Log log={opened.case.log} />
    </div>
  );
}

/** It was answered, and nothing was carried out: there was nothing to give or to erase. */
function endedWithNothing(found: OpenedCase): boolean {
  if (found.state !== "answered") return false;
  return found.kind === "access" ? !wasDone(found, "exported") : !found.receipt_id;
}

/** It was neither carried out nor refused. */
function isUnderWay({ state }: OpenedCase): boolean {
  return state === "open" || state === "verified" || state === "waiting";
}

/** The data that is stored about the person, while the case is under way. */
async function subjectOf(found: OpenedCase): Promise<Subject | null> {
  const { subject_id } = found;
  if (!subject_id || !isUnderWay(found)) return null;
  const { items } = await api.call("POST /v1/subjects/search", { body: { subject_id } });
  return items[0] ?? null;
}

/** The receipt of the erasure. It ends, and its case may be kept for longer. */
async function receiptOf({ receipt_id: id }: OpenedCase): Promise<Receipt | null> {
  if (!id) return null;
  try {
    return await api.call("GET /v1/receipts/{id}", { path: { id } });
  } catch (error) {
    if (problemOf(error).code !== "not_found") throw error;
    return null;
  }
}

function Summary({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  const { id, law, received_at, state, extended } = opened.case;
  const { law: laws, state: states } = wordsOf(PRIVACY);
  const rows: Row[] = [
    [words.number, <code>{id}</code>],
    [words.law, named(laws, law)],
    [words.receivedOn, day(received_at)],
    [words.state, named(states, state)],
  ];
  const confirmation = confirmationOf(opened.case);
  if (confirmation) rows.push([words.confirm, confirmation]);
  rows.push([words.due, answerOf(opened.case)]);
  const isWaiting = state === "waiting";
  const extend = async () => {
    await confirmed({ title: words.extend, text: words.extendText, submit: words.extend });
    await opened.change({ extend: true }, words.wasExtended);
  };
  const refuse = async () => {
    const children = isWaiting && <p>{words.refuseWaiting}</p>;
    await confirmed({ title: words.refuse, text: words.refuseText, children, submit: words.refuse });
    await opened.change({ state: "refused" }, words.wasRefused);
  };
  const meaning: Record<string, string> = isWaiting ? { conflict: words.askedThemselves } : {};
  return (
    <section class="part" aria-label={words.number}>
      <List rows={rows} />
      {extended && <p class="hint">{words.extended}</p>}
      {isUnderWay(opened.case) && (
        <div class="buttons">
          {!extended && <button type="button" class="secondary" onClick={() => void attempt(extend)}>{words.extend}</button>}
          <button type="button" class="secondary" onClick={() => void attempt(refuse, meaning)}>{words.refuse}</button>
        </div>
      )}
    </section>
  );
}

function Log({ log }: { log: OpenedCase["log"] }) {
  const words = wordsOf(CASE);
  return (
    <Part title={words.log}>
      <ol class="rows">
        {log.map(({ at, by, what }, i) => (
          <li key={i}>
            <div>
              {named(words.logEntry, what)}
              <p class="hint">{date(at)} · {!by ? words.byItself : by.id === me()?.id ? words.byYou : by.id}</p>
            </div>
          </li>
        ))}
      </ol>
    </Part>
  );
}
