import { api, ask, day, Form, later, problemOf, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened } from "./contract.ts";
import { NothingStored, storedOf } from "./find.tsx";
import { Draft } from "./draft.tsx";
import type { Step } from "./steps.tsx";

const ReceiptText = later("receipt", async () => (await import("./receipt.tsx")).ReceiptText);

const BASIS: Record<string, "gdpr_17" | "ccpa_delete"> = { gdpr: "gdpr_17", ccpa: "ccpa_delete" };

/** Erasure, and the receipt that comes of it. */
export function eraseStep(opened: Opened): Step {
  const words = wordsOf(CASE);
  const { state } = opened.case;
  const { receipt, isNothingStored } = opened;
  return {
    title: words.act.erasure,
    isLeftOut: state === "refused" || isNothingStored,
    isDone: state === "done" || state === "answered",
    whenDone: () => (receipt ? <ReceiptText receipt={receipt} /> : <p>{words.receiptEnded}</p>),
    now: () => (state === "waiting" ? <Waiting opened={opened} /> : <EraseNow opened={opened} />),
  };
}

function EraseNow({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  // The data has expired since it was found.
  if (!opened.subject) return <><p>{words.nothingLeft}</p><NothingStored opened={opened} /></>;
  return (
    <>
      <p>{words.eraseText}</p>
      <div class="buttons"><button type="button" class="primary" onClick={() => erase(opened)}>{words.erase}</button></div>
    </>
  );
}

function erase(opened: Opened): void {
  const words = wordsOf(CASE);
  const { id, law, subject_id, holds } = opened.case;
  // With one key, pressing twice or a lost answer is one erasure.
  const headers = { "Idempotency-Key": crypto.randomUUID(), "Sotto-Case": id };
  const path = { subject_id: subject_id ?? "" };
  const what = [words.eraseKeys, words.eraseRest];
  // The holds are named below.
  if (opened.subject) what.unshift(words.eraseWhat(storedOf({ ...opened.subject, held: false })));
  if (holds.length > 0) what.push(words.eraseKept(holds.length));
  ask({
    title: words.eraseTitle,
    children: [...what, words.eraseReceipt].map((line) => <p key={line}>{line}</p>),
    submit: words.eraseSend,
    meaning: { not_found: words.nothingLeft, erased: words.nothingLeft },
    onSubmit: async () => {
      try {
        const body = { basis: BASIS[law] ?? "other" } as const;
        await api.call("DELETE /v1/subjects/{subject_id}", { path, body, headers, isLong: true });
      } catch (error) {
        if (problemOf(error).code !== "legal_hold") throw error;
        return opened.again(words.heldTitle);
      }
      await opened.again(words.wasErased);
    },
  });
}

/** Everything is under a hold: what remains is to tell the person so. */
function Waiting({ opened }: { opened: Opened }) {
  const words = wordsOf(CASE);
  const { told_of_hold_at } = opened.case;
  const look = <button type="button" class="secondary" onClick={() => void opened.again("")}>{words.lookAgain}</button>;
  return (
    <>
      <p class="notice"><strong>{words.heldTitle}.</strong> {words.heldText}</p>
      {told_of_hold_at
        ? <><p>{words.toldOn(day(told_of_hold_at))}</p><div class="buttons">{look}</div></>
        : (
          <>
            <p>{words.toldText}</p>
            <Form submit={words.toldSend} beside={look} onSubmit={() => opened.change({ told_of_hold: true }, words.wasTold)}>
              <Draft opened={opened} kind="interim" />
            </Form>
          </>
        )}
    </>
  );
}
