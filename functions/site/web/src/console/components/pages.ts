import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { attempt } from "../kit.ts";

/** Pages that are read one after another. The focus goes to the heading, and then to the first item of each page. */
export function usePages<P>(first: P) {
  const pages = useSignal([first]);
  const isBusy = useSignal(false);
  const element = useRef<HTMLDivElement>(null);
  const count = pages.value.length;
  useLayoutEffect(() => {
    const last = element.current?.querySelector<HTMLElement>(`[data-page="${count - 1}"]`);
    const heading = element.current?.querySelector("h2");
    (count > 1 && last ? last : heading)?.focus();
  }, [count]);
  /** Does one thing at a time. */
  const once = (run: () => Promise<void>, meaning: Record<string, string> = {}) =>
    void attempt(async () => {
      if (isBusy.value) return;
      isBusy.value = true;
      await run().finally(() => (isBusy.value = false));
    }, meaning);
  const add = (page: P) => {
    pages.value = [...pages.value, page];
  };
  return { pages: pages.value, isBusy: isBusy.value, element, once, add };
}
