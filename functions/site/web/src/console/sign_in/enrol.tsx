import { useMemo } from "preact/hooks";
import type { Answer, Operation } from "../client.ts";
import type { Operations } from "../contract.ts";
import { CopyButton } from "../components/copy.tsx";
import { Field, Form } from "../components/form.tsx";
import { Heading } from "../components/part.tsx";
import * as passkeys from "../passkeys.ts";
import { pageWords, wordsOf } from "../words.ts";
import { codeField, digits } from "./fields.ts";
import { SIGN_IN } from "./words.ts";

/** Setting up a second factor: the first one, or one more. */
export interface Enrolling {
  post<O extends Operation>(operation: O, body: Operations[O]["body"]): Promise<Answer<O>>;
  /** It is set up. */
  done(answer: unknown): Promise<void>;
  back(): void;
}

function Back({ enrolling }: { enrolling: Enrolling }) {
  return <button type="button" class="secondary" onClick={() => enrolling.back()}>{pageWords().back}</button>;
}

interface TotpProps {
  enrolling: Enrolling;
  secret: Answer<"POST /v1/auth/totp/enrol">;
}

export function TotpForm({ enrolling, secret: { secret, qr_svg } }: TotpProps) {
  const words = wordsOf(SIGN_IN);
  const { setUpTotp, copy, confirm } = pageWords();
  const code = useMemo(codeField, []);
  const finish = async () => enrolling.done(await enrolling.post("POST /v1/auth/totp/confirm", { code: digits(code) }));
  // As a picture it is data: no markup of it gets into the page, and no script of it runs.
  const picture = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(qr_svg)}`;
  return (
    <section class="card">
      <Heading>{setUpTotp}</Heading>
      <p>{words.totpStep1}</p>
      <img class="qr" src={picture} alt={words.qr} width="200" height="200" />
      <p class="secret">
        <span class="label">{words.secret}</span>
        <code>{secret.match(/.{1,4}/g)?.join(" ") ?? secret}</code>
      </p>
      <div class="buttons"><CopyButton label={copy} text={() => secret} /></div>
      <p>{words.totpStep2}</p>
      <Form submit={confirm} fields={[code]} beside={<Back enrolling={enrolling} />} onSubmit={finish} />
    </section>
  );
}

export function PasskeyForm({ enrolling }: { enrolling: Enrolling }) {
  const words = wordsOf(SIGN_IN);
  const name = useMemo(
    () =>
      new Field({
        name: "name",
        label: words.passkeyName,
        hint: words.passkeyNameHint,
        attributes: { autocomplete: "off", maxlength: "60" },
      }),
    [],
  );
  const make = async () => {
    const chosen = { name: name.value.trim() || null };
    const { publicKey } = await enrolling.post("POST /v1/auth/passkeys/register/start", chosen);
    const credential = await passkeys.make(publicKey as PublicKeyCredentialCreationOptionsJSON);
    await enrolling.done(await enrolling.post("POST /v1/auth/passkeys/register/finish", { credential, ...chosen }));
  };
  return (
    <section class="card">
      <Heading>{pageWords().setUpPasskey}</Heading>
      <p>{words.passkeyStep}</p>
      <Form submit={words.makePasskey} fields={[name]} beside={<Back enrolling={enrolling} />} onSubmit={make} />
    </section>
  );
}
