import type { Locale } from "../contract.ts";

const en = {
  dictate: "Dictate",
  stop: "Stop dictating",
  listening: "Listening, on this device only.",
  load: "Load the language",
  loadText: "Your browser first loads a language pack from its maker, often 50 to 150 MB. What you say then stays on this device.",
  loading: "The language pack is being loaded…",
  failed: "This device cannot take dictation.",
  read: "Read answers aloud",
};

export type VoiceWords = typeof en;

const de: VoiceWords = {
  dictate: "Diktieren",
  stop: "Diktat beenden",
  listening: "Hört zu, nur auf diesem Gerät.",
  load: "Sprache laden",
  loadText: "Ihr Browser lädt zuerst ein Sprachpaket von seinem Hersteller, oft 50 bis 150 MB. Was Sie dann sagen, bleibt auf diesem Gerät.",
  loading: "Das Sprachpaket wird geladen …",
  failed: "Dieses Gerät kann kein Diktat aufnehmen.",
  read: "Antworten vorlesen",
};

export const VOICE: Record<Locale, VoiceWords> = { en, de };
