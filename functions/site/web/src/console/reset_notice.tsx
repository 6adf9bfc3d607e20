import type { Answer } from "./client.ts";
import { date, pageWords } from "./words.ts";

/** Id of the notice; the heading above it is described by it. */
export const RESET_NOTICE = "reset";

/** Says to whoever has just come in that an admin took something of theirs away. */
export function ResetNotice({ person: { reset } }: { person: Answer<"GET /v1/auth/me"> }) {
  const { notAsked, wasReset } = pageWords();
  const text = reset && wasReset[reset.what]?.(date(reset.at));
  return text ? <p id={RESET_NOTICE} class="notice"><strong>{text}</strong> {notAsked}</p> : null;
}
