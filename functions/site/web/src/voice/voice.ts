import type { Locale } from "../contract.ts";
import { dictation } from "./dictation.ts";
import { reading } from "./reading.ts";
import { VOICE } from "./words.ts";

/** The regions whose speech browsers know best. */
const REGIONS: Record<Locale, string> = { en: "en-US", de: "de-DE" };

/** Adds to a chat what the device can do without anybody else: dictation, and answers read aloud. */
export async function join(chat: HTMLElement, locale: Locale): Promise<void> {
  const input = chat.querySelector<HTMLTextAreaElement>(".composer textarea");
  const log = chat.querySelector<HTMLElement>(".log");
  const actions = chat.querySelector(".actions");
  if (!input || !log || !actions) return;
  const tag = navigator.languages.find((one) => one.toLowerCase().startsWith(`${locale}-`)) ?? REGIONS[locale];
  const words = VOICE[locale];
  const [dictate, read] = await Promise.all([dictation(words, input, tag), reading(words, log, locale)]);
  chat.dataset["voice"] = [dictate && "dictation", read && "reading"].filter(Boolean).join(" ");
  // A conversation that ended meanwhile has other buttons.
  if (input.readOnly) return;
  if (dictate) actions.before(dictate);
  if (read) actions.append(read);
}
