import type { Locale } from "../locale.ts";

/** The words for the conversations that agents have closed. */
const en = {
  title: "Closed conversations",
  about: "What agents have closed, without a word of it. To read one takes a purpose and a reason; your privacy or security officer finds it by its id.",
  list: "Closed conversations, the last first",
  count: (count: number, isAll: boolean) => (isAll ? (count === 1 ? "1 conversation." : `${count} conversations.`) : `The last ${count}. There are more.`),
  by: (name: string) => `Closed by ${name}`,
  closed: "Closed",
  last: (time: string) => `last message ${time}`,
  customer: "Customer",
  guest: "Guest",
  none: "Nothing is closed.",
  noneText: "A conversation stands here once an agent has closed it, until its time is up or its person deletes it.",
  more: "Read on",
};

export type ClosedWords = typeof en;

const de: ClosedWords = {
  title: "Beendete Gespräche",
  about: "Was beendet wurde, ohne ein Wort daraus. Eines zu lesen braucht einen Zweck und einen Grund; Ihre Datenschutz- oder Sicherheitsbeauftragten finden es über seine Kennung.",
  list: "Beendete Gespräche, das letzte zuerst",
  count: (count, isAll) => (isAll ? (count === 1 ? "1 Gespräch." : `${count} Gespräche.`) : `Die letzten ${count}. Es gibt weitere.`),
  by: (name) => `Beendet von ${name}`,
  closed: "Beendet",
  last: (time) => `letzte Nachricht ${time}`,
  customer: "Kundschaft",
  guest: "Gast",
  none: "Nichts ist beendet.",
  noneText: "Ein Gespräch steht hier, sobald es jemand beendet hat, bis seine Zeit um ist oder die Person es löscht.",
  more: "Weiterlesen",
};

export const CLOSED: Record<Locale, ClosedWords> = { en, de };
