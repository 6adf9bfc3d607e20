import type { Page } from "./page.ts";

/**
 * All pages, in the order of the navigation. Each is a file of its own, loaded when it is opened. The build writes this
 * table to dist/pages.json, and the browser tests try each page of it.
 */
export const PAGES: Page[] = [
  {
    name: "start",
    address: "/",
    roles: null,
    isPlace: true,
    title: { en: "Overview", de: "Übersicht" },
    about: { en: "", de: "" },
    load: () => import("./start/start.page.tsx"),
  },
  {
    name: "account",
    address: "/account",
    roles: null,
    isPlace: true,
    title: { en: "Your account", de: "Ihr Konto" },
    about: {
      en: "Your name and roles, your second factors, and where you are signed in.",
      de: "Ihr Name und Ihre Rollen, Ihre zweiten Faktoren, und wo Sie angemeldet sind.",
    },
    load: () => import("./account/account.page.tsx"),
  },
  {
    name: "password",
    address: "/account/password",
    roles: null,
    isPlace: false,
    title: { en: "Change the password", de: "Passwort ändern" },
    about: { en: "", de: "" },
    load: () => import("./account/password.page.tsx"),
  },
  {
    name: "authenticator",
    address: "/account/authenticator",
    roles: null,
    isPlace: false,
    title: { en: "Set up an authenticator app", de: "Authenticator-App einrichten" },
    about: { en: "", de: "" },
    load: () => import("./account/authenticator.page.tsx"),
  },
  {
    name: "passkey",
    address: "/account/passkey",
    roles: null,
    isPlace: false,
    title: { en: "Set up a passkey", de: "Passkey einrichten" },
    about: { en: "", de: "" },
    load: () => import("./account/passkey.page.tsx"),
  },
  {
    name: "people",
    address: "/people",
    roles: ["admin"],
    isPlace: true,
    title: { en: "People", de: "Personen" },
    about: {
      en: "Invite colleagues, choose what they may do, reset or disable an account.",
      de: "Laden Sie Kolleginnen und Kollegen ein, wählen Sie, was sie dürfen, setzen Sie ein Konto zurück oder deaktivieren Sie es.",
    },
    load: () => import("./people/people.page.tsx"),
  },
  {
    name: "privacy",
    address: "/privacy",
    roles: ["privacy"],
    isPlace: true,
    title: { en: "Privacy", de: "Datenschutz" },
    about: {
      en: "Requests for access and erasure with their deadlines, legal holds, and how long data is kept.",
      de: "Anfragen auf Auskunft und Löschung mit ihren Fristen, Löschsperren, und wie lange Daten aufbewahrt werden.",
    },
    load: () => import("./privacy/privacy.page.tsx"),
  },
  {
    name: "case",
    address: "/privacy/cases/{id}",
    roles: ["privacy"],
    isPlace: false,
    title: { en: "Request", de: "Anfrage" },
    about: { en: "", de: "" },
    load: () => import("./privacy/case.page.tsx"),
  },
  {
    name: "transcripts",
    address: "/transcripts",
    roles: ["privacy", "security"],
    isPlace: true,
    title: { en: "Transcripts", de: "Gesprächsverläufe" },
    about: {
      en: "Read one conversation, for a purpose and a reason that are recorded first.",
      de: "Lesen Sie ein Gespräch, zu einem Zweck und aus einem Grund, die zuvor aufgezeichnet werden.",
    },
    load: () => import("./transcripts/transcripts.page.tsx"),
  },
];
