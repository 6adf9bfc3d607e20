import { type Answer, api, ask, beginningOf, Choice, Choices, CopyButton, date, daysAhead, emailField, Field, Input, linkOf, me, named, type Option, pageWords, type Purpose, showPage, tell, wordsOf } from "../kit.ts";
import { INVITED, RoleBoxes, RoleChoice, ROLES } from "./roles.tsx";
import { PEOPLE } from "./words.ts";

export type Person = Answer<"GET /v1/auth/staff">["items"][number];

export function invite(): void {
  const words = wordsOf(PEOPLE);
  const email = emailField({ autocomplete: "off" });
  // None is chosen beforehand, or people get a role that nobody meant them to have.
  const roles = new RoleChoice(INVITED, []);
  const endsOn = endsOnField(roles);
  ask({
    title: words.invite,
    fields: [email, endsOn],
    inputs: <Input field={email} />,
    children: <><RoleBoxes of={roles} /><EndsOn of={roles} field={endsOn} /></>,
    submit: words.inviteSend,
    onSubmit: async () => {
      const person = { email: email.value.trim(), roles: roles.chosen(), ...(roles.isAuditor() && { ends_at: beginningOf(endsOn.value) }) };
      const { invitation_token, expires_at } = await api.call("POST /v1/auth/invitations", { body: person });
      await showPage();
      handOver(person.email, invitation_token, expires_at, "account");
    },
  });
}

/** The day on which an auditor's access ends. Nobody else's does. */
function endsOnField(roles: RoleChoice): Field {
  const { endsOn, endsOnHint, endsOnFormat } = wordsOf(PEOPLE);
  const [min, max] = [daysAhead(1), daysAhead(30)];
  return new Field({
    name: "ends_at",
    label: endsOn,
    hint: endsOnHint,
    value: daysAhead(14),
    attributes: { type: "date", min, max },
    check: (day) => (!roles.isAuditor() || (!Number.isNaN(Date.parse(day)) && day >= min && day <= max) ? null : endsOnFormat),
  });
}

function EndsOn({ of: roles, field }: { of: RoleChoice; field: Field }) {
  return roles.isAuditor() ? <Input field={field} /> : null;
}

export function changeRoles({ id, roles: held }: Person, name: string): void {
  const words = wordsOf(PEOPLE);
  const roles = new RoleChoice(ROLES, held);
  ask({
    title: words.changeRolesOf(name),
    children: <RoleBoxes of={roles} />,
    submit: pageWords().save,
    // Nobody takes the admin's role from themselves.
    meaning: id === me()?.id ? { conflict: words.anotherAdmin } : {},
    onSubmit: async () => {
      await api.call("PATCH /v1/auth/staff/{id}", { path: { id }, body: { roles: roles.chosen() } });
      await showPage(words.changed(name));
    },
  });
}

export function remove({ id }: Person, name: string): void {
  const words = wordsOf(PEOPLE);
  ask({
    title: words.deleteOf(name),
    text: words.deleteText,
    submit: words.delete,
    onSubmit: async () => {
      await api.call("DELETE /v1/auth/staff/{id}", { path: { id } });
      await showPage(words.deleted(name));
    },
  });
}

export function reset({ id, mfa, email, reset_pending }: Person, name: string): void {
  const words = wordsOf(PEOPLE);
  const options: Option<Purpose & ("second_factor" | "password")>[] = [
    { value: "second_factor", label: words.resetFactor, hint: words.resetFactorHint },
  ];
  // Only with a second factor: somebody who has none would have nothing left to prove who they are.
  if (mfa.length > 0) options.push({ value: "password", label: words.resetPassword, hint: words.resetPasswordHint });
  // The other one is all that is left to know them by.
  const possible = options.filter(({ value }) => !reset_pending || value === reset_pending);
  const choice = new Choice(words.resetWhat, possible, reset_pending === "password" ? "password" : "second_factor");
  ask({
    title: words.resetOf(name),
    text: words.resetText,
    children: <>{reset_pending && <p class="notice">{named(words.pendingText, reset_pending)}</p>}<Choices of={choice} /></>,
    submit: words.reset,
    meaning: { conflict: id === me()?.id ? words.anotherAdmin : words.resetTwice },
    onSubmit: async () => {
      const what = choice.value;
      const { invitation_token, expires_at } = await api.call("PATCH /v1/auth/staff/{id}", { path: { id }, body: { reset: what } });
      await showPage();
      handOver(email, invitation_token ?? "", expires_at ?? "", what);
    },
  });
}

/** The link is shown to the admin, who gives it to the person: the server sends no mail. */
function handOver(email: string, token: string, expiresAt: string, purpose: Purpose): void {
  const words = wordsOf(PEOPLE);
  const url = linkOf(token, purpose);
  const link = new Field({ name: "link", label: words.link, value: url, attributes: { readonly: true } });
  tell(
    words.linkTitle,
    <>
      <p>{words.linkText(email)}</p>
      <Input field={link} onFocus={() => link.input?.select()} />
      <p class="hint">{words.validUntil(date(expiresAt))}</p>
    </>,
    <CopyButton label={words.copyLink} text={() => url} />,
  );
}
