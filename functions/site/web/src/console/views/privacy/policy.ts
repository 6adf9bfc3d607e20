import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Field, formOf } from "../../form.ts";
import { part } from "../account.ts";
import { confirmed } from "../dialog.ts";
import { type Period, PERIODS, type Policy } from "./contract.ts";

/** How long things are kept, within the bounds that the server gives. */
export function policyPart(app: App, policy: Policy): HTMLElement {
  const words = app.words.privacy;
  const { progress, changed_at } = policy;
  const fields: Field[] = PERIODS.map((period) => periodField(app, policy, period, () => valueOf("transcript_days")));
  const valueOf = (period: Period): number => Number(fields.find(({ name }) => name === period)?.value);
  const form = formOf({
    words: app.words,
    submit: app.words.save,
    fields,
    onSubmit: async () => {
      const chosen = Object.fromEntries(PERIODS.map((period) => [period, valueOf(period)])) as Record<Period, number>;
      if (PERIODS.some((period) => chosen[period] < policy[period])) {
        await confirmed(app, { title: words.shorter, text: words.shorterText, submit: words.shorterSend });
      }
      await app.api.call("PUT", "/v1/retention/policy", chosen);
      await app.toPrivacy(words.policySaved);
    },
  });
  form.classList.add("policy");
  return part(
    words.retention,
    h("p", {}, words.retentionText),
    h("p", {}, progress.state === "aligned" ? words.aligned : words.aligning(progress.looked_at)),
    form,
    h("p", { class: "hint" }, changed_at ? words.changedOn(app.date(changed_at)) : words.neverChanged),
  );
}

function periodField(app: App, policy: Policy, period: Period, transcriptDays: () => number): Field {
  const words = app.words.privacy;
  const { min, max } = policy.bounds[period];
  const label = {
    transcript_days: words.transcriptDays,
    lead_days: words.leadDays,
    audit_days: words.auditDays,
    conversation_max_days: words.conversationDays,
  }[period];
  return new Field(app.words, {
    name: period,
    label,
    hint: words.bounds(min, max),
    attributes: {
      type: "number",
      inputmode: "numeric",
      required: true,
      min: String(min),
      max: String(max),
      value: String(policy[period]),
    },
    check: (value) => {
      const days = Number(value);
      if (!Number.isInteger(days)) return words.notWhole;
      if (days < min || days > max) return words.outOfBounds(min, max);
      // The server refuses that too; here it is said beside the field.
      return period === "conversation_max_days" && days > transcriptDays() ? words.overTranscript : null;
    },
  });
}
