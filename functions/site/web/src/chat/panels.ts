import type { Lead } from "./conversation.ts";
import { downloadJson } from "../download.ts";
import { button, checkbox, field, form, h } from "../elements.ts";
import type { Receipt } from "./receipt.ts";
import type { Notice } from "./site.ts";
import type { Words } from "./words.ts";

/** Panels that the window shows instead of the conversation, each a heading and a form. */

export function noticePanel(
  words: Words,
  notice: Notice,
  privacy: string | null,
  onStart: (onDevice: boolean) => Promise<void>,
): HTMLElement {
  const remember = checkbox(words.remember, false);
  const own = notice.text.split("\n").filter((line) => line.trim());
  const lines = [...words.notice(notice), ...own].map((line) => h("li", { dir: "auto" }, line));
  const panel = form(
    "panel",
    () => onStart(remember.input.checked),
    heading(words.noticeTitle),
    h("ul", {}, ...lines),
    remember.element,
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, words.start)),
  );
  if (privacy) {
    const link = h("a", { href: privacy, target: "_blank", rel: "noopener noreferrer" }, words.privacy);
    remember.element.before(h("p", {}, link));
  }
  return panel;
}

export function leadPanel(
  words: Words,
  leadDays: number,
  onLead: (lead: Lead) => Promise<void>,
  onBack: () => void,
): HTMLElement {
  const name = h("input", { autocomplete: "name", required: true, maxlength: "200" });
  const email = h("input", { type: "email", autocomplete: "email", required: true, maxlength: "254" });
  const phone = h("input", { type: "tel", autocomplete: "tel", maxlength: "40" });
  const consent = checkbox(words.leadConsent(leadDays), true);
  return form(
    "panel",
    () => onLead({ name: name.value, email: email.value, phone: phone.value || null }),
    heading(words.leadTitle),
    field(words.name, name),
    field(words.email, email),
    field(words.phone, phone),
    consent.element,
    buttons(words, words.leadSend, onBack),
  );
}

export function ratingPanel(
  words: Words,
  onRate: (score: number, comment: string | null) => Promise<void>,
  onBack: () => void,
): HTMLElement {
  const comment = h("textarea", { rows: "3", maxlength: "1000" });
  const scores = [1, 2, 3, 4, 5].map((score) =>
    h("label", {}, h("input", { type: "radio", name: "score", value: String(score), required: true }), String(score)),
  );
  const panel: HTMLFormElement = form(
    "panel",
    () => onRate(Number(new FormData(panel).get("score")), comment.value || null),
    heading(words.rateTitle),
    h("fieldset", { class: "scores" }, h("legend", {}, words.rateScale), ...scores),
    field(words.comment, comment),
    buttons(words, words.rateSend, onBack),
  );
  return panel;
}

export function endPanel(words: Words, onEnd: () => Promise<void>, onBack: () => void): HTMLElement {
  return form("panel", onEnd, heading(words.endTitle), h("p", {}, words.endText), buttons(words, words.end, onBack));
}

export function erasePanel(words: Words, onErase: () => Promise<unknown>, onBack: () => void): HTMLElement {
  const lines = words.eraseText.map((line) => h("li", {}, line));
  return form(
    "panel",
    async () => void (await onErase()),
    heading(words.eraseTitle),
    h("ul", {}, ...lines),
    buttons(words, words.eraseSend, onBack),
  );
}

/**
 * Access ends, what is stored does not: so a copy and the end of everything are offered first. Where the
 * server cannot be told, the visitor may still leave nothing behind in this browser.
 */
export function forgetPanel(
  words: Words,
  copies: HTMLElement,
  onForget: () => Promise<boolean>,
  onForgetHere: () => void,
  onBack: () => void,
): HTMLElement {
  const failed = h("p", { role: "status" });
  const here = button(words.forgetHere, "secondary", onForgetHere);
  here.hidden = true;
  return form(
    "panel",
    async () => {
      failed.textContent = "";
      here.hidden = await onForget();
      if (!here.hidden) failed.textContent = words.forgetFailed;
    },
    heading(words.forgetTitle),
    h("ul", {}, ...words.forgetText.map((line) => h("li", {}, line))),
    copies,
    failed,
    here,
    buttons(words, words.forgetSend, onBack),
  );
}

/** The panel after everything was deleted: it shows the receipt, to be kept. */
export function receiptPanel(words: Words, receipt: Receipt, at: string, onRestart: () => Promise<void>): HTMLElement {
  const { id, kept } = receipt;
  const save = button(words.saveReceipt, "secondary", () => downloadJson(`receipt-${id}.json`, receipt));
  return form(
    "panel",
    onRestart,
    heading(words.erasedTitle),
    h("p", {}, words.erasedFrom(at)),
    ...(kept.length > 0 ? [h("p", {}, words.erasedKept(kept.length))] : []),
    h("p", { class: "receipt" }, words.receipt(id)),
    h("div", { class: "buttons" }, save, h("button", { type: "submit", class: "primary" }, words.restart)),
  );
}

/** Says what happened, and offers the one thing that can be done about it. */
export function messagePanel(text: string, label: string, onSubmit: () => Promise<void>, ...more: Node[]): HTMLElement {
  const submit = h("div", { class: "buttons" }, h("button", { class: "primary" }, label));
  return form("panel", onSubmit, heading(text), submit, ...more);
}

function heading(text: string): HTMLElement {
  return h("h3", { tabindex: "-1" }, text);
}

function buttons(words: Words, submit: string, onBack: () => void): HTMLElement {
  return h(
    "div",
    { class: "buttons" },
    h("button", { type: "submit", class: "primary" }, submit),
    button(words.back, "secondary", onBack),
  );
}
