import type { Locale } from "../locale.ts";

/** The sentences of a letter; the writer of the letter fills in dates and numbers. */
const en = {
  language: "English",
  letters: { answer: "Letter", confirmation: "Letter of confirmation", interim: "Interim letter" } as Record<string, string>,
  letterLanguage: "Language of the letter",
  copyLetter: "Copy the letter",
  greeting: "Dear Sir or Madam,",
  asked: {
    access: (day: string, article: string) => `on ${day} you asked us what personal data we hold about you${article}.`,
    erasure: (day: string, article: string) => `on ${day} you asked us to erase the personal data that we hold about you${article}.`,
  },
  article: {
    access: { gdpr: " (Article 15 GDPR)", ccpa: " (California Civil Code, section 1798.110)", other: "" } as Record<string, string>,
    erasure: { gdpr: " (Article 17 GDPR)", ccpa: " (California Civil Code, section 1798.105)", other: "" } as Record<string, string>,
  },
  confirmed: (day: string) => `Your request has reached us. You will have our answer by ${day}.`,
  verified: "So that what we hold about you gets into nobody else's hands, we first make sure that it is you who asks. We may write to you about that, or ask you something that only you can know.",
  nothing: "We looked for it under what you told us, and found nothing: we hold no personal data about you in this service.",
  access: "With this letter you get all of it: a page to read and print, and a file in JSON that other programs can read. It says what is stored, what you agreed to, until when each thing is kept, and who of us has read it and for what purpose.",
  accessParts: (count: number) => `It comes in ${count} parts.`,
  erased: (date: string, conversations: string, messages: number) =>
    `We have done so. Since ${date} nobody can read it any more: ${conversations} with ${messages} messages and your contact details, if you left any. The keys to them are destroyed, so nobody can bring them back.`,
  erasedBefore: "We have done so: nobody can read it any more, and nobody can bring it back.",
  conversations: (count: number) => (count === 1 ? "1 conversation" : `${count} conversations`),
  kept: (conversations: string) =>
    `We have to keep ${conversations} for now, because the law obliges us to or we need it for legal claims. It will be erased as soon as that has ended.`,
  receipt: (id: string, url: string) => `The receipt of the erasure has the number ${id}. It is signed and names nothing of what you wrote. You can look at it here: ${url}`,
  waiting: "We may not erase it yet: the law obliges us to keep it for now, or we need it for legal claims. Your request is noted, and everything will be erased as soon as that has ended. You need not ask again: we write to you when it is done.",
  refused: "We cannot do as you ask, for this reason: [please fill in the reason].",
  rights: {
    gdpr: "You may also ask for wrong data to be corrected or its use to be restricted, and you have the right to complain to a data protection authority (Article 77 GDPR), or to go to court.",
    ccpa: "You also have the right to have wrong data corrected. We will not treat you worse because you used your rights. You may complain to the California Privacy Protection Agency or the Attorney General of California.",
    other: "If you do not agree with this answer, you may complain to the authority for data protection where you live.",
  } as Record<string, string>,
  reference: (id: string) => `Our reference: ${id}`,
  closing: "Yours faithfully",
};

export type LetterWords = typeof en;

const de: LetterWords = {
  language: "Deutsch",
  letters: { answer: "Brief", confirmation: "Bestätigungsbrief", interim: "Zwischenbescheid" },
  letterLanguage: "Sprache des Briefs",
  copyLetter: "Brief kopieren",
  greeting: "Sehr geehrte Damen und Herren,",
  asked: {
    access: (day, article) => `am ${day} haben Sie uns gefragt, welche personenbezogenen Daten wir über Sie speichern${article}.`,
    erasure: (day, article) => `am ${day} haben Sie uns gebeten, die personenbezogenen Daten zu löschen, die wir über Sie speichern${article}.`,
  },
  article: {
    access: { gdpr: " (Artikel 15 DSGVO)", ccpa: " (California Civil Code, § 1798.110)", other: "" },
    erasure: { gdpr: " (Artikel 17 DSGVO)", ccpa: " (California Civil Code, § 1798.105)", other: "" },
  },
  confirmed: (day) => `Ihre Anfrage ist bei uns eingegangen. Unsere Antwort erhalten Sie bis zum ${day}.`,
  verified: "Damit nichts von dem, was wir über Sie speichern, in andere Hände gerät, stellen wir zuerst sicher, dass Sie es sind, von dem die Anfrage kommt. Vielleicht schreiben wir Ihnen deshalb oder fragen Sie nach etwas, das nur Sie wissen können.",
  nothing: "Wir haben unter dem gesucht, was Sie uns genannt haben, und nichts gefunden: In diesem Dienst speichern wir keine personenbezogenen Daten über Sie.",
  access: "Mit diesem Brief erhalten Sie alles davon: eine Seite zum Lesen und Drucken und eine Datei im Format JSON, die andere Programme lesen können. Darin steht, was gespeichert ist, worin Sie eingewilligt haben, bis wann es jeweils aufbewahrt wird und wer von uns es zu welchem Zweck gelesen hat.",
  accessParts: (count) => `Es sind ${count} Teile.`,
  erased: (date, conversations, messages) =>
    `Das haben wir getan. Seit ${date} kann niemand sie mehr lesen: ${conversations} mit ${messages} Nachrichten und Ihre Kontaktdaten, falls Sie welche hinterlassen hatten. Die Schlüssel dazu sind vernichtet, deshalb kann niemand sie zurückholen.`,
  erasedBefore: "Das haben wir getan: Niemand kann sie mehr lesen, und niemand kann sie zurückholen.",
  conversations: (count) => (count === 1 ? "1 Gespräch" : `${count} Gespräche`),
  kept: (conversations) =>
    `${conversations} müssen wir vorerst behalten, weil das Recht uns dazu verpflichtet oder weil wir es für Rechtsansprüche brauchen. Sobald das endet, wird auch dies gelöscht.`,
  receipt: (id, url) => `Die Quittung der Löschung hat die Nummer ${id}. Sie ist unterschrieben und nennt nichts von dem, was Sie geschrieben haben. Sie können sie hier ansehen: ${url}`,
  waiting: "Wir dürfen sie noch nicht löschen: Das Recht verpflichtet uns, sie vorerst zu behalten, oder wir brauchen sie für Rechtsansprüche. Ihre Anfrage ist vorgemerkt, und alles wird gelöscht, sobald das endet. Sie müssen nicht noch einmal fragen: Wir schreiben Ihnen, wenn es geschehen ist.",
  refused: "Wir können dem nicht nachkommen, aus diesem Grund: [bitte den Grund eintragen].",
  rights: {
    gdpr: "Sie können außerdem verlangen, dass falsche Daten berichtigt werden oder ihre Verwendung eingeschränkt wird, und Sie haben das Recht, sich bei einer Aufsichtsbehörde für den Datenschutz zu beschweren (Artikel 77 DSGVO) oder vor Gericht zu gehen.",
    ccpa: "Sie haben außerdem das Recht, dass falsche Daten berichtigt werden. Wir behandeln Sie nicht schlechter, weil Sie Ihre Rechte genutzt haben. Sie können sich bei der California Privacy Protection Agency oder beim Attorney General von Kalifornien beschweren.",
    other: "Wenn Sie mit dieser Antwort nicht einverstanden sind, können Sie sich bei der Datenschutzbehörde beschweren, die für Ihren Wohnort zuständig ist.",
  },
  reference: (id) => `Unser Zeichen: ${id}`,
  closing: "Mit freundlichen Grüßen",
};

export const LETTERS: Record<Locale, LetterWords> = { en, de };
