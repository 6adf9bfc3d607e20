import type { Answer } from "../kit.ts";

export type Site = Answer<"GET /v1/sites/{id}">;
export type Colours = NonNullable<Site["colours"]>;
export type Texts = Record<string, string>;

/** The widget's own colours, where a site has none. */
export const USUAL: Colours = { accent: "#0b5a8f", on_accent: "#ffffff" };
/** The contrast that text needs to be read (WCAG 2.2). */
const ENOUGH = 4.5;

/** The looks of a site as they stand in the form. */
export interface Look {
  name: string | null;
  origins: string[];
  greeting: Texts;
  suggested: Record<string, string[]>;
  colours: Colours | null;
  launcher: Texts;
  privacy_url: string | null;
  notice: Texts;
}

/** The body of a change: the rest of the site stays as it is. */
export function bodyOf({ etag: _, webhook, consent: __, ...site }: Site, { notice, ...look }: Look) {
  return { ...site, ...look, webhook: webhook && { url: webhook.url ?? null, events: webhook.events }, consent: { text: notice } };
}

/** Which of the two colours cannot be read, if one cannot. */
export function unreadable({ accent, on_accent }: Colours): keyof Colours | null {
  if (contrast(accent, "#ffffff") < ENOUGH) return "accent";
  return contrast(accent, on_accent) < ENOUGH ? "on_accent" : null;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const part = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** The element that a page embeds the widget with. What the button looks like stands in it: before it is pressed nothing is fetched. */
export function snippetOf(site: Site, origin: string, pins: string, locale: string): string {
  const attributes: Record<string, string | undefined> = {
    src: `${origin}/widget.js`,
    "data-site": site.id,
    "data-root": pins,
    "data-accent": site.colours?.accent,
    "data-on-accent": site.colours?.on_accent,
    "data-launcher": site.launcher[locale],
  };
  const escaped = (value: string) => value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const written = Object.entries(attributes).flatMap(([name, value]) => (value ? [`${name}="${escaped(value)}"`] : []));
  return `<script ${written.join(" ")} async></script>`;
}

/** Only the languages in which something is said. */
export function saidIn<Value extends string | string[]>(texts: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value.length > 0));
}

/** The origin of an address that an admin may have copied with its path; the text itself where there is none. */
export function originOf(text: string): string {
  const address = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const origin = URL.canParse(address) ? new URL(address).origin : "null";
  return origin === "null" ? text : origin;
}
