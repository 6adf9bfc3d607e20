import type { Translated } from "../words.ts";

/** What a desktop notice says: never who, and never what was said. */
const en = {
  waiting: "Somebody is waiting for a person.",
  message: "There is a new message for you.",
  handed: "A conversation was handed to you.",
};

export const ALERT: Translated<typeof en> = {
  en,
  de: {
    waiting: "Jemand wartet auf einen Menschen.",
    message: "Für Sie gibt es eine neue Nachricht.",
    handed: "Ihnen wurde ein Gespräch übergeben.",
  },
};
