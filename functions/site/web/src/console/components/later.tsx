import { signal } from "@preact/signals";
import { type ComponentType, h } from "preact";
import { useEffect } from "preact/hooks";
import { verified } from "../modules.ts";
import { complain } from "../stage.tsx";

/** A part of a page with a file of its own, loaded when it is shown: most of the time it is not. */
export function later<Props extends object>(name: string, load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<{ part: ComponentType<Props> } | null>(null);
  const begin = async () => {
    if (loaded.peek()) return;
    try {
      await verified(name);
      loaded.value = { part: await load() };
    } catch (error) {
      complain(error);
    }
  };
  return (props: Props) => {
    useEffect(() => void begin(), []);
    return loaded.value && h(loaded.value.part, props);
  };
}
