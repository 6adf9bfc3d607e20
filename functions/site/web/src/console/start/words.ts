import type { Locale } from "../locale.ts";

/** The words of the overview. */
const en = {
  hello: (name: string) => `Signed in as ${name}.`,
  pages: "What you can do here",
  open: "Open",
  yourRoles: "Your roles",
  setUp: "Set up your chat",
  setUpText: "In ten minutes it is yours. Each step has a usual answer, so you can leave any of them for later.",
  steps: {
    look: { title: "Give it a name and colours", text: "Without them it says “Chat”, in blue." },
    pages: { title: "Name the pages that may show it", text: "Beside those that were named when this was deployed." },
    hours: { title: "Set opening hours", text: "Without them visitors may ask for a person whenever an agent is there." },
    answers: { title: "Bring your answers", text: "Import a table, a file or a web page, try it, and publish. Until then the assistant offers a person." },
    embed: { title: "Copy the line that embeds it", text: "It goes into the head of your pages." },
  },
  done: "Done",
  trainBy: (day: string) => `Courses are due by ${day}.`,
  trainNow: "Courses are due. Until you have passed them you cannot take conversations or read transcripts.",
  toTraining: "To the courses",
  incidents: (count: number, isMore: boolean) => (count === 1 && !isMore ? "One serious incident is unresolved." : `${isMore ? "At least " : ""}${count} serious incidents are unresolved.`),
  toSecurity: "To the incidents",
  nothingYet: "This console has no page for this role yet.",
};

export type StartWords = typeof en;

const de: StartWords = {
  hello: (name) => `Angemeldet als ${name}.`,
  pages: "Das können Sie hier tun",
  open: "Öffnen",
  yourRoles: "Ihre Rollen",
  setUp: "Richten Sie Ihren Chat ein",
  setUpText: "In zehn Minuten ist er Ihrer. Jeder Schritt hat eine übliche Antwort, Sie können also jeden auf später verschieben.",
  steps: {
    look: { title: "Geben Sie ihm Namen und Farben", text: "Ohne sie steht dort „Chat“, in Blau." },
    pages: { title: "Nennen Sie die Seiten, die ihn zeigen dürfen", text: "Neben denen, die bei der Einrichtung genannt wurden." },
    hours: { title: "Legen Sie Öffnungszeiten fest", text: "Ohne sie kann nach einem Menschen fragen, wer will, solange jemand da ist." },
    answers: { title: "Bringen Sie Ihre Antworten mit", text: "Importieren Sie eine Tabelle, eine Datei oder eine Seite, probieren und veröffentlichen Sie. Bis dahin bietet der Assistent einen Menschen an." },
    embed: { title: "Kopieren Sie die Zeile, die ihn einbettet", text: "Sie gehört in den Kopf Ihrer Seiten." },
  },
  done: "Erledigt",
  trainBy: (day) => `Bis ${day} sind Kurse fällig.`,
  trainNow: "Es sind Kurse fällig. Bis Sie sie bestanden haben, können Sie keine Gespräche übernehmen und keine Verläufe lesen.",
  toTraining: "Zu den Kursen",
  incidents: (count, isMore) => (count === 1 && !isMore ? "Ein schwerer Vorfall ist unerledigt." : `${isMore ? "Mindestens " : ""}${count} schwere Vorfälle sind unerledigt.`),
  toSecurity: "Zu den Vorfällen",
  nothingYet: "Für diese Rolle hat die Konsole noch keine Seite.",
};

export const START: Record<Locale, StartWords> = { en, de };
