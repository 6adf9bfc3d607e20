import type { Locale } from "../../locale.ts";

/** The words for checking an event. */
const en = {
  check: "Check",
  checkAll: "Check all",
  checking: "Checking…",
  in: (place: string, size: string) => `In the log, at place ${place} of ${size}`,
  unsigned: "This browser cannot check signatures. It has checked the hashes.",
  waiting: "Not in the log yet: it is added within a minute",
  missing: "Not in the log. The event is older than an hour: the log began after it, or the event is missing from the log.",
  changed: "The stored event is not the one in the log",
  wrong: "The proof is wrong",
  by: {
    answer: "It cannot be read.",
    event: "It is about another event.",
    path: "Its hashes do not lead from the event to the log.",
    key: "The key that the service publishes has not signed it.",
    history: "Its log is not the one that this browser has seen before.",
  } as Record<string, string>,
  toDo: "Tell all security officers, and run:",
  progress: (done: number, all: number) => `Checked ${done} of ${all}…`,
  allIn: (all: number) => (all === 1 ? "The event is in the log." : `All ${all} events are in the log.`),
  someIn: (count: number, all: number) => `${count} of ${all} events are in the log. The others say below what is wrong.`,
};

export type ResultWords = typeof en;

const de: ResultWords = {
  check: "Prüfen",
  checkAll: "Alle prüfen",
  checking: "Wird geprüft…",
  in: (place, size) => `Im Protokoll, an Stelle ${place} von ${size}`,
  unsigned: "Dieser Browser kann keine Signaturen prüfen. Er hat die Hashwerte geprüft.",
  waiting: "Noch nicht im Protokoll: Es wird binnen einer Minute eingetragen",
  missing: "Nicht im Protokoll. Das Ereignis ist älter als eine Stunde: Das Protokoll begann später, oder das Ereignis fehlt darin.",
  changed: "Das gespeicherte Ereignis ist nicht das im Protokoll",
  wrong: "Der Beweis ist falsch",
  by: {
    answer: "Er ist nicht lesbar.",
    event: "Er gilt einem anderen Ereignis.",
    path: "Seine Hashwerte führen nicht vom Ereignis zum Protokoll.",
    key: "Der Schlüssel, den der Dienst veröffentlicht, hat ihn nicht signiert.",
    history: "Sein Protokoll ist nicht das, das dieser Browser zuvor gesehen hat.",
  },
  toDo: "Sagen Sie es allen, die für Sicherheit zuständig sind, und führen Sie aus:",
  progress: (done, all) => `${done} von ${all} geprüft…`,
  allIn: (all) => (all === 1 ? "Das Ereignis ist im Protokoll." : `Alle ${all} Ereignisse sind im Protokoll.`),
  someIn: (count, all) => `${count} von ${all} Ereignissen sind im Protokoll. Unten steht, was mit den anderen ist.`,
};

export const RESULTS: Record<Locale, ResultWords> = { en, de };
