import type { Locale } from "../locale.ts";

/** The words for what is known of a person besides what they said. */
const en = {
  title: "Contact details and conversations",
  name: "Name",
  email: "E-mail",
  phone: "Phone",
  none: "none",
  left: "Left",
  leftOn: (day: string, end: string) => `${day}, kept until ${end}`,
  noContact: "None was left. Ask for something that only they can know from their conversation.",
  customer: "Customer",
  isCustomer: "Your site has said who this is: let them sign in there and ask.",
  isNoCustomer: "A guest: nobody has said who this is.",
  conversations: "Conversations",
  noConversations: "No conversation is stored.",
  begun: (date: string) => `Conversation of ${date}`,
  keptUntil: (day: string) => `Kept until ${day}`,
  held: "under a legal hold",
  read: "Read",
};

export type KnownWords = typeof en;

const de: KnownWords = {
  title: "Kontaktdaten und Gespräche",
  name: "Name",
  email: "E-Mail",
  phone: "Telefon",
  none: "keines",
  left: "Hinterlassen",
  leftOn: (day, end) => `${day}, aufbewahrt bis ${end}`,
  noContact: "Es wurde keine hinterlassen. Fragen Sie nach etwas, das nur sie aus ihrem Gespräch wissen kann.",
  customer: "Kundschaft",
  isCustomer: "Ihre Website hat gesagt, wer das ist: Lassen Sie sie sich dort anmelden und fragen.",
  isNoCustomer: "Ein Gast: Niemand hat gesagt, wer das ist.",
  conversations: "Gespräche",
  noConversations: "Kein Gespräch ist gespeichert.",
  begun: (date) => `Gespräch vom ${date}`,
  keptUntil: (day) => `Aufbewahrt bis ${day}`,
  held: "unter einer Löschsperre",
  read: "Lesen",
};

export const KNOWN: Record<Locale, KnownWords> = { en, de };
