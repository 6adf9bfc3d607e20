import { useMemo } from "preact/hooks";
import { api, confirmed, date, Field, Form, pageWords, Part, showPage, wordsOf } from "../kit.ts";
import type { Policy } from "./contract.ts";
import { OVERVIEW } from "./overview_words.ts";

const PERIODS = ["transcript_days", "lead_days", "audit_days", "conversation_max_days"] as const;

type Period = (typeof PERIODS)[number];

/** How long things are kept, within the bounds that the server gives. */
export function Retention({ policy }: { policy: Policy }) {
  const words = wordsOf(OVERVIEW);
  const { progress, changed_at } = policy;
  const fields = useMemo(() => {
    const all: Field[] = PERIODS.map((period) => periodField(policy, period, () => Number(all[0]?.value)));
    return all;
  }, []);
  const save = async () => {
    const chosen = Object.fromEntries(PERIODS.map((period, i) => [period, Number(fields[i]?.value)])) as Record<Period, number>;
    if (PERIODS.some((period) => chosen[period] < policy[period])) {
      await confirmed({ title: words.shorter, text: words.shorterText, submit: words.shorterSend });
    }
    await api.call("PUT /v1/retention/policy", { body: chosen });
    await showPage(words.policySaved);
  };
  return (
    <Part title={words.retention}>
      <p>{words.retentionText}</p>
      <p>{progress.state === "aligned" ? words.aligned : words.aligning(progress.looked_at)}</p>
      <Form class="policy" submit={pageWords().save} fields={fields} onSubmit={save} />
      <p class="hint">{changed_at ? words.changedOn(date(changed_at)) : words.neverChanged}</p>
    </Part>
  );
}

function periodField(policy: Policy, period: Period, transcriptDays: () => number): Field {
  const words = wordsOf(OVERVIEW);
  const { min, max } = policy.bounds[period];
  const label = {
    transcript_days: words.transcriptDays,
    lead_days: words.leadDays,
    audit_days: words.auditDays,
    conversation_max_days: words.conversationDays,
  }[period];
  return new Field({
    name: period,
    label,
    hint: words.bounds(min, max),
    value: String(policy[period]),
    attributes: { type: "number", inputmode: "numeric", required: true, min: String(min), max: String(max) },
    check: (value) => {
      const days = Number(value);
      if (!Number.isInteger(days)) return words.notWhole;
      if (days < min || days > max) return words.outOfBounds(min, max);
      // The server refuses that too; here it is said beside the field.
      return period === "conversation_max_days" && days > transcriptDays() ? words.overTranscript : null;
    },
  });
}
