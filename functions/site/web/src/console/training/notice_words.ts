import type { Translated } from "../words.ts";

/** The words of the inbox for practices. */
const en = {
  practice: (title: string) => `Practice: ${title}.`,
  announced: "Your admins have announced it; no visitor waits for you.",
  play: "Play it",
};

export type NoticeWords = typeof en;

const de: NoticeWords = {
  practice: (title) => `Übung: ${title}.`,
  announced: "Die Verwaltung hat sie angekündigt; es wartet niemand auf Sie.",
  play: "Durchspielen",
};

export const NOTICE: Translated<NoticeWords> = { en, de };
