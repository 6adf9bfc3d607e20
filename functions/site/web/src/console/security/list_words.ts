import type { Locale } from "../locale.ts";

/** The words of the list of incidents, and of the question by which one is entered. */
const en = {
  text: "Incidents that were noticed, what was done about them, and what is left to decide.",
  enter: "Enter an incident by hand",
  show: "Show",
  which: { unresolved: "Unresolved", resolved: "Resolved", all: "All" } as Record<string, string>,
  asOf: (time: string) => `As of ${time}. The list looks again every 15 seconds while you see it.`,
  arrived: (title: string) => `A new incident: ${title}.`,
  opened: (when: string) => `noticed ${when}`,
  yours: "you are at it",
  taken: (who: string) => `${who} is at it`,
  nobody: "nobody is at it yet",
  list: "Incidents",
  more: "Show more",
  none: { unresolved: "All is quiet: nothing is unresolved.", resolved: "No incident was resolved yet.", all: "There was no incident yet." } as Record<string, string>,
  watched: "What is watched, day and night:",
  watchedWhat: [
    "how many conversations and contacts each colleague opens, and at what hours, also after a reset",
    "data that is given out or erased in numbers",
    "sessions and passkeys with a second holder, and passwords that are tried in numbers",
    "roles that reach further, and data that is kept for longer",
    "visitors who come in floods, or ask for conversations that are not theirs",
    "conversations and records of events that were changed by hand",
  ],

  enterText: "Something that no rule has noticed. It counts as high. Where personal data may be concerned, the 72 hours for telling an authority begin now.",
  kind: "Kind",
  kindHint: "It decides which steps and actions are offered.",
  anyKind: "Something else",
  note: "What is known",
  noteHint: "Up to 2,000 characters. Quote nothing that a visitor said.",
  from: "Since when (optional)",
  fromHint: "What was read from then on is counted as concerned.",
  actor: "Id of the account that it is about (optional)",
  actorHint: "Only then can it be locked from here.",
  enterSend: "Enter it",
  notFuture: "This is still to come.",
  entered: "The incident was entered.",
};

export type ListWords = typeof en;

const de: ListWords = {
  text: "Was bemerkt wurde, was dagegen getan wurde, und was noch zu entscheiden ist.",
  enter: "Vorfall von Hand eintragen",
  show: "Anzeigen",
  which: { unresolved: "Unerledigte", resolved: "Erledigte", all: "Alle" },
  asOf: (time) => `Stand ${time}. Die Liste sieht alle 15 Sekunden nach, solange Sie sie sehen.`,
  arrived: (title) => `Ein neuer Vorfall: ${title}.`,
  opened: (when) => `bemerkt ${when}`,
  yours: "Sie sind daran",
  taken: (who) => `${who} ist daran`,
  nobody: "noch ist niemand daran",
  list: "Vorfälle",
  more: "Weitere zeigen",
  none: { unresolved: "Alles ruhig: Nichts ist unerledigt.", resolved: "Noch wurde kein Vorfall erledigt.", all: "Es gab noch keinen Vorfall." },
  watched: "Beobachtet wird bei Tag und Nacht:",
  watchedWhat: [
    "wie viele Gespräche und Kontakte jemand im Team öffnet, zu welchen Stunden, und auch nach einem Zurücksetzen",
    "Daten, die in Mengen herausgegeben oder gelöscht werden",
    "Sitzungen und Passkeys mit einem zweiten Inhaber, und Passwörter, die in Mengen probiert werden",
    "Rollen, die weiter reichen, und Daten, die länger aufbewahrt werden",
    "Besucher, die in Fluten kommen oder nach fremden Gesprächen fragen",
    "Gespräche und Aufzeichnungen von Ereignissen, die von Hand geändert wurden",
  ],

  enterText: "Etwas, das keine Regel bemerkt hat. Es gilt als hoch. Wo personenbezogene Daten betroffen sein können, beginnen jetzt die 72 Stunden für die Meldung an eine Behörde.",
  kind: "Art",
  kindHint: "Danach richtet sich, welche Schritte und Maßnahmen angeboten werden.",
  anyKind: "Etwas anderes",
  note: "Was bekannt ist",
  noteHint: "Bis zu 2.000 Zeichen. Zitieren Sie nichts, was ein Besucher geschrieben hat.",
  from: "Seit wann (freiwillig)",
  fromHint: "Was seither gelesen wurde, zählt als betroffen.",
  actor: "Kennung des Kontos, um das es geht (freiwillig)",
  actorHint: "Nur dann kann es von hier aus gesperrt werden.",
  enterSend: "Eintragen",
  notFuture: "Das kommt erst noch.",
  entered: "Der Vorfall wurde eingetragen.",
};

export const LIST: Record<Locale, ListWords> = { en, de };
