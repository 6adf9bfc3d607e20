import type { Locale } from "../locale.ts";

/** The words of the page of rules. */
const en = {
  title: "Rules",
  text: "What counts as an incident. A rule speaks when what it counts reaches its number within its time. Each third time that people judge it a false alarm it asks for more, within bounds; a rule never falls silent.",
  rule: "Rule",
  from: "From",
  alone: "Acts by itself",
  record: "Judged so far",
  within: (value: string, time: string) => `${value} within ${time}`,
  began: (value: string) => `began with ${value}`,
  time: (count: number, unit: "minute" | "hour" | "day") => `${count} ${unit}${count === 1 ? "" : "s"}`,
  yes: "Yes",
  no: "No, it only tells",
  never: "Not yet",
  judged: (right: number, wrong: number, share: string) => `${right} right, ${wrong} wrong: ${share} right`,
};

export type RulesWords = typeof en;

const UNITS = { minute: ["Minute", "Minuten"], hour: ["Stunde", "Stunden"], day: ["Tag", "Tagen"] } as const;

const de: RulesWords = {
  title: "Regeln",
  text: "Was als Vorfall zählt. Eine Regel meldet sich, wenn das, was sie zählt, in ihrer Zeit ihre Zahl erreicht. Mit jedem dritten Fehlalarm, den Menschen feststellen, verlangt sie mehr, in Grenzen; stumm wird eine Regel nie.",
  rule: "Regel",
  from: "Ab",
  alone: "Handelt von selbst",
  record: "Bisher beurteilt",
  within: (value, time) => `${value} in ${time}`,
  began: (value) => `zuerst ${value}`,
  time: (count, unit) => `${count} ${UNITS[unit][count === 1 ? 0 : 1]}`,
  yes: "Ja",
  no: "Nein, sie meldet nur",
  never: "Noch nicht",
  judged: (right, wrong, share) => `${right} richtig, ${wrong} falsch: ${share} richtig`,
};

export const RULES: Record<Locale, RulesWords> = { en, de };
