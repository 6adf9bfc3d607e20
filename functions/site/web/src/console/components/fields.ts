import { pageWords } from "../words.ts";
import { Field } from "./form.tsx";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const SHORTEST_REASON = 8;
const LONGEST_REASON = "200";

export function isId(text: string): boolean {
  return UUID.test(text);
}

interface Options {
  label: string;
  hint: string;
  value?: string | undefined;
}

/** Why something is done, in one's own words, as long as the server takes them. */
export function reasonField({ label, hint, value, isRequired }: Options & { isRequired: boolean }): Field {
  return new Field({
    name: "reason",
    label,
    hint,
    value: value ?? "",
    attributes: { required: isRequired, autocomplete: "off", maxlength: LONGEST_REASON },
    check: (text) => {
      const { length } = text.trim();
      const isEnough = length >= SHORTEST_REASON || (length === 0 && !isRequired);
      return isEnough ? null : pageWords().tooShort(SHORTEST_REASON);
    },
  });
}

/** A field for the id of a person or a conversation. */
export function idField({ label, hint, value }: Options): Field {
  return new Field({
    name: "id",
    label,
    hint,
    value: value ?? "",
    attributes: { required: true, autocomplete: "off", spellcheck: false, maxlength: "36" },
    check: (text) => (isId(text.trim()) ? null : pageWords().idFormat),
  });
}
