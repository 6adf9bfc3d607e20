import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { complain, verified } from "../kit.ts";
import type { DraftProps } from "./contract.ts";

/** The letters have their own file, loaded when one is to be written: for most of a case's life none is. */
const file = signal<typeof import("./letter.tsx") | null>(null);

export function Draft(props: DraftProps) {
  useEffect(() => void load(), []);
  const loaded = file.value;
  return loaded && <loaded.Letter {...props} />;
}

async function load(): Promise<void> {
  if (file.value) return;
  try {
    await verified("letter");
    file.value = await import("./letter.tsx");
  } catch (error) {
    complain(error);
  }
}
