import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";

/** One thing to do for a case: before, while and after it is its turn. */
export interface Step {
  title: string;
  isDone: boolean;
  /** This case goes without it. */
  isLeftOut?: boolean;
  /** What to read once it is done. */
  whenDone(): Node[];
  /** What to do while it is its turn. */
  now(): Node[];
}

/** The steps one below the other. The first that is not done is open; those before it stay to be read. */
export function stepsOf(app: App, steps: Step[], isGoingOn: boolean): HTMLElement {
  const words = app.words.case;
  const turn = steps.findIndex(({ isDone, isLeftOut }) => !isDone && !isLeftOut);
  const items = steps.map((step, i) => {
    const place = step.isLeftOut ? "leftOut" : step.isDone ? "done" : i === turn ? "now" : "later";
    const heading = h("h2", { tabindex: "-1" }, `${i + 1}. ${step.title}`);
    // With the last step done, one goes on to read it.
    const isHere = turn === -1 ? i === steps.length - 1 : i === turn;
    if (isGoingOn && isHere) heading.dataset["here"] = "";
    const item = h("li", { class: `part step ${place}` }, h("div", {}, heading, h("span", { class: "mark" }, words[place])));
    if (place === "now") {
      item.ariaCurrent = "step";
      item.append(...step.now());
    }
    if (place === "done") item.append(...step.whenDone());
    return item;
  });
  return h("ol", { class: "steps", "aria-label": words.steps }, ...items);
}
