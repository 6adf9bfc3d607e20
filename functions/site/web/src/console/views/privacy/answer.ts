import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { formOf } from "../../form.ts";
import type { Opened } from "./case.ts";
import { letterPart } from "./letter.ts";
import type { Step } from "./steps.ts";

/** The letter. The officer sends it; this page only hears that they did. */
export function answerStep(app: App, opened: Opened): Step {
  const words = app.words.case;
  return {
    title: words.answer,
    isDone: opened.case.closed_at !== null,
    whenDone: () => [letterPart(app, opened)],
    now: () => [
      h("p", {}, words.answerText),
      formOf({
        words: app.words,
        submit: words.answerSend,
        fields: [],
        extra: [letterPart(app, opened)],
        onSubmit: () => opened.change({ state: "answered" }, words.wasAnswered),
      }),
    ],
  };
}
