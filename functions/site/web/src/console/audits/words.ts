import type { Locale } from "../locale.ts";

/** The words that the pages of audits share. */
const en = {
  of: (when: string) => `Audit of ${when}`,
  running: "Running",
  runningText: "It is done within a minute or two. The results appear here by themselves.",
  finished: (count: number) => (count === 0 ? "The audit is finished: no control has failed." : `The audit is finished: ${count === 1 ? "1 control has" : `${count} controls have`} failed.`),
  tally: {
    passed: (count: string) => `${count} passed`,
    failed: (count: string) => `${count} failed`,
    not_examined: (count: string) => `${count} not examined`,
    manual: (count: string) => `${count} by hand`,
    not_applicable: (count: string) => `${count} not applicable`,
  },
  openCount: (count: number) => (count === 0 ? "nothing is left to do" : `${count} to do`),
  overdueCount: (count: number) => `${count} overdue`,
};

export type AuditsWords = typeof en;

const de: AuditsWords = {
  of: (when) => `Audit vom ${when}`,
  running: "Läuft",
  runningText: "Es dauert ein bis zwei Minuten. Die Ergebnisse erscheinen hier von selbst.",
  finished: (count) => (count === 0 ? "Das Audit ist fertig: Alle Kontrollen halten." : `Das Audit ist fertig: ${count === 1 ? "1 Kontrolle hält" : `${count} Kontrollen halten`} nicht.`),
  tally: {
    passed: (count) => `${count} bestanden`,
    failed: (count) => `${count} nicht bestanden`,
    not_examined: (count) => `${count} nicht geprüft`,
    manual: (count) => `${count} von Hand`,
    not_applicable: (count) => `${count} nicht anwendbar`,
  },
  openCount: (count) => (count === 0 ? "nichts ist mehr zu tun" : `${count} zu tun`),
  overdueCount: (count) => `${count} überfällig`,
};

export const AUDITS: Record<Locale, AuditsWords> = { en, de };
