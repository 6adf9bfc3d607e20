import type { Locale } from "../locale.ts";

/** The words of the form by which people follow a finding. */
const en = {
  stateHint: { open: "It is to be mended.", accepted: "It stays as it is, on purpose. The note says why.", fixed: "The next audit looks whether it holds." } as Record<string, string>,
  stateByHandHint: { open: "Somebody has to look.", accepted: "Nobody looks, on purpose. The note says why.", fixed: "Somebody has looked." } as Record<string, string>,
  dueFormat: "Choose a day from today on, within two years.",
  noteHint: "Up to 2,000 characters. Quote nothing that a visitor said.",
  files: "Add the SHA-256 of files",
  filesHint: "The files are not sent. Their SHA-256 and their names go into the note, so that whoever has a file can check that it is the same. Keep the files.",
  filesAdded: (count: number) => (count === 1 ? "1 line was added to the note. It is not saved yet." : `${count} lines were added to the note. They are not saved yet.`),
  filesThere: "The note has them already.",
  fileUnreadable: (name: string) => `${name} cannot be read. Choose it again, or a smaller file.`,
  saved: "Saved.",
  unchanged: "Nothing was changed.",
};

export type FollowWords = typeof en;

const de: FollowWords = {
  stateHint: { open: "Es ist zu beheben.", accepted: "Es bleibt mit Absicht, wie es ist. Die Notiz sagt, warum.", fixed: "Das nächste Audit prüft, ob es hält." },
  stateByHandHint: { open: "Jemand muss es ansehen.", accepted: "Mit Absicht sieht es niemand an. Die Notiz sagt, warum.", fixed: "Jemand hat es angesehen." },
  dueFormat: "Wählen Sie einen Tag von heute an, binnen zwei Jahren.",
  noteHint: "Bis zu 2.000 Zeichen. Zitieren Sie nichts, was ein Besucher geschrieben hat.",
  files: "SHA-256 von Dateien hinzufügen",
  filesHint: "Die Dateien werden nicht gesendet. Ihr SHA-256 und ihre Namen kommen in die Notiz, damit jeder, der eine Datei hat, prüfen kann, dass es dieselbe ist. Bewahren Sie die Dateien auf.",
  filesAdded: (count) => (count === 1 ? "1 Zeile kam in die Notiz. Sie ist noch nicht gespeichert." : `${count} Zeilen kamen in die Notiz. Sie sind noch nicht gespeichert.`),
  filesThere: "Sie stehen schon in der Notiz.",
  fileUnreadable: (name) => `${name} lässt sich nicht lesen. Wählen Sie sie noch einmal, oder eine kleinere Datei.`,
  saved: "Gespeichert.",
  unchanged: "Es wurde nichts geändert.",
};

export const FOLLOW: Record<Locale, FollowWords> = { en, de };
