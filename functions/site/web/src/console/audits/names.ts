import { day, me, wordsOf } from "../kit.ts";
import { AUDIT, type AuditWords } from "./audit_words.ts";
import type { Control } from "./contract.ts";

/** Digits of an id by which people are told apart. The first ones are the time at which it was made. */
const SHORT = 8;

/** The name of somebody here: security staff may not read the list of the staff. */
export function nameOf(id: string): string {
  return id === me()?.id ? wordsOf(AUDIT).you : `…${id.slice(-SHORT)}`;
}

/** The names of the states: what people look at is done, and what a machine looks at is mended. */
export function statesOf({ result }: Control): AuditWords["state"] {
  const { state, stateByHand } = wordsOf(AUDIT);
  return result === "manual" ? stateByHand : state;
}

/** A day of the calendar as people write it: it is the same wherever they are. */
export function dayOf(date: string): string {
  return day(`${date}T00:00`);
}
