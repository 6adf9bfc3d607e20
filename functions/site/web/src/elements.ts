type Attributes = Record<string, string | boolean>;

/** An element with its attributes and children. Text always becomes a text node, never markup. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function button(label: string, className: string, onClick: () => void): HTMLButtonElement {
  const element = h("button", { type: "button", class: className }, label);
  element.addEventListener("click", onClick);
  return element;
}

export function field(label: string, control: HTMLElement): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

export function checkbox(label: string, required: boolean): { element: HTMLLabelElement; input: HTMLInputElement } {
  const input = h("input", { type: "checkbox", required });
  return { element: h("label", { class: "check" }, input, h("span", {}, label)), input };
}

/** A form that never leaves the page: what it does is `onSubmit`, and while that lasts it is not sent twice. */
export function form(className: string, onSubmit: () => Promise<void>, ...children: (Node | string)[]): HTMLFormElement {
  const element = h("form", { class: className }, ...children);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (element.ariaBusy === "true") return;
    element.ariaBusy = "true";
    try {
      await onSubmit();
    } finally {
      element.ariaBusy = "false";
    }
  });
  return element;
}
