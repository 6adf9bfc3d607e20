import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import { Field, formOf, passwordField } from "../form.ts";
import type { Words } from "../words.ts";

const LEAST_LENGTH = 15;

/** One's own password, for another one: the server asks for the one that there is, and for a second factor. */
export function changePasswordView(app: App): HTMLElement {
  const { words } = app;
  const current = knownPassword(words, "password", words.currentPassword);
  const chosen = newPassword(words, "new_password");
  // For password managers: whose password it is that changes.
  const owner = h("input", { type: "email", autocomplete: "username", value: app.me?.email ?? "", readonly: true, hidden: true });
  const form = formOf({
    words,
    submit: words.changePassword,
    fields: [current, chosen],
    beside: [button(words.back, "secondary", () => void app.toAccount())],
    meaning: { credentials_invalid: words.currentWrong },
    onSubmit: async () => {
      const change = { password: current.value, new_password: chosen.value };
      await app.api.call("POST", "/v1/auth/password", change);
      await app.toAccount(words.passwordChanged);
    },
  });
  form.prepend(owner);
  return h(
    "section",
    { class: "card", "data-place": "account" },
    headingOf(words.changePassword),
    h("p", {}, words.changePasswordText),
    form,
  );
}

export function knownPassword(words: Words, name: string, label: string): Field {
  return passwordField(words, { name, label, attributes: { autocomplete: "current-password" } });
}

export function newPassword(words: Words, name: string): Field {
  const field = passwordField(words, {
    name,
    label: words.newPassword,
    hint: words.passwordHint,
    attributes: { autocomplete: "new-password", passwordrules: `minlength: ${LEAST_LENGTH}; maxlength: 128;` },
    // Characters, as the server counts them, and not the browser's units of 16 bits.
    check: (value) => (lengthOf(value) < LEAST_LENGTH ? words.tooShort(LEAST_LENGTH) : null),
  });
  const count = h("p", { class: "hint" });
  const tell = () => {
    const length = lengthOf(field.value);
    count.textContent = length > 0 && length < LEAST_LENGTH ? words.passwordLength(length) : "";
  };
  field.input.addEventListener("input", tell);
  field.element.append(count);
  return field;
}

function lengthOf(password: string): number {
  return [...password.normalize("NFC")].length;
}
