import { useMemo } from "preact/hooks";
import { openDialog } from "../components/dialog.tsx";
import { Form } from "../components/form.tsx";
import * as passkeys from "../passkeys.ts";
import { Problem } from "../problem.ts";
import { api, me } from "../session.ts";
import { pageWords, wordsOf } from "../words.ts";
import { shownPasskey } from "./by_passkey.ts";
import { codeField, digits } from "./fields.ts";
import { SIGN_IN } from "./words.ts";

let asked: Promise<void> | null = null;

/** Shows a second factor again, for a call that asks for it. Several calls ask together. Rejects if the person turns back. */
export function stepUp(): Promise<void> {
  asked ??= new Promise<void>((resolve, reject) => {
    const { stepUpTitle: title, stepUpText: text } = pageWords();
    openDialog({
      title,
      text,
      body: (close) => <Proof onDone={() => (resolve(), close())} onCancel={close} />,
      // After the call that asked was repeated this changes nothing any more.
      onClose: () => reject(new Problem("cancelled")),
    });
  }).finally(() => (asked = null));
  return asked;
}

function Proof({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const words = pageWords();
  const methods = me()?.mfa ?? [];
  const hasTotp = methods.includes("totp");
  const code = useMemo(codeField, []);
  const prove = async (proof: Parameters<typeof api.stepUp>[0]) => {
    await api.stepUp(proof);
    onDone();
  };
  const cancel = <button type="button" class="secondary" onClick={onCancel}>{words.cancel}</button>;
  const byCode = () => prove({ code: digits(code) });
  const byPasskey = async () => prove({ credential: await shownPasskey() });
  if (!hasTotp && !(methods.includes("passkey") && passkeys.arePossible())) {
    return <><p>{words.passkeysMissing}</p><div class="buttons">{cancel}</div></>;
  }
  return (
    <>
      {hasTotp && <Form submit={words.confirm} fields={[code]} beside={cancel} onSubmit={byCode} />}
      {methods.includes("passkey") && passkeys.arePossible() && (
        <>
          {hasTotp && <p class="or">{words.or}</p>}
          <Form submit={wordsOf(SIGN_IN).usePasskey} beside={hasTotp ? null : cancel} onSubmit={byPasskey} />
        </>
      )}
    </>
  );
}
