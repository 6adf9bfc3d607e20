import type { Locale } from "../../locale.ts";

/** The words of the page of lessons. */
const en = {
  title: "Lessons",
  text: "What the incidents of a quarter teach: how fast they were handled, what detection got wrong or missed, and what was changed.",
  quarter: "Quarter",
  named: (number: string, year: string) => `Q${number} ${year}`,
  print: "Print",
  shown: (quarter: string, count: number) => `${quarter}: ${count === 0 ? "no incident" : count === 1 ? "1 incident" : `${count} incidents`}`,
  none: "Nothing was noticed in this quarter, and nobody has entered an incident.",
  notAll: (count: number) => `Only the newest ${count} incidents are counted here: there are more than this page reads.`,

  figures: "Figures",
  right: "It was an incident",
  wrong: "It was no incident",
  open: "Not judged yet",
  acknowledged: "Until a person acted",
  contained: "Until it was contained",
  resolved: "Until it was resolved",
  median: "Median",
  of: (count: number, all: number) => `of ${count} of ${all} incidents`,
  never: "Never",
  minutes: (count: number) => (count < 1 ? "under a minute" : count === 1 ? "1 minute" : `${count} minutes`),
  hours: (count: string) => `${count} hours`,
  days: (count: string) => `${count} days`,

  kinds: "Kinds and severities",
  kind: "Kind",
  all: "All",

  missed: "Entered by hand",
  missedText: "No rule has noticed these. Each may be a reason for a new rule.",
  missedNone: "Rules have noticed all incidents.",

  lifted: "Actions that were lifted",
  liftedNone: "No action was lifted.",
  taken: (when: string, who: string) => `taken ${when} ${who}`,
  lift: (when: string) => `lifted ${when}`,
  byItself: "by itself",
  by: (who: string) => `by ${who}`,

  thresholds: "Thresholds that have moved",
  thresholdsText: "As they are today: false alarms of any quarter have moved them.",
  thresholdsNone: "Each rule asks for what it began with.",
  moved: (before: string, now: string) => `from ${before} to ${now}`,

  notes: "Notes",
  reading: "Reading the notes…",
  notesNone: "Nobody has noted anything.",
  notesLeft: (count: number, most: number) => `The notes of ${count === 1 ? "1 more incident" : `${count} more incidents`} were not read: this page makes at most ${most} requests. The incidents themselves have them.`,
};

export type LessonsWords = typeof en;

const de: LessonsWords = {
  title: "Lehren",
  text: "Was die Vorfälle eines Quartals lehren: wie schnell sie behandelt wurden, worin sich die Erkennung irrte oder was sie übersah, und was geändert wurde.",
  quarter: "Quartal",
  named: (number, year) => `${number}. Quartal ${year}`,
  print: "Drucken",
  shown: (quarter, count) => `${quarter}: ${count === 0 ? "kein Vorfall" : count === 1 ? "1 Vorfall" : `${count} Vorfälle`}`,
  none: "In diesem Quartal wurde nichts bemerkt, und niemand hat einen Vorfall eingetragen.",
  notAll: (count) => `Hier zählen nur die neuesten ${count} Vorfälle: Es gibt mehr, als diese Seite liest.`,

  figures: "Zahlen",
  right: "Es war ein Vorfall",
  wrong: "Es war kein Vorfall",
  open: "Noch nicht beurteilt",
  acknowledged: "Bis ein Mensch etwas tat",
  contained: "Bis er eingedämmt war",
  resolved: "Bis er erledigt war",
  median: "Median",
  of: (count, all) => `von ${count} der ${all} Vorfälle`,
  never: "Nie",
  minutes: (count) => (count < 1 ? "unter einer Minute" : count === 1 ? "1 Minute" : `${count} Minuten`),
  hours: (count) => `${count} Stunden`,
  days: (count) => `${count} Tage`,

  kinds: "Arten und Schwere",
  kind: "Art",
  all: "Alle",

  missed: "Von Hand eingetragen",
  missedText: "Keine Regel hat sie bemerkt. Jeder kann ein Grund für eine neue Regel sein.",
  missedNone: "Alle Vorfälle haben Regeln bemerkt.",

  lifted: "Aufgehobene Maßnahmen",
  liftedNone: "Keine Maßnahme wurde aufgehoben.",
  taken: (when, who) => `ergriffen ${when} ${who}`,
  lift: (when) => `aufgehoben ${when}`,
  byItself: "von selbst",
  by: (who) => `von ${who}`,

  thresholds: "Verschobene Schwellen",
  thresholdsText: "Wie sie heute sind: Fehlalarme aus allen Quartalen haben sie verschoben.",
  thresholdsNone: "Jede Regel verlangt, was sie zu Beginn verlangte.",
  moved: (before, now) => `von ${before} auf ${now}`,

  notes: "Notizen",
  reading: "Die Notizen werden gelesen…",
  notesNone: "Niemand hat etwas notiert.",
  notesLeft: (count, most) => `Die Notizen von ${count === 1 ? "1 weiteren Vorfall" : `${count} weiteren Vorfällen`} wurden nicht gelesen: Diese Seite stellt höchstens ${most} Anfragen. Sie stehen bei den Vorfällen selbst.`,
};

export const LESSONS: Record<Locale, LessonsWords> = { en, de };
