import { button } from "../../elements.ts";
import type { App } from "../app.ts";

/** Copies a text and says whether that worked, on the button itself: it may stand in a dialog. */
export function copyButton({ words }: App, label: string, text: () => string): HTMLButtonElement {
  const copy: HTMLButtonElement = button(label, "secondary", async () => {
    try {
      await navigator.clipboard.writeText(text());
      copy.textContent = words.copied;
    } catch {
      copy.textContent = words.notCopied;
    }
  });
  copy.setAttribute("aria-live", "polite");
  return copy;
}
