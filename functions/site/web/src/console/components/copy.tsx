import { useSignal } from "@preact/signals";
import { pageWords } from "../words.ts";

/** Copies a text and says whether that worked, on the button itself: it may stand in a dialog. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const said = useSignal(label);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      said.value = pageWords().copied;
    } catch {
      said.value = pageWords().notCopied;
    }
  };
  return <button type="button" class="secondary" aria-live="polite" onClick={copy}>{said}</button>;
}
