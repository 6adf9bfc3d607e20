import type { Locale } from "../locale.ts";

/** The words that lead from one page about security to the others. */
const en = { label: "Security pages", incidents: "Incidents", rules: "Rules", log: "Audit log", lessons: "Lessons" };

export type SectionWords = typeof en;

const de: SectionWords = { label: "Seiten zur Sicherheit", incidents: "Vorfälle", rules: "Regeln", log: "Prüfprotokoll", lessons: "Lehren" };

export const SECTIONS: Record<Locale, SectionWords> = { en, de };
