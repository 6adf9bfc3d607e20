import { api, ask, Choice, Choices, date, groundsOf, idField, isPast, List, me, named, Part, reasonField, showPage, SmallButton, tell, wordsOf } from "../kit.ts";
import type { Waiting } from "./contract.ts";
import { ERASURES } from "./erasure_words.ts";
import { ReceiptText } from "./receipt.tsx";

/** Erasures that no request asks for: what waits, who asked and why, and from when on it may be approved. */
export function Erasures({ waiting }: { waiting: Waiting[] }) {
  const words = wordsOf(ERASURES);
  return (
    <Part title={words.title}>
      <p>{words.text}</p>
      {waiting.length > 0
        ? <ul class="rows">{waiting.map((one) => <WaitingRow key={one.id} one={one} />)}</ul>
        : <p class="hint">{words.none}</p>}
      <div class="buttons">
        <button type="button" class="secondary" onClick={askForErasure}>{words.ask}</button>
      </div>
    </Part>
  );
}

function WaitingRow({ one }: { one: Waiting }) {
  const words = wordsOf(ERASURES);
  const { subject_id, requested_at, not_before, by, purpose, reason } = one;
  const isMine = by === me()?.id;
  const own = isPast(not_before) ? words.yoursNow : words.yours(date(not_before));
  return (
    <li>
      <div>
        <strong>{reason}</strong>
        <p>{isMine ? own : words.others}</p>
        <p class="hint">{named(words.purpose, purpose)} · {words.subject}: <code>{subject_id}</code></p>
        <p class="hint">{words.askedBy(date(requested_at), isMine ? words.you : by)}</p>
      </div>
      <div class="buttons">
        {/* Also where it seems too early: the server decides, by its own clock, and says from when on. */}
        <SmallButton label={words.approve} of={reason} onClick={() => approve(one)} />
        <SmallButton label={words.withdraw} of={reason} onClick={() => withdraw(one)} />
      </div>
    </li>
  );
}

function About({ one: { subject_id, purpose, reason } }: { one: Waiting }) {
  const words = wordsOf(ERASURES);
  return (
    <List
      rows={[
        [words.subject, <code>{subject_id}</code>],
        [words.purposeOf, named(words.purpose, purpose)],
        [words.reasonOf, reason],
      ]}
    />
  );
}

function approve(one: Waiting): void {
  const words = wordsOf(ERASURES);
  const { id, not_before } = one;
  ask({
    title: words.approveTitle,
    text: words.approveText,
    before: <About one={one} />,
    submit: words.approveSend,
    meaning: { forbidden: words.notYou(date(not_before)), legal_hold: words.held, not_found: words.gone },
    onSubmit: async () => {
      const receipt = await api.call("POST /v1/erasures/{id}/approve", { path: { id }, isLong: true });
      await showPage(words.approved);
      tell(words.receipt, <ReceiptText receipt={receipt} />, null);
    },
  });
}

function withdraw(one: Waiting): void {
  const words = wordsOf(ERASURES);
  const { id } = one;
  ask({
    title: words.withdrawTitle,
    text: words.withdrawText,
    before: <About one={one} />,
    submit: words.withdrawSend,
    meaning: { not_found: words.gone, conflict: words.carriedOut },
    onSubmit: async () => {
      await api.call("DELETE /v1/erasures/{id}", { path: { id } });
      await showPage(words.withdrawn);
    },
  });
}

function askForErasure(): void {
  const words = wordsOf(ERASURES);
  // With one key, pressing twice or a lost answer is one erasure.
  const key = crypto.randomUUID();
  const id = idField({ label: words.id, hint: words.idHint });
  const reason = reasonField({ label: words.reason, hint: words.reasonHint, isRequired: true });
  const bases = (["gdpr_17", "ccpa_delete", "other"] as const).map((value) => ({ value, label: named(words.basis, value) }));
  const basis = new Choice<(typeof bases)[number]["value"]>(words.basisOf, bases, "other");
  const purposes = (["legal", "incident", "subject_request"] as const).map((value) => ({
    value,
    label: named(words.purpose, value),
    hint: named(words.purposeText, value),
  }));
  const purpose = new Choice<(typeof purposes)[number]["value"]>(words.purposeWhich, purposes, "legal");
  ask({
    title: words.ask,
    text: words.askText,
    before: <><Choices of={purpose} /><Choices of={basis} /></>,
    fields: [id, reason],
    submit: words.askSend,
    meaning: { not_found: words.nothing },
    onSubmit: async () => {
      await api.call("DELETE /v1/subjects/{subject_id}", {
        path: { subject_id: id.value.trim() },
        body: { basis: basis.value },
        headers: { ...groundsOf(purpose.value, reason.value), "Idempotency-Key": key },
      });
      await showPage(words.asked);
    },
  });
}
