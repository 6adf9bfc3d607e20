import { Form, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import { type Opened, wasDone } from "./contract.ts";
import { Knowing } from "./knowing.tsx";
import type { Step } from "./steps.tsx";

/** The officer checks, outside of this page, that the person who asks is the subject. */
export function verifyStep(opened: Opened): Step {
  const words = wordsOf(CASE);
  const { state, closed_at } = opened.case;
  const isVerified = closed_at ? wasDone(opened.case, "verified") : state !== "open";
  return {
    title: words.verify,
    // Where nothing is stored there is nobody to be mistaken for.
    isLeftOut: !isVerified && (state === "refused" || opened.isNothingStored),
    isDone: isVerified,
    whenDone: () => <p>{words.wasVerified}</p>,
    now: () => (
      <>
        <p>{words.verifyText}</p>
        <Knowing opened={opened} />
        <Form submit={words.verifySend} onSubmit={() => opened.change({ state: "verified" }, words.wasVerified)} />
      </>
    ),
  };
}
