import { button, h } from "../../elements.ts";
import type { App } from "../app.ts";
import { codeField, digits, formOf } from "../form.ts";
import * as passkeys from "../passkeys.ts";
import { Problem } from "../problem.ts";
import { openDialog, show } from "./dialog.ts";

let asked: Promise<void> | null = null;

/** Shows a second factor again, for a call that asks for it. Several calls ask together. Rejects if the person turns back. */
export function stepUp(app: App): Promise<void> {
  asked ??= new Promise<void>((resolve, reject) => open(app, resolve, reject)).finally(() => (asked = null));
  return asked;
}

function open(app: App, onDone: () => void, onCancelled: (problem: Problem) => void): void {
  const { words } = app;
  const methods = app.me?.mfa ?? [];
  const { dialog, body } = openDialog(words.stepUpTitle, words.stepUpText);
  // After the call that asked was repeated this changes nothing any more.
  dialog.addEventListener("close", () => onCancelled(new Problem("cancelled")));
  const prove = async (proof: { code: string } | { credential: unknown }) => {
    await app.api.stepUp(proof);
    onDone();
    dialog.close();
  };
  const cancel = button(words.cancel, "secondary", () => dialog.close());
  if (methods.includes("totp")) {
    const code = codeField(words);
    body.append(
      formOf({ words, submit: words.confirm, fields: [code], beside: [cancel], onSubmit: () => prove({ code: digits(code) }) }),
    );
  }
  if (methods.includes("passkey") && passkeys.arePossible()) {
    const byPasskey = async () => {
      const { publicKey } = await app.api.open<{ publicKey: PublicKeyCredentialRequestOptionsJSON }>(
        "/v1/auth/passkeys/login/start",
        {},
      );
      await prove({ credential: await passkeys.show(publicKey) });
    };
    const beside = methods.includes("totp") ? [] : [cancel];
    if (methods.includes("totp")) body.append(h("p", { class: "or" }, words.or));
    body.append(formOf({ words, submit: words.usePasskey, fields: [], beside, onSubmit: byPasskey }));
  } else if (!methods.includes("totp")) {
    body.append(h("p", {}, words.passkeysMissing), h("div", { class: "buttons" }, cancel));
  }
  show(dialog);
}
