import type { Locale } from "../locale.ts";

/** The words for the contact details that visitors have left. */
const en = {
  title: "Leads",
  before: "Look at the leads",
  recorded: "That you look is recorded before anything is opened, each page anew, and so is a download: when, for what purpose, and your reason. Each person finds it in their export.",
  whatFor: "What for?",
  purpose: { support: "Support", quality: "Quality" } as Record<string, string>,
  purposeText: { support: "to get back to somebody", quality: "to see how well people were answered" } as Record<string, string>,
  reason: "Reason",
  reasonHint: "8 to 200 characters. The people can read it; name nobody else in it.",
  period: "Left when?",
  periods: { "7": "In the last 7 days", "30": "In the last 30 days", all: "At any time" } as Record<string, string>,
  read: "Record it and look",
  list: "Leads, the newest first",
  count: (count: number, isAll: boolean) => (isAll ? (count === 1 ? "1 lead." : `${count} leads.`) : `The newest ${count}. There are more.`),
  damaged: (count: number) => `${count === 1 ? "One lead is" : `${count} leads are`} damaged and left out. Tell your security team.`,
  none: "Nobody has left an address in this time.",
  noneText: "Visitors can leave one after the first answer, and when nobody is there. It then stands here until its time is up or its person deletes it.",
  more: "Read on",
  export: "Download as CSV",
  exportText: "The file has every lead of the chosen time, and asks for your second factor. Keep it no longer than you need it: what is deleted here stays in the file.",
  exported: "The file was handed to your browser to save it.",
  notAccepted: "The reason was not accepted. It has 8 to 200 characters.",
  broken: "A lead is damaged, so there is no file: it would be incomplete. Tell your security team.",
  open: "Open the conversation",
};

export type LeadWords = typeof en;

const de: LeadWords = {
  title: "Kontakte",
  before: "Die Kontakte ansehen",
  recorded: "Dass Sie sie ansehen, wird aufgezeichnet, bevor etwas geöffnet wird, für jede Seite neu, und ebenso das Herunterladen: wann, zu welchem Zweck, und Ihr Grund. Jede Person findet es in ihrer Auskunft.",
  whatFor: "Wozu?",
  purpose: { support: "Support", quality: "Qualität" },
  purposeText: { support: "um sich bei jemandem zu melden", quality: "um zu sehen, wie gut geantwortet wurde" },
  reason: "Grund",
  reasonHint: "8 bis 200 Zeichen. Die Personen können ihn lesen; nennen Sie darin niemand anderen.",
  period: "Wann hinterlassen?",
  periods: { "7": "In den letzten 7 Tagen", "30": "In den letzten 30 Tagen", all: "Jederzeit" },
  read: "Aufzeichnen und ansehen",
  list: "Kontakte, der neueste zuerst",
  count: (count, isAll) => (isAll ? (count === 1 ? "1 Kontakt." : `${count} Kontakte.`) : `Die neuesten ${count}. Es gibt weitere.`),
  damaged: (count) => `${count === 1 ? "Ein Kontakt ist" : `${count} Kontakte sind`} beschädigt und fehlen hier. Sagen Sie es denen, die für Sicherheit zuständig sind.`,
  none: "In dieser Zeit hat niemand eine Adresse hinterlassen.",
  noneText: "Besucher können eine hinterlassen: nach der ersten Antwort, und wenn niemand da ist. Sie steht dann hier, bis ihre Zeit um ist oder die Person sie löscht.",
  more: "Weiterlesen",
  export: "Als CSV herunterladen",
  exportText: "Die Datei enthält alle Kontakte aus der gewählten Zeit und verlangt Ihren zweiten Faktor. Behalten Sie sie nicht länger als nötig: Was hier gelöscht wird, bleibt in der Datei.",
  exported: "Die Datei wurde Ihrem Browser zum Speichern übergeben.",
  notAccepted: "Der Grund wurde nicht angenommen. Er hat 8 bis 200 Zeichen.",
  broken: "Ein Kontakt ist beschädigt, deshalb gibt es keine Datei: Sie wäre unvollständig. Sagen Sie es denen, die für Sicherheit zuständig sind.",
  open: "Gespräch öffnen",
};

export const LEADS: Record<Locale, LeadWords> = { en, de };
