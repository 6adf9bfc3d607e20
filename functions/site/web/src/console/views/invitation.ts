import { h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import type { Enrolment, Invitation, Pending } from "../contract.ts";
import { Field, formOf } from "../form.ts";
import { knownPassword, newPassword } from "./password.ts";
import { goOn } from "./sign_in.ts";

/** What a link is for. The server knows by the token; the link says it so that the page asks for the right password. */
export type Purpose = "account" | "second_factor" | "password";

export interface InvitationLink {
  token: string;
  purpose: Purpose;
}

/** Takes the token out of the address before anything else is done: it shall be in no history and no bookmark. */
export function takeInvitation(): InvitationLink | null {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const token = parameters.get("invitation");
  if (!token) return null;
  history.replaceState(null, "", location.pathname + location.search);
  const reset = parameters.get("reset");
  return { token, purpose: reset === "second_factor" || reset === "password" ? reset : "account" };
}

export function linkOf({ invitation_token }: Invitation, purpose: Purpose): string {
  const parameters = new URLSearchParams({ invitation: invitation_token });
  if (purpose !== "account") parameters.set("reset", purpose);
  return `${location.origin}/console#${parameters}`;
}

export function invitationView(app: App, { token, purpose }: InvitationLink): HTMLElement {
  const { words } = app;
  const [title, text] = {
    account: [words.invitationTitle, words.invitationText],
    password: [words.resetPasswordTitle, words.resetPasswordText],
    second_factor: [words.resetFactorTitle, words.resetFactorText],
  }[purpose] as [string, string];
  const name = new Field(words, {
    name: "name",
    label: words.name,
    hint: words.nameHint,
    attributes: { autocomplete: "name", required: true, maxlength: "100" },
  });
  const password = purpose === "second_factor" ? knownPassword(words, "password", words.password) : newPassword(words, "password");
  // Whoever was reset has a name already.
  const isNew = purpose === "account";
  const over = words.invitationOver;
  const form = formOf({
    words,
    submit: words.next,
    fields: isNew ? [name, password] : [password],
    meaning: { token_invalid: over, token_expired: over, token_revoked: over, not_found: over, conflict: over },
    onSubmit: async () => {
      const accepted = { invitation_token: token, password: password.value, ...(isNew && { name: name.value.trim() }) };
      await goOn(app, await app.api.open<Pending | Enrolment>("/v1/auth/invitations/accept", accepted));
    },
  });
  return h("section", { class: "card" }, headingOf(title), h("p", {}, text), form);
}
