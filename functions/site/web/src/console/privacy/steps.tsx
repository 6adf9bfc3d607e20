import type { ComponentChildren } from "preact";
import { wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";

/** One thing to do for a case: before, while and after it is its turn. */
export interface Step {
  title: string;
  isDone: boolean;
  /** This case goes without it. */
  isLeftOut?: boolean;
  /** The text to read once it is done. */
  whenDone(): ComponentChildren;
  /** The form of the step while it is its turn. */
  now(): ComponentChildren;
}

/** The steps one below the other. The first that is not done is open; those before it stay to be read. */
export function Steps({ steps, isGoingOn }: { steps: Step[]; isGoingOn: boolean }) {
  const words = wordsOf(CASE);
  const turn = steps.findIndex(({ isDone, isLeftOut }) => !isDone && !isLeftOut);
  // With the last step done, one goes on to read it.
  const goal = turn === -1 ? steps.length - 1 : turn;
  return (
    <ol class="steps" aria-label={words.steps}>
      {steps.map((step, i) => {
        const place = step.isLeftOut ? "leftOut" : step.isDone ? "done" : i === turn ? "now" : "later";
        return (
          <li key={step.title} class={`part step ${place}`} aria-current={place === "now" ? "step" : undefined}>
            <div>
              <h2 tabIndex={-1} {...(isGoingOn && i === goal && { "data-here": "" })}>{`${i + 1}. ${step.title}`}</h2>
              <span class="mark">{words[place]}</span>
            </div>
            {place === "now" && step.now()}
            {place === "done" && step.whenDone()}
          </li>
        );
      })}
    </ol>
  );
}
