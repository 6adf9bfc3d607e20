import { colourSheet, isColour } from "../colours.ts";
import type { Locale } from "../contract.ts";

/** How long the site keeps what a visitor leaves, in days. */
export interface Retention {
  transcript_days: number;
  lead_days: number;
}

/** The notice that a visitor reads before anything is sent. */
export interface Notice extends Retention {
  /** The version of the operator's own words, such as `.2`; nothing where there are none. */
  version: string;
  /** Those words. */
  text: string;
}

/** A site as its admins have set it, in the visitor's language. */
export interface Site {
  name: string;
  greeting: string;
  suggested: string[];
  /** A sheet with the site's colours, if it has any. */
  colours: CSSStyleSheet | null;
  launcher: string;
  privacy: string | null;
  notice: Pick<Notice, "version" | "text">;
}

/** One of which nobody has set anything. */
export const PLAIN: Site = {
  name: "",
  greeting: "",
  suggested: [],
  colours: null,
  launcher: "",
  privacy: null,
  notice: { version: "", text: "" },
};

/** The policy as a sealed answer says it; throws for what is no number of days. */
export function retentionOf(answer: unknown): Retention {
  const { transcript_days, lead_days } = (answer as { retention: Retention }).retention;
  const isDays = (value: unknown) => Number.isInteger(value) && (value as number) > 0;
  if (!isDays(transcript_days) || !isDays(lead_days)) throw new RangeError("no days");
  return { transcript_days, lead_days };
}

/** The site as a sealed answer describes it. */
export function siteOf(answer: unknown, locale: Locale): Site {
  const { name, greeting, suggested, colours, launcher, privacy_url, consent } = answer as Record<string, any>;
  const said = (texts: unknown): string => String((texts as Record<string, unknown> | undefined)?.[locale] ?? "");
  const [, version = ""] = /(\.\d+)$/.exec(String(consent?.notice_version)) ?? [];
  const isKnown = isColour(colours?.accent) && isColour(colours?.on_accent);
  return {
    name: String(name ?? ""),
    greeting: said(greeting),
    suggested: [suggested?.[locale] ?? []].flat().map(String),
    colours: isKnown ? colourSheet(colours.accent, colours.on_accent) : null,
    launcher: said(launcher),
    privacy: privacy_url ?? null,
    notice: { version, text: said(consent?.text) },
  };
}

/** Whether a visitor who was told something has to be told again. */
export function isNews(now: Notice, told: Notice): boolean {
  return now.transcript_days > told.transcript_days || now.lead_days > told.lead_days || now.version !== told.version;
}
