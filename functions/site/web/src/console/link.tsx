import type { ComponentChildren } from "preact";
import { hrefOf } from "./address.ts";
import { go } from "./session.ts";

interface Props {
  to: string;
  class?: string;
  /** Leads to where one is. */
  isCurrent?: boolean;
  /** In place of its text, for those who listen. */
  label?: string;
  children: ComponentChildren;
}

/** Leads to a page. The page that is shown already is read anew. */
export function Link({ to, class: className, isCurrent, label, children }: Props) {
  const follow = (event: MouseEvent) => {
    // With a key it is the browser's: another tab, another window, a download.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void go(to);
  };
  return (
    <a href={hrefOf(to)} class={className} aria-label={label} aria-current={isCurrent ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}
