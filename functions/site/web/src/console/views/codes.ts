import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import { formOf, newId } from "../form.ts";
import { copyButton } from "./copy.ts";
import { download } from "../../download.ts";

/** Recovery codes, which nobody can show again: the way on is a tick that says that they are kept. */
export function codesView(app: App, codes: string[], onKept: () => Promise<void>): HTMLElement {
  const { words } = app;
  const text = `${codes.join("\n")}\n`;
  const errorId = newId();
  const error = h("p", { id: errorId, class: "error", role: "alert" });
  const kept = h("input", { type: "checkbox", "aria-describedby": errorId });
  const check = h("div", { class: "field" }, h("label", { class: "check" }, kept, h("span", {}, words.kept)), error);
  kept.addEventListener("change", () => (error.textContent = ""));
  const form = formOf({
    words,
    submit: words.next,
    fields: [],
    extra: [check],
    onSubmit: async () => {
      if (kept.checked) return onKept();
      error.textContent = words.keptRequired;
      kept.focus();
    },
  });
  return h(
    "section",
    { class: "card" },
    headingOf(words.codesTitle),
    h("p", {}, words.codesText),
    h("ul", { class: "codes" }, ...codes.map((code) => h("li", {}, h("code", {}, code)))),
    h(
      "div",
      { class: "buttons" },
      copyButton(app, words.copy, () => text),
      button(words.download, "secondary", () => download("sotto-recovery-codes.txt", "text/plain", `${words.codesFile(location.host)}\n\n${text}`)),
    ),
    form,
  );
}
