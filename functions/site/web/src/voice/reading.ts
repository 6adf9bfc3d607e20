import { button } from "../elements.ts";
import type { VoiceWords } from "./words.ts";

/** Milliseconds until a browser has found its voices, which it does in the background. */
const VOICES_MS = 2_000;

/** A button by which answers are read aloud, or null where no voice of the device speaks the language. */
export async function reading(words: VoiceWords, log: HTMLElement, locale: string): Promise<HTMLElement | null> {
  if (!("speechSynthesis" in window)) return null;
  const voice = await localVoice(locale);
  if (!voice) return null;
  let isOn = false;
  const read = button(words.read, "chip", () => {
    isOn = !isOn;
    read.ariaPressed = String(isOn);
    if (isOn) say(log.querySelector(".message:is(.bot, .agent):not(:has(~ .message:is(.bot, .agent)))"));
    else speechSynthesis.cancel();
  });
  read.ariaPressed = "false";
  const say = (message: Element | null) => {
    const text = message?.querySelector(".text")?.textContent;
    if (!isOn || !text) return;
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.voice = voice;
    spoken.lang = voice.lang;
    // A voice that fails is one that is not there.
    spoken.addEventListener("error", ({ error }) => {
      if (!["canceled", "interrupted"].includes(error)) read.remove();
    });
    speechSynthesis.speak(spoken);
  };
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node instanceof Element && node.matches(".message:is(.bot, .agent)")) say(node);
    }
  }).observe(log, { childList: true });
  log.closest("dialog")?.addEventListener("close", () => speechSynthesis.cancel());
  return read;
}

/** A voice that no server speaks. */
async function localVoice(locale: string): Promise<SpeechSynthesisVoice | null> {
  const find = () => speechSynthesis.getVoices().find(({ localService, lang }) => localService && lang.toLowerCase().startsWith(locale)) ?? null;
  const found = find();
  if (found || speechSynthesis.getVoices().length > 0) return found;
  await new Promise((resume) => {
    speechSynthesis.addEventListener("voiceschanged", resume, { once: true });
    setTimeout(resume, VOICES_MS);
  });
  return find();
}
