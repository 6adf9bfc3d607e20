import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** The heading of a view; the focus is on it when the view is shown. */
export function Heading({ children, describedBy }: { children: ComponentChildren; describedBy?: string | undefined }) {
  return <h1 tabIndex={-1} aria-describedby={describedBy}>{children}</h1>;
}

/** A part of a page under a heading of its own. */
export function Part({ title, isGoal, children }: { title: string; isGoal?: boolean; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="part" aria-labelledby={id}>
      <h2 id={id} tabIndex={isGoal ? -1 : undefined}>{title}</h2>
      {children}
    </section>
  );
}

export type Row = [term: string, about: ComponentChildren];

/** Terms with what is to be said of them. */
export function List({ rows }: { rows: Row[] }) {
  return <dl>{rows.map(([term, about]) => <div key={term}><dt>{term}</dt><dd>{about}</dd></div>)}</dl>;
}

/** A short button that says for whom it is to those who listen: in a list many look the same. */
export function SmallButton({ label, of, onClick }: { label: string; of: string; onClick: () => void }) {
  return <button type="button" class="secondary small" aria-label={`${label}: ${of}`} onClick={onClick}>{label}</button>;
}
