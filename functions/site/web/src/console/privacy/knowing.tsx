import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { api, Form, groundsOf, verified, wordsOf } from "../kit.ts";
import { CASE } from "./case_words.ts";
import type { Opened } from "./contract.ts";

/** Shows how the person may be reached, and their conversations, once somebody asks: that they see it is recorded. */
export function Knowing({ opened }: { opened: Opened }) {
  const shown = useSignal<VNode | null>(null);
  const { case: { id, state, subject_id } } = opened;
  if (!opened.subject || !subject_id) return null;
  if (shown.value) return shown.value;
  const words = wordsOf(CASE);
  const reason = words.reasonOfCase(id);
  const show = async () => {
    // The file has its own words, loaded only where they are needed.
    await verified("known");
    const { Known } = await import("./known.tsx");
    // A case speaks for itself only once it is known who asks.
    const headers = state === "open" ? groundsOf("subject_request", reason) : { "Sotto-Case": id };
    const known = await api.call("GET /v1/subjects/{subject_id}", { path: { subject_id }, headers });
    shown.value = <Known known={known} opened={opened} reason={reason} />;
  };
  return (
    <>
      <p class="hint">{words.knownText}</p>
      <Form submit={words.showKnown} meaning={{ not_found: words.nothingLeft, erased: words.nothingLeft }} onSubmit={show} />
    </>
  );
}
