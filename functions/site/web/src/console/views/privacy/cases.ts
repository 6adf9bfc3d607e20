import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { Choice } from "../../choice.ts";
import { named, part } from "../account.ts";
import { ask } from "../dialog.ts";
import { toCase } from "./case.ts";
import type { Case, Kind, Law } from "./contract.ts";
import { beginningOf, dayField, daysAhead } from "./day.ts";
import { byDeadline, deadlineOf } from "./deadline.ts";

/** The requests: those that are open, and folded away those that are closed, the newest first. */
export function casesPart(app: App, cases: Case[]): HTMLElement {
  const words = app.words.privacy;
  const open = cases.filter(({ closed_at }) => closed_at === null).sort(byDeadline);
  const closed = cases
    .filter(({ closed_at }) => closed_at !== null)
    .sort((one, other) => Date.parse(other.closed_at ?? "") - Date.parse(one.closed_at ?? ""));
  const element = part(
    words.requests,
    h("p", {}, words.requestsText),
    open.length > 0 ? rows(app, open) : h("p", { class: "hint" }, words.noRequests),
    h("div", { class: "buttons" }, button(words.openRequest, "primary", () => openCase(app))),
  );
  if (closed.length > 0) {
    element.append(h("details", {}, h("summary", {}, words.closedRequests(closed.length)), rows(app, closed)));
  }
  return element;
}

function rows(app: App, cases: Case[]): HTMLElement {
  return h("ul", { class: "rows" }, ...cases.map((one) => row(app, one)));
}

function row(app: App, one: Case): HTMLElement {
  const words = app.words.privacy;
  const title = `${words.kind[one.kind]} · ${words.law[one.law]}`;
  const about = [words.received(app.day(one.received_at)), words.state[one.state]];
  return h(
    "li",
    {},
    h("div", {}, h("strong", {}, title), h("p", {}, deadlineOf(app, one)), h("p", { class: "hint" }, about.join(" · "))),
    h("div", { class: "buttons" }, named(words.show, `${title}, ${about[0]}`, () => void toCase(app, one.id))),
  );
}

function openCase(app: App): void {
  const words = app.words.privacy;
  const kinds = (["access", "erasure"] as const).map((value) => ({ value, label: words.kind[value], hint: words.kindText[value] }));
  const laws = (["gdpr", "ccpa", "other"] as const).map((value) => ({ value, label: words.law[value], hint: words.lawText[value] }));
  const kind = new Choice<Kind>(words.what, kinds, "access");
  const law = new Choice<Law>(words.byWhichLaw, laws, "gdpr");
  const today = daysAhead(0);
  const received = dayField(app, {
    name: "received_at",
    label: words.receivedOn,
    hint: words.receivedHint,
    value: today,
    max: today,
  });
  ask(app, {
    title: words.openRequest,
    before: [kind.element, law.element],
    fields: [received],
    submit: words.openRequestSend,
    onSubmit: async () => {
      const wish = { kind: kind.value, law: law.value, subject_id: null };
      // Of today the server knows the time better than a browser whose clock is off.
      const day = received.value === today ? {} : { received_at: beginningOf(received.value) };
      const opened = await app.api.call<Case>("POST", "/v1/cases", { ...wish, ...day });
      await toCase(app, opened.id, words.requestOpened);
    },
  });
}
