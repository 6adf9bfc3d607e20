import type { JSX } from "preact";
import { date, isId, isPast, me, named, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import type { Incident } from "./contract.ts";
import { SECURITY, type SecurityWords } from "./words.ts";

const HOUR_MS = 60 * 60_000;
/** Digits of an id by which people are told apart. The first ones are the time at which it was made. */
const SHORT = 8;

export function Severity({ of }: { of: string }) {
  return <span class={`mark severity ${of}`}>{named(wordsOf(SECURITY).severity, of)}</span>;
}

/** A sentence of the server's in this language, or else as it came. */
export function Reason({ rule, reason }: { rule: string; reason: string }) {
  const said = wordsOf(SECURITY).reason[rule];
  return said ? <>{said}</> : <span lang="en">{reason}</span>;
}

export function titleOf({ kind, playbook }: Incident): string {
  return wordsOf(SECURITY).kind[kind] ?? playbook.title;
}

/** The thing that an incident is about: networks have no ids but names, and one kind is about visitors. */
export function aboutOf({ kind, about }: Incident): keyof SecurityWords["aboutWhom"] {
  if (about === null) return "site";
  if (!isId(about)) return "network";
  return kind === "id_probing" ? "visitor" : "account";
}

/** The end of an id; security staff may not read the list of the staff. */
export function shortId(id: string): string {
  return id === me()?.id ? wordsOf(SECURITY).you : `…${id.slice(-SHORT)}`;
}

export function numberOf(value: number): string {
  return new Intl.NumberFormat(locale.peek(), { maximumFractionDigits: 1 }).format(value);
}

/** The value of a rule, with its unit where it is no count. */
export function measured(rule: string, value: number): string {
  const unit = wordsOf(SECURITY).unit[rule];
  return unit ? `${numberOf(value)} ${unit}` : numberOf(value);
}

/** How long there is to tell an authority; nothing where none has to know. Behind the end of an incident no hours are counted. */
export function clockOf({ notify_authority_by: by, status, verdict }: Incident): JSX.Element | null {
  if (!by || verdict === "false_positive") return null;
  const words = wordsOf(SECURITY);
  if (status === "resolved") return <span>{words.tellBy(date(by))}</span>;
  const ms = Date.parse(by) - Date.now();
  const hours = Math.floor(Math.abs(ms) / HOUR_MS);
  if (!isPast(by)) return <span>{words.tellBy(date(by), words.hoursLeft(hours))}</span>;
  return <strong class="overdue">{words.over(date(by), words.hoursAgo(Math.max(1, hours)))}</strong>;
}
