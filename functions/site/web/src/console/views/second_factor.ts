import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import type { Pending } from "../contract.ts";
import { codeField, digits, Field, formOf } from "../form.ts";
import * as passkeys from "../passkeys.ts";
import { problemOf } from "../problem.ts";
import { signInByPasskey } from "./sign_in.ts";

export function secondFactorView(app: App, pending: Pending): HTMLElement {
  const { words } = app;
  const section = h("section", { class: "card" }, headingOf(words.secondTitle), h("p", {}, words.secondText));
  if (pending.methods.includes("totp")) {
    const code = codeField(words);
    section.append(
      formOf({
        words,
        submit: words.confirm,
        fields: [code],
        onSubmit: () => finish(app, "/v1/auth/totp", { mfa_token: pending.mfa_token, code: digits(code) }),
      }),
    );
  }
  const others = h("div", { class: "others" });
  if (pending.methods.includes("passkey") && passkeys.arePossible()) {
    others.append(button(words.usePasskey, "secondary", () => void app.attempt(() => signInByPasskey(app))));
  }
  others.append(
    button(words.useRecovery, "link", () => void app.show(() => recoveryView(app, pending))),
    button(words.startOver, "link", () => void app.toSignIn()),
  );
  section.append(others);
  return section;
}

function recoveryView(app: App, pending: Pending): HTMLElement {
  const { words } = app;
  const code = new Field(words, {
    name: "recovery_code",
    label: words.recoveryCode,
    attributes: { class: "code long", autocomplete: "off", autocapitalize: "off", required: true, maxlength: "64", spellcheck: "false" },
  });
  const form = formOf({
    words,
    submit: words.confirm,
    fields: [code],
    beside: [button(words.back, "secondary", () => void app.show(() => secondFactorView(app, pending)))],
    onSubmit: () =>
      finish(app, "/v1/auth/recovery", { mfa_token: pending.mfa_token, recovery_code: code.value.trim() }),
  });
  return h("section", { class: "card" }, headingOf(words.recoveryTitle), h("p", {}, words.recoveryText), form);
}

async function finish(app: App, path: string, proof: object): Promise<void> {
  try {
    await app.api.open(path, proof);
  } catch (error) {
    if (!problemOf(error).isAboutToken) throw error;
    return app.toSignIn(app.words.stepOver);
  }
  await app.enter();
}
