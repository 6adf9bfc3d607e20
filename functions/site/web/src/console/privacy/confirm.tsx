import { Form, Part, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened } from "./contract.ts";
import { awaitsConfirmation } from "./deadline.tsx";
import { Draft } from "./draft.tsx";

/** Where the law asks for it, that the request came is confirmed to the person, whatever else is done meanwhile. */
export function Confirm({ opened }: { opened: Opened }) {
  if (!awaitsConfirmation(opened.case)) return null;
  const words = wordsOf(CASE);
  return (
    <Part title={words.confirmTitle}>
      <p>{words.confirmText}</p>
      <Form submit={words.confirmSend} onSubmit={() => opened.change({ confirmed: true }, words.wasConfirmed)}>
        <Draft opened={opened} kind="confirmation" />
      </Form>
    </Part>
  );
}
