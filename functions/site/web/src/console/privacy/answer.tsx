import { Form, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened } from "./contract.ts";
import { Draft } from "./draft.tsx";
import type { Step } from "./steps.tsx";

/** The letter. The officer sends it; this page only hears that they did. */
export function answerStep(opened: Opened): Step {
  const words = wordsOf(CASE);
  return {
    title: words.answer,
    isDone: Boolean(opened.case.closed_at),
    whenDone: () => <Draft opened={opened} kind="answer" />,
    now: () => (
      <>
        <p>{words.answerText}</p>
        <Form submit={words.answerSend} onSubmit={() => opened.change({ state: "answered" }, words.wasAnswered)}>
          <Draft opened={opened} kind="answer" />
        </Form>
      </>
    ),
  };
}
