import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import { isTokens } from "../api.ts";
import type { Enrolment, Pending } from "../contract.ts";
import { Field, formOf } from "../form.ts";
import * as passkeys from "../passkeys.ts";
import { Problem, problemOf } from "../problem.ts";
import { enrolmentOf, enrolView } from "./enrol.ts";
import { knownPassword } from "./password.ts";
import { secondFactorView } from "./second_factor.ts";

/** How long a challenge is offered in the field before it is replaced: the server forgets it after five minutes. */
const CHALLENGE_MS = 4 * 60_000;

export function signInView(app: App): HTMLElement {
  const { words } = app;
  const email = new Field(words, {
    name: "email",
    label: words.email,
    attributes: { type: "email", autocomplete: "username webauthn", required: true, maxlength: "254", spellcheck: "false" },
    check: (value) => (/^\S+@\S+$/.test(value.trim()) ? null : words.emailFormat),
  });
  const password = knownPassword(words, "password", words.password);
  const form = formOf({
    words,
    submit: words.signIn,
    fields: [email, password],
    onSubmit: async () => {
      const answer = await app.api.open<Pending | Enrolment>("/v1/auth/login", {
        email: email.value.trim(),
        password: password.value,
      });
      await goOn(app, answer);
    },
  });
  const section = h("section", { class: "card" }, headingOf(words.signInTitle), form);
  if (passkeys.arePossible()) {
    const waiting = offerInField(app, email.input);
    const passkey = button(words.withPasskey, "secondary wide", () =>
      void app.attempt(async () => {
        waiting.stop();
        try {
          await signInByPasskey(app);
        } catch (error) {
          waiting.start();
          throw error;
        }
      }),
    );
    section.append(h("p", { class: "or" }, words.or), passkey);
  }
  return section;
}

/** The next step of a sign-in by password: the second factor, or setting one up. */
export function goOn(app: App, answer: Pending | Enrolment): Promise<void> {
  return "mfa_token" in answer
    ? app.show(() => secondFactorView(app, answer))
    : app.show(() => enrolView(app, enrolmentOf(app, answer)));
}

/** One passkey is two factors: what the person has, and what the device asks them. */
export async function signInByPasskey(app: App, signal?: AbortSignal): Promise<void> {
  const { publicKey } = await app.api.open<{ publicKey: PublicKeyCredentialRequestOptionsJSON }>(
    "/v1/auth/passkeys/login/start",
    {},
  );
  const credential = await passkeys.show(publicKey, signal);
  const answer = await app.api.open("/v1/auth/passkeys/login/finish", { credential });
  if (!isTokens(answer)) throw new Problem("failed");
  await app.enter();
}

/** Passkeys among what the browser fills into the field, for as long as the view is shown. */
function offerInField(app: App, field: HTMLInputElement): { start(): void; stop(): void } {
  const { leaving } = app;
  let offer = new AbortController();
  let startedAt = 0;
  const start = async () => {
    if (leaving.aborted || !(await passkeys.areOfferedInFields())) return;
    offer = new AbortController();
    startedAt = Date.now();
    const { signal } = offer;
    try {
      await signInByPasskey(app, AbortSignal.any([signal, leaving]));
    } catch (error) {
      // Nobody asked for this yet: a server out of reach is said when they do. What was chosen and refused is said.
      const { code } = problemOf(error);
      if (!signal.aborted && (code === "code_invalid" || code === "credentials_invalid")) app.complain(error);
    }
  };
  const stop = () => offer.abort();
  field.addEventListener("focus", () => {
    if (startedAt === 0 || Date.now() - startedAt < CHALLENGE_MS) return;
    stop();
    void start();
  });
  void start();
  return { start: () => void start(), stop };
}
