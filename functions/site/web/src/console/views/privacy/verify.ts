import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { formOf } from "../../form.ts";
import { type Opened, wasDone } from "./case.ts";
import type { Step } from "./steps.ts";

/** Who asks is whom it is about: the officer finds out, outside of this page. */
export function verifyStep(app: App, opened: Opened): Step {
  const words = app.words.case;
  const { state, closed_at } = opened.case;
  const isVerified = closed_at === null ? state !== "open" : wasDone(opened.case, "verified");
  return {
    title: words.verify,
    // Where nothing is stored there is nobody to be mistaken for.
    isLeftOut: !isVerified && (state === "refused" || opened.isNothingStored),
    isDone: isVerified,
    whenDone: () => [h("p", {}, words.wasVerified)],
    now: () => [
      h("p", {}, words.verifyText),
      formOf({
        words: app.words,
        submit: words.verifySend,
        fields: [],
        onSubmit: () => opened.change({ state: "verified" }, words.wasVerified),
      }),
    ],
  };
}
