import { useMemo } from "preact/hooks";
import type { Operations } from "../contract.ts";
import { Field, Form, Input } from "../components/form.tsx";
import { Heading } from "../components/part.tsx";
import { api } from "../session.ts";
import { pageWords, wordsOf } from "../words.ts";
import type { InvitationLink } from "./invitation_link.ts";
import { goOn } from "./next_step.tsx";
import { knownPassword, NewPassword, newPassword, PasswordInput } from "./password.tsx";
import { SIGN_IN } from "./words.ts";

export function Invitation({ token, purpose }: InvitationLink) {
  const words = wordsOf(SIGN_IN);
  const shared = pageWords();
  const [title, text] = {
    account: [words.invitationTitle, words.invitationText],
    password: [words.resetPasswordTitle, words.resetPasswordText],
    second_factor: [words.resetFactorTitle, words.resetFactorText],
  }[purpose] as [string, string];
  // A person who was reset has a name already.
  const isNew = purpose === "account";
  const [name, password] = useMemo(
    () => [
      new Field({
        name: "name",
        label: shared.name,
        hint: words.nameHint,
        attributes: { autocomplete: "name", required: true, maxlength: "100" },
      }),
      purpose === "second_factor" ? knownPassword(shared.password) : newPassword("password"),
    ] as const,
    [],
  );
  const over = words.invitationOver;
  const accept = async () => {
    // The document asks for a name; the server takes none from somebody who was reset.
    const accepted = { invitation_token: token, password: password.value, ...(isNew && { name: name.value.trim() }) };
    await goOn(await api.open("POST /v1/auth/invitations/accept", accepted as Operations["POST /v1/auth/invitations/accept"]["body"]));
  };
  return (
    <section class="card">
      <Heading>{title}</Heading>
      <p>{text}</p>
      <Form
        submit={shared.next}
        fields={isNew ? [name, password] : [password]}
        inputs={
          <>
            {isNew && <Input field={name} />}
            {purpose === "second_factor" ? <PasswordInput field={password} /> : <NewPassword field={password} />}
          </>
        }
        meaning={{ token_invalid: over, token_expired: over, token_revoked: over, not_found: over, conflict: over }}
        onSubmit={accept}
      />
    </section>
  );
}
