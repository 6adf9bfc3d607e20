import { button, h } from "../../../elements.ts";
import { type App, headingOf } from "../../app.ts";
import { listOf, part, type Row } from "../account.ts";
import { problemOf } from "../../problem.ts";
import { confirmed } from "../dialog.ts";
import { answerStep } from "./answer.ts";
import { confirmPart } from "./confirm.ts";
import type { Export, OpenedCase, Receipt, Subject } from "./contract.ts";
import { answerOf, confirmationOf } from "./deadline.ts";
import { eraseStep } from "./erase.ts";
import { exportStep } from "./export.ts";
import { findStep } from "./find.ts";
import { holdsPart } from "./holds.ts";
import { stepsOf } from "./steps.ts";
import { verifyStep } from "./verify.ts";

/** What this page knows of a case and the server does not keep. */
export interface Kept {
  /** The parts of an export that was just made. */
  exported?: Export[];
  /** Nothing is stored about whoever asks. */
  isNothingStored?: boolean;
}

/** A case as it stands, with what is known of whom it is about. */
export interface Opened {
  exported: Export[];
  isNothingStored: boolean;
  case: OpenedCase;
  subject: Subject | null;
  receipt: Receipt | null;
  /** Changes the case, and shows where it goes on. */
  change(change: object, said: string): Promise<void>;
  /** Shows the case as it stands now, where it goes on. */
  again(said: string, kept?: Kept): Promise<void>;
}

/** Shows a case from its beginning. */
export function toCase(app: App, id: string, said = ""): Promise<void> {
  return app.show(() => caseView(app, id, {}, false), said);
}

async function caseView(app: App, id: string, kept: Kept, isGoingOn: boolean): Promise<HTMLElement> {
  const words = app.words.case;
  const path = `/v1/cases/${encodeURIComponent(id)}`;
  const found = await app.api.call<OpenedCase>("GET", path);
  const [subject, receipt] = await Promise.all([subjectOf(app, found), receiptOf(app, found)]);
  const again: Opened["again"] = (said, next = {}) => app.show(() => caseView(app, id, next, true), said);
  const opened: Opened = {
    exported: kept.exported ?? [],
    isNothingStored: kept.isNothingStored ?? endedWithNothing(found),
    case: found,
    subject,
    receipt,
    again,
    change: async (change, said) => {
      await app.api.call("PATCH", path, change);
      await again(said, kept);
    },
  };
  const act = found.kind === "access" ? exportStep(app, opened) : eraseStep(app, opened);
  const steps = [findStep(app, opened), verifyStep(app, opened), act, answerStep(app, opened)];
  const element = h(
    "div",
    { class: "page", "data-place": "privacy" },
    headingOf(words.title[found.kind]),
    h("div", { class: "others" }, button(words.toAll, "link", () => void app.toPrivacy())),
    summary(app, opened),
    ...confirmPart(app, opened),
    stepsOf(app, steps, isGoingOn),
  );
  const { subject_id: subjectId, holds = [], receipt_id } = found;
  // Of whom all was erased there is nothing left to hold.
  if (subjectId && !found.closed_at && (receipt_id === null || holds.length > 0)) {
    element.append(holdsPart(app, { title: words.holds, holds, subjectId, again: (said) => again(said, kept) }));
  }
  element.append(logPart(app, found));
  return element;
}

/** It was answered, and nothing was carried out: there was nothing to give or to erase. */
function endedWithNothing(found: OpenedCase): boolean {
  if (found.state !== "answered") return false;
  return found.kind === "access" ? !wasDone(found, "exported") : found.receipt_id === null;
}

/** Whether the log has a line of that kind. */
export function wasDone({ log }: OpenedCase, what: string): boolean {
  return log.some((line) => line.what === what);
}

/** It was neither carried out nor refused. */
function isUnderWay({ state }: OpenedCase): boolean {
  return state === "open" || state === "verified" || state === "waiting";
}

/** What is stored about the person, as long as it matters. */
async function subjectOf(app: App, found: OpenedCase): Promise<Subject | null> {
  const { subject_id } = found;
  if (!subject_id || !isUnderWay(found)) return null;
  const { items } = await app.api.call<{ items: Subject[] }>("POST", "/v1/subjects/search", { subject_id });
  return items[0] ?? null;
}

/** The receipt of the erasure. It ends, and its case may be kept for longer. */
async function receiptOf(app: App, { receipt_id }: OpenedCase): Promise<Receipt | null> {
  if (!receipt_id) return null;
  try {
    return await app.api.call<Receipt>("GET", `/v1/receipts/${encodeURIComponent(receipt_id)}`);
  } catch (error) {
    if (problemOf(error).code !== "not_found") throw error;
    return null;
  }
}

function summary(app: App, opened: Opened): HTMLElement {
  const words = app.words.case;
  const { id, law, received_at, state, extended } = opened.case;
  const rows: Row[] = [
    [words.number, h("code", {}, id)],
    [words.law, app.words.privacy.law[law]],
    [words.receivedOn, app.day(received_at)],
    [words.state, app.words.privacy.state[state]],
  ];
  const confirmation = confirmationOf(app, opened.case);
  if (confirmation) rows.push([words.confirm, confirmation]);
  rows.push([words.due, answerOf(app, opened.case)]);
  const element = h("section", { class: "part", "aria-label": words.number }, listOf(rows));
  if (extended) element.append(h("p", { class: "hint" }, words.extended));
  if (!isUnderWay(opened.case)) return element;
  const isWaiting = state === "waiting";
  const meaning: Record<string, string> = isWaiting ? { conflict: words.askedThemselves } : {};
  const buttons = [button(words.refuse, "secondary", () => void app.attempt(refuse, meaning))];
  if (!extended) buttons.unshift(button(words.extend, "secondary", () => void app.attempt(extend)));
  element.append(h("div", { class: "buttons" }, ...buttons));
  return element;

  async function extend(): Promise<void> {
    await confirmed(app, { title: words.extend, text: words.extendText, submit: words.extend });
    await opened.change({ extend: true }, words.wasExtended);
  }

  async function refuse(): Promise<void> {
    const extra = isWaiting ? [h("p", {}, words.refuseWaiting)] : [];
    await confirmed(app, { title: words.refuse, text: words.refuseText, extra, submit: words.refuse });
    await opened.change({ state: "refused" }, words.wasRefused);
  }
}

function logPart(app: App, { log }: OpenedCase): HTMLElement {
  const words = app.words.case;
  const rows = log.map(({ at, by, what }) => {
    const who = by === null ? words.byItself : by.id === app.me?.id ? words.byYou : by.id;
    // An entry that this page does not know yet is shown as it is.
    return h("li", {}, h("div", {}, words.logEntry[what] ?? what, h("p", { class: "hint" }, `${app.date(at)} · ${who}`)));
  });
  return part(words.log, h("ol", { class: "rows" }, ...rows));
}
