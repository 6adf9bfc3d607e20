import { h } from "./elements.ts";

/** How long a file made here stays readable for the browser that saves it. */
const SAVING_MS = 60_000;

/** Hands a text, or bytes, over as a file. */
export function download(name: string, type: string, content: string | Blob): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), SAVING_MS);
}

export function downloadJson(name: string, value: unknown): void {
  download(name, "application/json", `${JSON.stringify(value, null, 2)}\n`);
}
