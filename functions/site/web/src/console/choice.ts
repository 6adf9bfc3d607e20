import { h } from "../elements.ts";
import { newId } from "./form.ts";

export interface Option<Value extends string> {
  value: Value;
  label: string;
  hint?: string;
}

/** One of several, as a group of round boxes under a name. One is always chosen. */
export class Choice<Value extends string> {
  readonly element: HTMLFieldSetElement;
  #value: Value;

  constructor(legend: string, options: Option<Value>[], chosen: Value) {
    const group = newId();
    this.#value = chosen;
    const labels = options.map(({ value, label, hint }) => {
      const box = h("input", { type: "radio", name: group, value, checked: value === chosen });
      box.addEventListener("change", () => (this.#value = value));
      const text = h("span", {}, label);
      if (hint) text.append(h("span", { class: "hint" }, hint));
      return h("label", { class: "check" }, box, text);
    });
    this.element = h("fieldset", {}, h("legend", {}, legend), ...labels);
  }

  get value(): Value {
    return this.#value;
  }
}
