import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of the page at which somebody goes on who has just changed something of it. */
export function GoalPart({ title, isHere, children }: { title: string; isHere: boolean; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="part" aria-labelledby={id}>
      <h2 id={id} tabIndex={-1} {...(isHere && { "data-here": "" })}>{title}</h2>
      {children}
    </section>
  );
}
