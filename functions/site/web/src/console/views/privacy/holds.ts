import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Choice, type Option } from "../../choice.ts";
import { Field } from "../../form.ts";
import { named, part } from "../account.ts";
import { ask } from "../dialog.ts";
import type { Hold } from "./contract.ts";
import { beginningOf, dayField, daysAhead, isPast } from "./day.ts";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const REVIEW_DAYS = 90;
const SHORTEST_REASON = 8;
const LONGEST_REASON = "200";

interface Holds {
  title: string;
  text?: string;
  holds: Hold[];
  /** Of whom these are; unset for those of everybody. */
  subjectId?: string | null;
  /** Shows the page anew. */
  again(said: string): Promise<void>;
}

export function isId(text: string): boolean {
  return UUID.test(text);
}

export function holdsPart(app: App, { title, text, holds, subjectId, again }: Holds): HTMLElement {
  const words = app.words.privacy;
  const place = button(words.placeHold, "secondary", () => placeHold(app, subjectId ?? "", again));
  return part(
    title,
    ...(text ? [h("p", {}, text)] : []),
    holds.length > 0
      ? h("ul", { class: "rows" }, ...holds.map((hold) => row(app, hold, again)))
      : h("p", { class: "hint" }, words.noHolds),
    h("div", { class: "buttons" }, place),
  );
}

function row(app: App, hold: Hold, again: Holds["again"]): HTMLElement {
  const words = app.words.privacy;
  const what = hold.conversation_id ? words.oneConversation : words.wholePerson;
  const id = hold.conversation_id ?? hold.subject_id;
  const by = hold.placed_by === app.me?.id ? words.you : hold.placed_by;
  const day = app.day(hold.review_at);
  const review = isPast(hold.review_at) ? h("strong", { class: "overdue" }, words.reviewPassed(day)) : words.reviewBy(day);
  const release = () => {
    const reason = reasonField(app, { label: words.releaseReason, hint: words.releaseReasonHint, isRequired: false });
    ask(app, {
      title: words.releaseOf,
      text: words.releaseText,
      before: [h("p", {}, h("strong", {}, `${what}: `), hold.reason)],
      fields: [reason],
      submit: words.release,
      onSubmit: async () => {
        const why = reason.value.trim();
        await app.api.call("DELETE", "/v1/holds", { id: hold.id, ...(why && { reason: why }) });
        await again(words.holdReleased);
      },
    });
  };
  const { conversation_id: conversationId } = hold;
  // Which conversations a person has is said only by their export.
  const reading = conversationId
    ? [named(app.words.transcript.readOf, conversationId, () => void app.toTranscripts({ conversationId, purpose: "legal" }))]
    : [];
  return h(
    "li",
    {},
    h(
      "div",
      {},
      h("strong", {}, hold.reason),
      h("p", {}, review),
      h("p", { class: "hint" }, `${what}: `, h("code", {}, id)),
      h("p", { class: "hint" }, words.placed(app.day(hold.placed_at), by)),
    ),
    h("div", { class: "buttons" }, ...reading, named(words.release, hold.reason, release)),
  );
}

interface ReasonOptions {
  label: string;
  hint: string;
  isRequired: boolean;
  value?: string;
}

/** Why something is done, in one's own words, as long as the server takes them. */
export function reasonField(app: App, { label, hint, isRequired, value }: ReasonOptions): Field {
  return new Field(app.words, {
    name: "reason",
    label,
    hint,
    attributes: { required: isRequired, autocomplete: "off", maxlength: LONGEST_REASON, value: value ?? false },
    check: (text) => {
      const { length } = text.trim();
      const isEnough = length >= SHORTEST_REASON || (length === 0 && !isRequired);
      return isEnough ? null : app.words.tooShort(SHORTEST_REASON);
    },
  });
}

/** A field for the id of a person or a conversation. */
export function idField(app: App, { label, hint, value }: { label: string; hint: string; value: string }): Field {
  return new Field(app.words, {
    name: "id",
    label,
    hint,
    attributes: { required: true, value, autocomplete: "off", spellcheck: "false", maxlength: "36" },
    check: (text) => (isId(text.trim()) ? null : app.words.privacy.idFormat),
  });
}

function placeHold(app: App, subjectId: string, again: Holds["again"]): void {
  const words = app.words.privacy;
  const whats: Option<"subject_id" | "conversation_id">[] = [
    { value: "subject_id", label: words.wholePerson, hint: words.wholePersonHint },
    { value: "conversation_id", label: words.oneConversation, hint: words.oneConversationHint },
  ];
  const what = new Choice(words.holdWhat, whats, "subject_id");
  const id = idField(app, { label: words.id, hint: words.idHint, value: subjectId });
  const reason = reasonField(app, { label: words.reason, hint: words.reasonHint, isRequired: true });
  const review = dayField(app, {
    name: "review_at",
    label: words.reviewOn,
    hint: words.reviewHint,
    value: daysAhead(REVIEW_DAYS),
    min: daysAhead(1),
  });
  ask(app, {
    title: words.placeHold,
    before: [what.element],
    fields: [id, reason, review],
    submit: words.placeHoldSend,
    meaning: { not_found: words.holdGone, erased: words.holdGone },
    onSubmit: async () => {
      const hold = { [what.value]: id.value.trim(), reason: reason.value.trim(), review_at: beginningOf(review.value) };
      await app.api.call("POST", "/v1/holds", hold);
      await again(words.holdPlaced);
    },
  });
}
