import { useEffect, useMemo, useRef } from "preact/hooks";
import { Form, Input } from "../components/form.tsx";
import { Heading } from "../components/part.tsx";
import * as passkeys from "../passkeys.ts";
import { problemOf } from "../problem.ts";
import { api } from "../session.ts";
import { attempt, complain } from "../stage.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { signInByPasskey } from "./by_passkey.ts";
import { emailField } from "./fields.ts";
import { goOn } from "./next_step.tsx";
import { knownPassword, PasswordInput } from "./password.tsx";
import { SIGN_IN } from "./words.ts";

/** How long a challenge is offered in the field before it is replaced: the server forgets it after five minutes. */
const CHALLENGE_MS = 4 * 60_000;

/** `next` is the page that was asked for, by its title. */
export function SignIn({ next }: { next: string | null }) {
  const words = wordsOf(SIGN_IN);
  const [email, password] = useMemo(
    () => [emailField({ autocomplete: "username webauthn" }), knownPassword(pageWords().password)] as const,
    [],
  );
  const offer = usePasskeyInField();
  const byPassword = async () =>
    goOn(await api.open("POST /v1/auth/login", { email: email.value.trim(), password: password.value }));
  const byPasskey = () =>
    void attempt(async () => {
      offer.stop();
      try {
        await signInByPasskey();
      } catch (error) {
        offer.start();
        throw error;
      }
    });
  return (
    <section class="card">
      <Heading>{words.signInTitle}</Heading>
      {next && <p class="hint">{words.goingOnTo(next)}</p>}
      <Form
        submit={words.signIn}
        fields={[email, password]}
        inputs={<><Input field={email} onFocus={offer.renew} /><PasswordInput field={password} /></>}
        onSubmit={byPassword}
      />
      {passkeys.arePossible() && (
        <>
          <p class="or">{pageWords().or}</p>
          <button type="button" class="secondary wide" onClick={byPasskey}>{words.withPasskey}</button>
        </>
      )}
    </section>
  );
}

/** Passkeys among what the browser fills into the field, for as long as the view is shown. */
function usePasskeyInField(): { start(): void; stop(): void; renew(): void } {
  const offering = useRef({ controller: new AbortController(), startedAt: 0, isLeft: false }).current;
  const stop = () => offering.controller.abort();
  const start = async () => {
    if (!(await passkeys.areOfferedInFields()) || offering.isLeft) return;
    offering.controller = new AbortController();
    offering.startedAt = Date.now();
    const { signal } = offering.controller;
    try {
      await signInByPasskey(signal);
    } catch (error) {
      // Nobody asked for this yet, so only a passkey that was chosen and refused is reported.
      const { code } = problemOf(error);
      if (!signal.aborted && (code === "code_invalid" || code === "credentials_invalid")) complain(error);
    }
  };
  const renew = () => {
    if (offering.startedAt === 0 || Date.now() - offering.startedAt < CHALLENGE_MS) return;
    stop();
    void start();
  };
  useEffect(() => {
    void start();
    return () => {
      offering.isLeft = true;
      stop();
    };
  }, []);
  return { start: () => void start(), stop, renew };
}
