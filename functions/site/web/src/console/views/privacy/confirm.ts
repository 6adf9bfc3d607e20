import { h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { formOf } from "../../form.ts";
import { part } from "../account.ts";
import type { Opened } from "./case.ts";
import { awaitsConfirmation } from "./deadline.ts";
import { letterPart } from "./letter.ts";

/** Where the law asks for it, that the request came is confirmed to the person, whatever else is done meanwhile. */
export function confirmPart(app: App, opened: Opened): HTMLElement[] {
  if (!awaitsConfirmation(opened.case)) return [];
  const words = app.words.case;
  const form = formOf({
    words: app.words,
    submit: words.confirmSend,
    fields: [],
    extra: [letterPart(app, opened, "confirmation")],
    onSubmit: () => opened.change({ confirmed: true }, words.wasConfirmed),
  });
  return [part(words.confirmTitle, h("p", {}, words.confirmText), form)];
}
