import { api, ask, beginningOf, Choice, Choices, day, dayField, daysAhead, go, idField, isPast, me, type Option, Part, reasonField, SmallButton, want, wordsOf } from "../kit.ts";
import type { Hold } from "./contract.ts";
import { PRIVACY } from "./words.ts";

const REVIEW_DAYS = 90;

interface Props {
  title: string;
  text?: string;
  holds: Hold[];
  /** Of whom these are; unset for those of everybody. */
  subjectId?: string;
  /** Shows the page anew. */
  again(said: string): Promise<void>;
}

export function Holds({ title, text, holds, subjectId, again }: Props) {
  const words = wordsOf(PRIVACY);
  return (
    <Part title={title}>
      {text && <p>{text}</p>}
      {holds.length > 0
        ? <ul class="rows">{holds.map((hold) => <HoldRow key={hold.id} hold={hold} again={again} />)}</ul>
        : <p class="hint">{words.noHolds}</p>}
      <div class="buttons">
        <button type="button" class="secondary" onClick={() => placeHold(subjectId ?? "", again)}>{words.placeHold}</button>
      </div>
    </Part>
  );
}

function HoldRow({ hold, again }: { hold: Hold; again: Props["again"] }) {
  const words = wordsOf(PRIVACY);
  const { conversation_id: conversationId, subject_id, reason, placed_by, placed_at, review_at } = hold;
  const what = conversationId ? words.oneConversation : words.wholePerson;
  const by = placed_by === me()?.id ? words.you : placed_by;
  const review = day(review_at);
  const read = (id: string) => {
    want({ conversationId: id, purpose: "legal" });
    void go("/transcripts");
  };
  return (
    <li>
      <div>
        <strong>{reason}</strong>
        <p>{isPast(review_at) ? <strong class="overdue">{words.reviewPassed(review)}</strong> : words.reviewBy(review)}</p>
        <p class="hint">{what}: <code>{conversationId ?? subject_id}</code></p>
        <p class="hint">{words.placed(day(placed_at), by)}</p>
      </div>
      <div class="buttons">
        {/* Which conversations a person has is said by their case and their export. */}
        {conversationId && <SmallButton label={words.readTranscript} of={conversationId} onClick={() => read(conversationId)} />}
        <SmallButton label={words.release} of={reason} onClick={() => release(hold, what, again)} />
      </div>
    </li>
  );
}

function release(hold: Hold, what: string, again: Props["again"]): void {
  const words = wordsOf(PRIVACY);
  const reason = reasonField({ label: words.releaseReason, hint: words.releaseReasonHint, isRequired: false });
  ask({
    title: words.releaseOf,
    text: words.releaseText,
    before: <p><strong>{what}: </strong>{hold.reason}</p>,
    fields: [reason],
    submit: words.release,
    onSubmit: async () => {
      const why = reason.value.trim();
      await api.call("DELETE /v1/holds", { body: { id: hold.id, ...(why && { reason: why }) } });
      await again(words.holdReleased);
    },
  });
}

function placeHold(subjectId: string, again: Props["again"]): void {
  const words = wordsOf(PRIVACY);
  const whats: Option<"subject_id" | "conversation_id">[] = [
    { value: "subject_id", label: words.wholePerson, hint: words.wholePersonHint },
    { value: "conversation_id", label: words.oneConversation, hint: words.oneConversationHint },
  ];
  const what = new Choice(words.holdWhat, whats, "subject_id");
  const id = idField({ label: words.id, hint: words.idHint, value: subjectId });
  const reason = reasonField({ label: words.reason, hint: words.reasonHint, isRequired: true });
  const review = dayField({
    name: "review_at",
    label: words.reviewOn,
    hint: words.reviewHint,
    value: daysAhead(REVIEW_DAYS),
    min: daysAhead(1),
  });
  ask({
    title: words.placeHold,
    before: <Choices of={what} />,
    fields: [id, reason, review],
    submit: words.placeHoldSend,
    meaning: { not_found: words.holdGone, erased: words.holdGone },
    onSubmit: async () => {
      const hold = { [what.value]: id.value.trim(), reason: reason.value.trim(), review_at: beginningOf(review.value) };
      await api.call("POST /v1/holds", { body: hold });
      await again(words.holdPlaced);
    },
  });
}
