import { isTokens, type Answer, type Operation } from "../client.ts";
import type { Operations } from "../contract.ts";
import { Heading } from "../components/part.tsx";
import * as passkeys from "../passkeys.ts";
import { Problem, problemOf } from "../problem.ts";
import { api, enter, toSignIn } from "../session.ts";
import { show } from "../stage.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { Codes } from "./codes.tsx";
import { type Enrolling, PasskeyForm, TotpForm } from "./enrol.tsx";
import { SIGN_IN } from "./words.ts";

/** A person whose password is set and who has no second factor yet. */
type Accepted = Extract<Answer<"POST /v1/auth/invitations/accept">, { enrolment_token: string }>;
export type Enrolment = Pick<Accepted, "enrolment_token" | "methods">;

/** Shows the choice of a first second factor, which opens the session. */
export function toFirstFactor(enrolment: Enrolment): Promise<unknown> {
  return show(() => <FirstFactor {...enrolment} />);
}

function FirstFactor(enrolment: Enrolment) {
  const { enrolment_token, methods } = enrolment;
  const words = wordsOf(SIGN_IN);
  const { passkey, passkeysMissing, setUpPasskey, setUpTotp, totp } = pageWords();
  const enrolling: Enrolling = {
    post: async <O extends Operation>(operation: O, body: Operations[O]["body"]) => {
      try {
        return await api.open(operation, body, enrolment_token);
      } catch (error) {
        if (!problemOf(error).isAboutToken) throw error;
        await toSignIn(words.enrolOver);
        throw new Problem("cancelled");
      }
    },
    done: async (answer) => {
      if (!isTokens(answer)) throw new Problem("failed");
      const { recovery_codes } = answer as Answer<"POST /v1/auth/totp/confirm">;
      await show(() => <Codes codes={recovery_codes ?? []} onKept={enter} />);
    },
    back: () => void toFirstFactor(enrolment),
  };
  const byTotp = () =>
    show(async () => <TotpForm enrolling={enrolling} secret={await enrolling.post("POST /v1/auth/totp/enrol", {})} />);
  const byPasskey = () => show(() => <PasskeyForm enrolling={enrolling} />);
  return (
    <section class="card">
      <Heading>{words.enrolTitle}</Heading>
      <p>{words.enrolText}</p>
      {methods.includes("passkey") && (
        <div class="choice">
          <h2>{passkey}</h2>
          <p>{words.passkeyText}</p>
          {passkeys.arePossible()
            ? <button type="button" class="primary" onClick={byPasskey}>{setUpPasskey}</button>
            : <p class="hint">{passkeysMissing}</p>}
        </div>
      )}
      {methods.includes("totp") && (
        <div class="choice">
          <h2>{totp}</h2>
          <p>{words.totpText}</p>
          <button type="button" class="primary" onClick={byTotp}>{setUpTotp}</button>
        </div>
      )}
    </section>
  );
}
