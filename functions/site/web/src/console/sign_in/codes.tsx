import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { download } from "../../download.ts";
import { CopyButton } from "../components/copy.tsx";
import { Form, newId } from "../components/form.tsx";
import { Heading } from "../components/part.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { SIGN_IN } from "./words.ts";

/** Recovery codes, which nobody can show again: the way on is a tick that says that they are kept. */
export function Codes({ codes, onKept }: { codes: string[]; onKept: () => Promise<void> }) {
  const words = wordsOf(SIGN_IN);
  const text = `${codes.join("\n")}\n`;
  const error = useSignal("");
  const box = useRef<HTMLInputElement>(null);
  const errorId = useRef(newId()).current;
  const goOn = async () => {
    if (box.current?.checked) return onKept();
    error.value = words.keptRequired;
    box.current?.focus();
  };
  const save = () => download("sotto-recovery-codes.txt", "text/plain", `${words.codesFile(location.host)}\n\n${text}`);
  return (
    <section class="card">
      <Heading>{words.codesTitle}</Heading>
      <p>{words.codesText}</p>
      <ul class="codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div class="buttons">
        <CopyButton label={pageWords().copy} text={() => text} />
        <button type="button" class="secondary" onClick={save}>{words.download}</button>
      </div>
      <Form submit={pageWords().next} onSubmit={goOn}>
        <div class="field">
          <label class="check">
            <input ref={box} type="checkbox" aria-describedby={errorId} onChange={() => (error.value = "")} />
            <span>{words.kept}</span>
          </label>
          <p id={errorId} class="error" role="alert">{error}</p>
        </div>
      </Form>
    </section>
  );
}
