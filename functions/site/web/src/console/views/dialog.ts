import { button, h } from "../../elements.ts";
import type { App } from "../app.ts";
import { type Field, formOf, newId } from "../form.ts";
import { Problem } from "../problem.ts";

export interface Question {
  title: string;
  text?: string;
  before?: Node[];
  fields?: Field[];
  extra?: Node[];
  submit: string;
  meaning?: Record<string, string>;
  /** The dialog closes when this is done, and stays with the reason if it fails. */
  onSubmit: () => Promise<void>;
}

/** Asks in a dialog of the browser's own: it holds the focus, Escape turns back, and the focus returns. */
export function ask(app: App, { title, text, before, fields, extra, submit, meaning, onSubmit }: Question): HTMLDialogElement {
  const { words } = app;
  const { dialog, body } = openDialog(title, text);
  let isDone = false;
  const cancel = button(words.cancel, "secondary", () => dialog.close());
  const form = formOf({
    words,
    submit,
    before: before ?? [],
    fields: fields ?? [],
    extra: extra ?? [],
    beside: [cancel],
    meaning: meaning ?? {},
    onSubmit: async () => {
      await onSubmit();
      isDone = true;
      dialog.close();
    },
  });
  // What is under way is not turned back by a key.
  dialog.addEventListener("cancel", (event) => {
    if (form.ariaBusy === "true" && !isDone) event.preventDefault();
  });
  body.append(form);
  show(dialog);
  return dialog;
}

/** Asks whether something shall be done that the caller then does. Rejects if the person turns back. */
export function confirmed(app: App, question: Omit<Question, "onSubmit">): Promise<void> {
  return new Promise((resolve, reject) => {
    const dialog = ask(app, { ...question, onSubmit: async () => resolve() });
    dialog.addEventListener("close", () => reject(new Problem("cancelled")));
  });
}

/** Tells something that is only told once. What is beside stands beside the button that closes it. */
export function tell(app: App, title: string, children: Node[], beside: Node[]): void {
  const { dialog, body } = openDialog(title);
  const done = button(app.words.done, "primary", () => dialog.close());
  body.append(...children, h("div", { class: "buttons" }, done, ...beside));
  show(dialog);
}

export function openDialog(title: string, text?: string): { dialog: HTMLDialogElement; body: HTMLElement } {
  const id = newId();
  const body = h("div", {}, h("h2", { id, tabindex: "-1" }, title));
  if (text) body.append(h("p", {}, text));
  const dialog = h("dialog", { "aria-labelledby": id }, body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  return { dialog, body };
}

export function show(dialog: HTMLDialogElement): void {
  dialog.showModal();
  const field = dialog.querySelector<HTMLElement>("input");
  (field ?? dialog.querySelector<HTMLElement>("h2"))?.focus();
}
