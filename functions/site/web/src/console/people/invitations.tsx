import { type Answer, api, ask, date, named, pageWords, Part, showPage, SmallButton, wordsOf } from "../kit.ts";
import type { Person } from "./questions.tsx";
import { PEOPLE } from "./words.ts";

type Invitation = Answer<"GET /v1/auth/invitations">["items"][number];

/** The people who were invited and have not accepted yet. The link itself was shown once. */
export function Invitations({ invitations, people }: { invitations: Invitation[]; people: Person[] }) {
  const words = wordsOf(PEOPLE);
  return (
    <Part title={words.invitations}>
      {invitations.length > 0
        ? <ul class="rows">{invitations.map((one) => <InvitationRow key={one.id} one={one} people={people} />)}</ul>
        : <p class="hint">{words.noInvitations}</p>}
    </Part>
  );
}

function InvitationRow({ one, people }: { one: Invitation; people: Person[] }) {
  const words = wordsOf(PEOPLE);
  const { email, roles, invited_at, expires_at, ends_at, by } = one;
  const inviter = people.find(({ id }) => id === by);
  const who = by === null ? words.operator : inviter?.name || inviter?.email || words.deletedAdmin;
  return (
    <li>
      <div>
        <strong>{email}</strong>
        <p class="hint">{words.invitedBy(date(invited_at), who)} · {words.validUntil(date(expires_at))}{ends_at && ` · ${words.ends(date(ends_at))}`}</p>
        <p class="roles">{roles.map((role) => <span key={role}>{named(pageWords().role, role)}</span>)}</p>
      </div>
      <div class="buttons"><SmallButton label={words.withdraw} of={email} onClick={() => withdraw(one)} /></div>
    </li>
  );
}

function withdraw({ id, email }: Invitation): void {
  const words = wordsOf(PEOPLE);
  ask({
    title: words.withdrawOf(email),
    text: words.withdrawText,
    submit: words.withdrawSend,
    meaning: { not_found: words.notWaiting },
    onSubmit: async () => {
      await api.call("DELETE /v1/auth/invitations/{id}", { path: { id } });
      await showPage(words.withdrawn(email));
    },
  });
}
