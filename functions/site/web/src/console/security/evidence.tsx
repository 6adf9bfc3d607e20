import { useSignal } from "@preact/signals";
import { attempt, wordsOf } from "../kit.ts";
import type { Incident } from "./contract.ts";
import { INCIDENT } from "./incident_words.ts";
import { CheckButton, CheckResult, useChecks } from "./log/result.tsx";
import { RESULTS } from "./log/result_words.ts";

/** The events that bear an incident out. Each can be checked against the audit log, by itself or with the others. */
export function Evidence({ incident: { evidence, evidence_count } }: { incident: Incident }) {
  const words = wordsOf(RESULTS);
  const checks = useChecks();
  const said = useSignal("");
  const isBusy = useSignal(false);
  const checkAll = async () => {
    if (isBusy.value) return;
    isBusy.value = true;
    try {
      const count = await checks.all(evidence, (done) => (said.value = words.progress(done, evidence.length)));
      said.value = count === evidence.length ? words.allIn(count) : words.someIn(count, evidence.length);
    } catch (error) {
      said.value = "";
      throw error;
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <details>
      <summary>{wordsOf(INCIDENT).evidence(evidence.length, evidence_count)}</summary>
      <div class="check-all">
        <button type="button" class="secondary small" aria-busy={isBusy.value} onClick={() => void attempt(checkAll)}>{words.checkAll}</button>
        <p role="status">{said}</p>
      </div>
      <ul class="ids">
        {evidence.map((event) => (
          <li key={event}>
            <code>{event}</code> <CheckButton checks={checks} id={event} of={event} />
            <CheckResult checks={checks} id={event} />
          </li>
        ))}
      </ul>
    </details>
  );
}
