/** Whether a value is a colour as the server writes it. */
export function isColour(value: unknown): value is string {
  return /^#[\da-f]{6}$/.test(String(value));
}

/**
 * A site's colours. On a dark ground a colour that can be read on white cannot: there it becomes so light
 * that it has a contrast of at least 5 to 1 with the ground and with the dark text on it.
 */
export function colourSheet(accent: string, onAccent: string): CSSStyleSheet {
  const light = [1, 3, 5].map((at) => Math.round(Number.parseInt(accent.slice(at, at + 2), 16) * 0.4 + 153));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    `:host{--accent:${accent};--on-accent:${onAccent}}` +
      `@media (prefers-color-scheme:dark){:host{--accent:rgb(${light.join(" ")});--on-accent:#0c1a26}}`,
  );
  return sheet;
}
