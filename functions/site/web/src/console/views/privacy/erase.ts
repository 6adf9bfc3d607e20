import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { formOf } from "../../form.ts";
import { problemOf } from "../../problem.ts";
import { ask } from "../dialog.ts";
import type { Opened } from "./case.ts";
import type { Law } from "./contract.ts";
import { nothingStored, storedOf } from "./find.ts";
import { letterPart } from "./letter.ts";
import { receiptPart } from "./receipt.ts";
import type { Step } from "./steps.ts";

const BASIS: Record<Law, string> = { gdpr: "gdpr_17", ccpa: "ccpa_delete", other: "other" };

/** Erasure, and the receipt that comes of it. */
export function eraseStep(app: App, opened: Opened): Step {
  const words = app.words.case;
  const { state } = opened.case;
  const { receipt, isNothingStored } = opened;
  return {
    title: words.act.erasure,
    isLeftOut: state === "refused" || isNothingStored,
    isDone: state === "done" || state === "answered",
    whenDone: () => (receipt ? receiptPart(app, receipt) : [h("p", {}, words.receiptEnded)]),
    now: () => (state === "waiting" ? waiting(app, opened) : eraseNow(app, opened)),
  };
}

function eraseNow(app: App, opened: Opened): Node[] {
  const words = app.words.case;
  // What there was has expired since it was found.
  if (!opened.subject) return [h("p", {}, words.nothingLeft), nothingStored(app, opened)];
  const open = button(words.erase, "primary", () => erase(app, opened));
  return [h("p", {}, words.eraseText), h("div", { class: "buttons" }, open)];
}

function erase(app: App, opened: Opened): void {
  const words = app.words.case;
  const { id, law, subject_id, holds } = opened.case;
  // With one key, pressing twice or a lost answer is one erasure.
  const headers = { "Idempotency-Key": crypto.randomUUID(), "Sotto-Case": id };
  const path = `/v1/subjects/${encodeURIComponent(subject_id ?? "")}`;
  const what = [words.eraseKeys, words.eraseRest];
  // What is held is said below, and better.
  if (opened.subject) what.unshift(words.eraseWhat(storedOf(app, { ...opened.subject, held: false })));
  if (holds && holds.length > 0) what.push(words.eraseKept(holds.length));
  ask(app, {
    title: words.eraseTitle,
    extra: [...what, words.eraseReceipt].map((line) => h("p", {}, line)),
    submit: words.eraseSend,
    meaning: { not_found: words.nothingLeft, erased: words.nothingLeft },
    onSubmit: async () => {
      try {
        await app.api.call("DELETE", path, { basis: BASIS[law] }, { headers, isLong: true });
      } catch (error) {
        if (problemOf(error).code !== "legal_hold") throw error;
        return opened.again(words.heldTitle);
      }
      await opened.again(words.wasErased);
    },
  });
}

/** Everything is under a hold: what remains is to tell the person so. */
function waiting(app: App, opened: Opened): Node[] {
  const words = app.words.case;
  const { told_of_hold_at } = opened.case;
  const notice = h("p", { class: "notice" }, h("strong", {}, `${words.heldTitle}.`), ` ${words.heldText}`);
  const look = button(words.lookAgain, "secondary", () => void opened.again(""));
  if (told_of_hold_at) {
    return [notice, h("p", {}, words.toldOn(app.day(told_of_hold_at))), h("div", { class: "buttons" }, look)];
  }
  const form = formOf({
    words: app.words,
    submit: words.toldSend,
    fields: [],
    extra: [letterPart(app, opened, "interim")],
    beside: [look],
    onSubmit: () => opened.change({ told_of_hold: true }, words.wasTold),
  });
  return [notice, h("p", {}, words.toldText), form];
}
