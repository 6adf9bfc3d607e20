import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { coolUntil } from "../cooling.tsx";
import { type FieldProblem, type Problem, problemOf } from "../problem.ts";
import { date, pageWords } from "../words.ts";

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
  /** The initial value. */
  value?: string;
  attributes?: Record<string, string | boolean>;
  check?: Check;
}

/** One value of a form: what is typed stays in the input, and what is wrong with it stands beside it. */
export class Field {
  readonly id = newId();
  readonly error = signal<ComponentChildren>(null);
  input: HTMLInputElement | HTMLTextAreaElement | null = null;

  constructor(readonly options: FieldOptions) {}

  get value(): string {
    return this.input?.value ?? "";
  }

  /** Whether the value may be sent; if not, says why. */
  check(): boolean {
    const required = this.options.attributes?.["required"] && this.value === "" ? pageWords().required : null;
    this.error.value = required ?? this.options.check?.(this.value) ?? null;
    return this.error.value === null;
  }
}

interface InputProps {
  field: Field;
  /** In place of the type that the field has. */
  type?: string;
  /** The lines that are seen of a text of several; one line without. */
  rows?: number;
  /** The language of the text, if it is not that of the page. */
  lang?: string;
  onInput?: () => void;
  onFocus?: () => void;
  /** The content below the input. */
  children?: ComponentChildren;
}

/** An input with its label, a hint and a place for what is wrong with it, all tied together. */
export function Input({ field, type, rows, lang, onInput, onFocus, children }: InputProps) {
  const { id, options } = field;
  const { label, hint, value, attributes } = options;
  const error = field.error.value;
  const typed = () => {
    field.error.value = null;
    onInput?.();
  };
  const shared = {
    ...attributes,
    id,
    defaultValue: value ?? "",
    "aria-describedby": hint ? `${id}-hint ${id}-error` : `${id}-error`,
    "aria-invalid": error ? ("true" as const) : undefined,
    ref: (input: HTMLInputElement | HTMLTextAreaElement | null) => {
      field.input = input;
    },
    onInput: typed,
    onFocus,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && <p id={`${id}-hint`} class="hint">{hint}</p>}
      {rows ? <textarea {...(shared as object)} class="lines" rows={rows} lang={lang} dir="auto" /> : <input {...(shared as object)} {...(type && ({ type } as object))} />}
      <p id={`${id}-error`} class="error">{error}</p>
      {children}
    </div>
  );
}

export interface FormProps {
  submit: string;
  /** The fields to check. Those without an element of their own are shown in this order. */
  fields?: Field[];
  /** The content before the fields. */
  before?: ComponentChildren;
  /** In place of the fields as they are. */
  inputs?: ComponentChildren;
  /** The content between the fields and the button. */
  children?: ComponentChildren;
  /** The content beside the button. */
  beside?: ComponentChildren;
  /** The meaning of a code here, where it differs. */
  meaning?: Record<string, string>;
  class?: string;
  onBusy?: (isBusy: boolean) => void;
  onSubmit: () => Promise<unknown>;
}

/** A form that never leaves the page. While it is under way it is not sent twice; what went wrong stands in it. */
export function Form({ submit, fields = [], before, inputs, children, beside, meaning, class: className, onBusy, onSubmit }: FormProps) {
  const alert = useSignal("");
  const isBusy = useSignal(false);
  const send = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    alert.value = "";
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length > 0) return wrong[0]?.input?.focus();
    isBusy.value = true;
    onBusy?.(true);
    try {
      await onSubmit();
    } catch (error) {
      const problem = problemOf(error);
      const first = assign(fields, problem.fields);
      if (!problem.isSilent) alert.value = problemText(problem, meaning);
      first?.input?.focus();
    } finally {
      isBusy.value = false;
      onBusy?.(false);
    }
  };
  return (
    <form noValidate class={className} aria-busy={isBusy.value} onSubmit={send}>
      <p role="alert" class="alert">{alert}</p>
      {before}
      {inputs ?? fields.map((field) => <Input key={field.id} field={field} />)}
      {children}
      <div class="buttons">
        <button type="submit" class="primary">{submit}</button>
        {beside}
      </div>
    </form>
  );
}

/** Puts the server's reasons beside the fields; answers the first that has one. */
function assign(fields: Field[], problems: FieldProblem[]): Field | undefined {
  const failed = fields.filter(({ options, error }) => {
    const reasons = problems.filter(({ pointer }) => pointer === `/${options.name}`).map(reasonOf);
    error.value = reasons.length > 0 ? reasons : null;
    return reasons.length > 0;
  });
  return failed[0];
}

function reasonOf({ code, detail }: FieldProblem): ComponentChildren {
  const words = pageWords();
  const known = words.reason[code];
  if (known) return `${known} `;
  // A reason that this page does not know yet is better than none, in the language that it has.
  return detail ? <span lang="en">{detail} </span> : words.refused;
}

export function problemText(problem: Problem, meaning: Record<string, string> = {}): string {
  const words = pageWords();
  const { code, retryAfterSeconds } = problem;
  if (code === "rate_limited") return words.slowDown(Math.max(1, retryAfterSeconds));
  const until = code === "cooling_down" && coolUntil();
  if (until) return words.coolingUntil(date(until));
  return meaning[code] ?? words.problem[code] ?? words.failed;
}
