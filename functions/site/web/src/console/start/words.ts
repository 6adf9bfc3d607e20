import type { Locale } from "../locale.ts";

/** The words of the overview. */
const en = {
  hello: (name: string) => `Signed in as ${name}.`,
  pages: "What you can do here",
  open: "Open",
  yourRoles: "Your roles",
  nothingYet: "This console has no page for this role yet.",
};

export type StartWords = typeof en;

const de: StartWords = {
  hello: (name) => `Angemeldet als ${name}.`,
  pages: "Das können Sie hier tun",
  open: "Öffnen",
  yourRoles: "Ihre Rollen",
  nothingYet: "Für diese Rolle hat die Konsole noch keine Seite.",
};

export const START: Record<Locale, StartWords> = { en, de };
