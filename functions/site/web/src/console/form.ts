import { h } from "../elements.ts";
import { type FieldProblem, type Problem, problemOf } from "./problem.ts";
import type { Words } from "./words.ts";

type Check = (value: string) => string | null;

let ids = 0;

/** An id of its own for an element that another one names. */
export function newId(): string {
  return `e${++ids}`;
}

export interface FieldOptions {
  /** Its name in the request: the server's reasons find their way back by it. */
  name: string;
  label: string;
  hint?: string;
  attributes?: Record<string, string | boolean>;
  check?: Check;
}

/** An input with its label, a hint and a place for what is wrong with it, all tied together. */
export class Field {
  readonly name: string;
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #error: HTMLElement;

  constructor(
    private readonly words: Words,
    private readonly options: FieldOptions,
  ) {
    const { name, label, hint, attributes } = options;
    const id = newId();
    this.name = name;
    this.#error = h("p", { id: `${id}-error`, class: "error" });
    const describedBy = hint ? `${id}-hint ${id}-error` : `${id}-error`;
    this.input = h("input", { id, "aria-describedby": describedBy, ...attributes });
    this.element = h("div", { class: "field" }, h("label", { for: id }, label));
    if (hint) this.element.append(h("p", { id: `${id}-hint`, class: "hint" }, hint));
    this.element.append(this.input, this.#error);
    this.input.addEventListener("input", () => this.fail(null));
  }

  get value(): string {
    return this.input.value;
  }

  /** Whether the value may be sent; if not, says why. */
  check(): boolean {
    const required = this.input.required && this.value === "" ? this.words.required : null;
    const reason = required ?? this.options.check?.(this.value) ?? null;
    this.fail(reason);
    return reason === null;
  }

  fail(...reasons: (Node | string | null)[]): void {
    const shown = reasons.filter((reason) => reason !== null);
    this.#error.replaceChildren(...shown);
    if (shown.length > 0) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}

export function passwordField(words: Words, options: FieldOptions): Field {
  const field = new Field(words, { ...options, attributes: { type: "password", required: true, ...options.attributes } });
  const shown = h("input", { type: "checkbox" });
  shown.addEventListener("change", () => (field.input.type = shown.checked ? "text" : "password"));
  field.element.append(h("label", { class: "check" }, shown, h("span", {}, words.showPassword)));
  return field;
}

export function codeField(words: Words): Field {
  return new Field(words, {
    name: "code",
    label: words.code,
    hint: words.codeHint,
    attributes: {
      class: "code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      maxlength: "7",
      required: true,
      spellcheck: "false",
    },
    check: (value) => (/^\d{3} ?\d{3}$/.test(value.trim()) ? null : words.codeFormat),
  });
}

/** The digits of a code, however they were typed. */
export function digits(field: Field): string {
  return field.value.replaceAll(/\s/g, "");
}

export interface FormOptions {
  words: Words;
  submit: string;
  fields: Field[];
  /** What is before the fields. */
  before?: Node[];
  /** What is between the fields and the button. */
  extra?: Node[];
  /** What is beside the button. */
  beside?: Node[];
  /** What a code means here, where it differs. */
  meaning?: Record<string, string>;
  onSubmit: () => Promise<void>;
}

/** A form that never leaves the page. While it is under way it is not sent twice; what went wrong stands in it. */
export function formOf({ words, submit, fields, before, extra, beside, meaning, onSubmit }: FormOptions): HTMLFormElement {
  const alert = h("p", { role: "alert", class: "alert" });
  const form = h(
    "form",
    { novalidate: true },
    alert,
    ...(before ?? []),
    ...fields.map(({ element }) => element),
    ...(extra ?? []),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, submit), ...(beside ?? [])),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    alert.textContent = "";
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length > 0) return wrong[0]?.input.focus();
    form.ariaBusy = "true";
    try {
      await onSubmit();
    } catch (error) {
      const problem = problemOf(error);
      const first = assign(words, fields, problem.fields);
      if (!problem.isSilent) alert.textContent = textOf(words, problem, meaning);
      first?.input.focus();
    } finally {
      form.ariaBusy = "false";
    }
  });
  return form;
}

/** Puts the server's reasons beside the fields; answers the first that has one. */
function assign(words: Words, fields: Field[], problems: FieldProblem[]): Field | undefined {
  const failed = fields.filter((field) => {
    const reasons = problems.filter(({ pointer }) => pointer === `/${field.name}`).map((problem) => reasonOf(words, problem));
    field.fail(...reasons);
    return reasons.length > 0;
  });
  return failed[0];
}

function reasonOf(words: Words, { code, detail }: FieldProblem): Node | string {
  const known = words.reason[code];
  if (known) return `${known} `;
  // A reason that this page does not know yet is better than none, in the language that it has.
  return detail ? h("span", { lang: "en" }, `${detail} `) : words.refused;
}

export function textOf(words: Words, problem: Problem, meaning: Record<string, string> = {}): string {
  const { code, retryAfterSeconds } = problem;
  if (code === "rate_limited") return words.slowDown(Math.max(1, retryAfterSeconds));
  return meaning[code] ?? words.problem[code] ?? words.failed;
}
