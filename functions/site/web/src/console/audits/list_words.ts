import type { Locale } from "../locale.ts";

/** The words of the list of audits. */
const en = {
  title: "Audits",
  text: "An audit asks AWS, the tables and the audit log, control by control, whether the deployment is as it was designed, and lists what people have to look at themselves.",
  begin: "Begin an audit",
  begun: "The audit has begun.",
  runsAlready: "An audit is running already. Reload the page to see it.",
  list: "All audits",
  none: "There was no audit yet.",
  noneText: "Begin one, or wait for the first that begins by itself.",
  noneRead: "As soon as there is one you can read it here, print it and download its evidence.",
  nextAt: (day: string) => `The next one begins by itself on ${day}.`,
  nextUnknown: "One begins by itself every quarter or every half year, as the operator has chosen.",
  more: "Show more",
};

export type ListWords = typeof en;

const de: ListWords = {
  title: "Audits",
  text: "Ein Audit fragt AWS, die Tabellen und das Prüfprotokoll, Kontrolle für Kontrolle, ob alles so ist, wie es entworfen wurde, und nennt, was Menschen selbst ansehen müssen.",
  begin: "Audit beginnen",
  begun: "Das Audit hat begonnen.",
  runsAlready: "Es läuft schon ein Audit. Laden Sie die Seite neu, um es zu sehen.",
  list: "Alle Audits",
  none: "Es gab noch kein Audit.",
  noneText: "Beginnen Sie eines, oder warten Sie auf das erste, das von selbst beginnt.",
  noneRead: "Sobald es eines gibt, können Sie es hier lesen, drucken und seine Belege herunterladen.",
  nextAt: (day) => `Das nächste beginnt von selbst am ${day}.`,
  nextUnknown: "Jedes Quartal oder jedes halbe Jahr beginnt eines von selbst, je nachdem, was der Betreiber gewählt hat.",
  more: "Weitere zeigen",
};

export const LIST: Record<Locale, ListWords> = { en, de };
