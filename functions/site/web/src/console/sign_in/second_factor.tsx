import { useMemo } from "preact/hooks";
import type { Answer } from "../client.ts";
import { Field, Form } from "../components/form.tsx";
import { Heading } from "../components/part.tsx";
import * as passkeys from "../passkeys.ts";
import { problemOf } from "../problem.ts";
import { api, enter, toSignIn } from "../session.ts";
import { attempt, show } from "../stage.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { signInByPasskey } from "./by_passkey.ts";
import { codeField, digits } from "./fields.ts";
import { SIGN_IN } from "./words.ts";

/** A sign-in that is half done: what is missing is one of these factors. */
export type Pending = Pick<Answer<"POST /v1/auth/login">, "mfa_token" | "methods">;

export function SecondFactor(pending: Pending) {
  const { mfa_token, methods } = pending;
  const words = wordsOf(SIGN_IN);
  const code = useMemo(codeField, []);
  const byCode = () => finish(() => api.open("POST /v1/auth/totp", { mfa_token, code: digits(code) }));
  const hasPasskey = methods.includes("passkey") && passkeys.arePossible();
  return (
    <section class="card">
      <Heading>{words.secondTitle}</Heading>
      <p>{words.secondText}</p>
      {methods.includes("totp") && <Form submit={pageWords().confirm} fields={[code]} onSubmit={byCode} />}
      <div class="others">
        {hasPasskey && (
          <button type="button" class="secondary" onClick={() => void attempt(signInByPasskey)}>{words.usePasskey}</button>
        )}
        <button type="button" class="link" onClick={() => void show(() => <Recovery {...pending} />)}>{words.useRecovery}</button>
        <button type="button" class="link" onClick={() => void toSignIn()}>{words.startOver}</button>
      </div>
    </section>
  );
}

function Recovery(pending: Pending) {
  const words = wordsOf(SIGN_IN);
  const code = useMemo(
    () =>
      new Field({
        name: "recovery_code",
        label: words.recoveryCode,
        attributes: { class: "code long", autocomplete: "off", autocapitalize: "off", required: true, maxlength: "64", spellcheck: false },
      }),
    [],
  );
  const { mfa_token } = pending;
  const byRecovery = () => finish(() => api.open("POST /v1/auth/recovery", { mfa_token, recovery_code: code.value.trim() }));
  const back = () => void show(() => <SecondFactor {...pending} />);
  return (
    <section class="card">
      <Heading>{words.recoveryTitle}</Heading>
      <p>{words.recoveryText}</p>
      <Form
        submit={pageWords().confirm}
        fields={[code]}
        beside={<button type="button" class="secondary" onClick={back}>{pageWords().back}</button>}
        onSubmit={byRecovery}
      />
    </section>
  );
}

async function finish(prove: () => Promise<unknown>): Promise<void> {
  try {
    await prove();
  } catch (error) {
    if (!problemOf(error).isAboutToken) throw error;
    return toSignIn(wordsOf(SIGN_IN).stepOver);
  }
  await enter();
}
