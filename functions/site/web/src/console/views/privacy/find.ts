import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Choice, type Option } from "../../choice.ts";
import { Field, formOf } from "../../form.ts";
import { listOf, type Row } from "../account.ts";
import type { Opened } from "./case.ts";
import type { Subject } from "./contract.ts";
import { isId } from "./holds.ts";
import type { Step } from "./steps.ts";

/** Whom the case is about. */
export function findStep(app: App, opened: Opened): Step {
  const words = app.words.case;
  const { subject_id, state } = opened.case;
  return {
    title: words.find,
    isLeftOut: state === "refused" && subject_id === null,
    isDone: subject_id !== null || opened.isNothingStored,
    whenDone: () => {
      if (!subject_id) return [h("p", {}, words.nobody)];
      const rows: Row[] = [[words.subject, h("code", {}, subject_id)]];
      if (opened.subject) rows.push([words.stored, storedOf(app, opened.subject)]);
      const element = h("div", { class: "results" }, listOf(rows), ...reading(app, opened));
      if (state !== "open" && state !== "verified") return [element];
      const another = h("details", {}, h("summary", {}, words.chooseAnother));
      if (state === "verified") another.append(h("p", {}, words.verifiedAnew));
      another.append(...search(app, opened));
      return [element, another];
    },
    now: () => search(app, opened),
  };
}

/** To what somebody has said, for this case; the officer names the conversation. */
function reading(app: App, opened: Opened): Node[] {
  if (!opened.subject || opened.subject.conversations === 0) return [];
  const words = app.words.transcript;
  const reason = words.reasonOfCase(opened.case.id);
  const read = button(words.readOf, "secondary", () => void app.toTranscripts({ purpose: "subject_request", reason }));
  return [h("div", { class: "buttons" }, read)];
}

/** What is stored about somebody, in a few words. */
export function storedOf(app: App, { conversations, lead, held, erased }: Subject): string {
  const words = app.words.case;
  const stored = [words.conversations(conversations)];
  if (lead) stored.push(words.lead);
  if (held) stored.push(words.held);
  if (erased) stored.push(words.erased);
  return stored.join(", ");
}

function search(app: App, opened: Opened): Node[] {
  const words = app.words.case;
  const who = new Field(app.words, {
    name: "email",
    label: words.who,
    attributes: { required: true, autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "254" },
    check: (value) => (value.includes("@") || isId(value.trim()) ? null : words.whoFormat),
  });
  const results = h("div", { class: "results", "aria-live": "polite" });
  const form = formOf({
    words: app.words,
    submit: words.search,
    fields: [who],
    onSubmit: async () => {
      results.replaceChildren();
      const value = who.value.trim();
      const wanted = value.includes("@") ? { email: value } : { subject_id: value };
      const { items } = await app.api.call<{ items: Subject[] }>("POST", "/v1/subjects/search", wanted);
      const [first] = items;
      results.replaceChildren(...(first ? choose(app, opened, items, first) : nothing(app, opened)));
    },
  });
  return [h("p", {}, words.findText), form, results];
}

function choose(app: App, opened: Opened, found: Subject[], first: Subject): Node[] {
  const words = app.words.case;
  const optionOf = (subject: Subject): Option<string> => ({
    value: subject.subject_id,
    label: subject.subject_id,
    hint: storedOf(app, subject),
  });
  const choice = new Choice(words.found, found.map(optionOf), first.subject_id);
  const form = formOf({
    words: app.words,
    submit: words.choose,
    fields: [],
    extra: [choice.element],
    onSubmit: () => opened.change({ subject_id: choice.value }, words.wasFound),
  });
  return [form];
}

function nothing(app: App, opened: Opened): Node[] {
  const text = h("p", {}, app.words.case.nothingFound);
  // Whoever looks for another one has found somebody before.
  return opened.case.subject_id ? [text] : [text, nothingStored(app, opened)];
}

/** Goes on to the answer: that nothing is stored is one too. */
export function nothingStored(app: App, opened: Opened): HTMLElement {
  const { nothingAtAll, nothingAtAllText } = app.words.case;
  const goOn = button(nothingAtAll, "secondary", () => void opened.again(nothingAtAllText, { isNothingStored: true }));
  return h("div", { class: "buttons" }, goOn);
}
