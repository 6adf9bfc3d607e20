import { Field } from "../components/form.tsx";
import { pageWords, wordsOf } from "../words.ts";
import { SIGN_IN } from "./words.ts";

export function emailField(attributes: Record<string, string | boolean>): Field {
  const { email, emailFormat } = pageWords();
  return new Field({
    name: "email",
    label: email,
    attributes: { type: "email", required: true, maxlength: "254", spellcheck: false, ...attributes },
    check: (value) => (/^\S+@\S+$/.test(value.trim()) ? null : emailFormat),
  });
}

export function codeField(): Field {
  const words = wordsOf(SIGN_IN);
  return new Field({
    name: "code",
    label: words.code,
    hint: words.codeHint,
    attributes: {
      class: "code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      // Room for the blanks that are pasted with it.
      maxlength: "16",
      required: true,
      spellcheck: false,
    },
    check: (value) => (/^\d{6}$/.test(value.replace(/\s/g, "")) ? null : pageWords().codeFormat),
  });
}

/** The digits of a code, however they were typed. */
export function digits(field: Field): string {
  return field.value.replaceAll(/\s/g, "");
}
