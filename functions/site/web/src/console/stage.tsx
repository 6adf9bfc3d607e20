import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { Heading } from "./components/part.tsx";
import { closeDialogs } from "./components/dialog.tsx";
import { problemText } from "./components/form.tsx";
import { problemOf } from "./problem.ts";
import { pageWords } from "./words.ts";

/** A function that makes a view; called again when the language changes. */
export type View = () => VNode | Promise<VNode>;

interface Shown {
  turn: number;
  view: VNode;
  /** It is in the document. */
  isThere(): void;
}

/** The view that is shown now, and the messages beside it. */
export const shown = signal<Shown | null>(null);
export const isBusy = signal(false);
export const status = signal("");
export const alert = signal("");

/** Views that ended may still be waiting for an answer: it is for nobody then. */
let turn = 0;
let current: View | null = null;
let leaving = new AbortController();

/** Ends when the view that is shown now does. */
export function leavingSignal(): AbortSignal {
  return leaving.signal;
}

export function isShown(view: View): boolean {
  return current === view;
}

/** Shows a view, with the focus on its heading, or on where in it one goes on, and says what led to it. */
export async function show(view: View, said = ""): Promise<boolean> {
  const mine = ++turn;
  const before = current;
  leaving.abort();
  leaving = new AbortController();
  current = view;
  closeDialogs();
  isBusy.value = true;
  const slow = setTimeout(() => say(pageWords().loading), 500);
  let element: VNode;
  try {
    element = await view();
  } catch (error) {
    if (problemOf(error).isSilent) {
      // The person turned back: what was shown stays.
      if (mine === turn) current = before;
      return false;
    }
    element = <Failure error={error} />;
  } finally {
    clearTimeout(slow);
    if (mine === turn) isBusy.value = false;
  }
  if (mine !== turn) return true;
  alert.value = "";
  say(said);
  await new Promise<void>((isThere) => (shown.value = { turn: mine, view: element, isThere }));
  return true;
}

/** Shows the view anew, with what is so now. */
export async function showAgain(): Promise<void> {
  if (current) await show(current);
}

export function say(text: string): void {
  status.value = text;
}

/** Does what a button stands for, and says what went wrong. */
export async function attempt(run: () => Promise<unknown>, meaning: Record<string, string> = {}): Promise<void> {
  say("");
  alert.value = "";
  try {
    await run();
  } catch (error) {
    complain(error, meaning);
  }
}

export function complain(error: unknown, meaning: Record<string, string> = {}): void {
  const problem = problemOf(error);
  if (!problem.isSilent) alert.value = problemText(problem, meaning);
}

function Failure({ error }: { error: unknown }) {
  const words = pageWords();
  const problem = problemOf(error);
  // A browser does not fetch a module again that it could not fetch once.
  const isOutdated = problem.code === "outdated";
  const again = () => (isOutdated ? location.reload() : void showAgain());
  return (
    <section class="card">
      <Heading>{words.notShown}</Heading>
      <p>{problemText(problem)}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={again}>{isOutdated ? words.reload : words.retry}</button>
      </div>
    </section>
  );
}
