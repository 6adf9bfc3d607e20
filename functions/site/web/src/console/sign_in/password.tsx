import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Field, Input } from "../components/form.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { SIGN_IN } from "./words.ts";

const LEAST_LENGTH = 15;

export function knownPassword(label: string): Field {
  return new Field({ name: "password", label, attributes: { required: true, autocomplete: "current-password" } });
}

export function newPassword(name: string): Field {
  const { newPassword: label, passwordHint: hint } = wordsOf(SIGN_IN);
  return new Field({
    name,
    label,
    hint,
    attributes: { required: true, autocomplete: "new-password", passwordrules: `minlength: ${LEAST_LENGTH}; maxlength: 128;` },
    // Characters, as the server counts them, and not the browser's units of 16 bits.
    check: (value) => (lengthOf(value) < LEAST_LENGTH ? pageWords().tooShort(LEAST_LENGTH) : null),
  });
}

/** A password, with a box that shows it. */
export function PasswordInput({ field, onInput, children }: { field: Field; onInput?: () => void; children?: ComponentChildren }) {
  const isShown = useSignal(false);
  return (
    <Input field={field} type={isShown.value ? "text" : "password"} {...(onInput && { onInput })}>
      <label class="check">
        <input type="checkbox" onChange={(event) => (isShown.value = event.currentTarget.checked)} />
        <span>{wordsOf(SIGN_IN).showPassword}</span>
      </label>
      {children}
    </Input>
  );
}

/** A password that is being chosen, with its length while that is too short. */
export function NewPassword({ field }: { field: Field }) {
  const length = useSignal(0);
  const isShort = length.value > 0 && length.value < LEAST_LENGTH;
  return (
    <PasswordInput field={field} onInput={() => (length.value = lengthOf(field.value))}>
      <p class="hint">{isShort ? wordsOf(SIGN_IN).passwordLength(length.value) : ""}</p>
    </PasswordInput>
  );
}

function lengthOf(password: string): number {
  return [...password.normalize("NFC")].length;
}
