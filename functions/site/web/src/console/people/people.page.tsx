import { api, ask, attempt, AUDITOR, CoolingNotice, date, Heading, isPast, me, named, type Open, pageWords, showPage, SmallButton, wordsOf } from "../kit.ts";
import { Invitations } from "./invitations.tsx";
import { changeRoles, invite, type Person, remove, reset } from "./questions.tsx";
import { PEOPLE } from "./words.ts";


/** For admins: who may sign in, and what they may do. */
export const open: Open = async ({ page }) => {
  const words = wordsOf(PEOPLE);
  // One after the other: a second factor that has to be shown again is asked for once.
  const people = await api.list("GET /v1/auth/staff");
  const invitations = await api.list("GET /v1/auth/invitations");
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <CoolingNotice page={page} />
      <p>{words.peopleText}</p>
      <div class="buttons"><button type="button" class="primary" onClick={invite}>{words.invite}</button></div>
      <section class="part" aria-label={words.title}>
        <ul class="rows">{people.map((person) => <PersonRow key={person.id} person={person} />)}</ul>
      </section>
      <Invitations invitations={invitations} people={people} />
    </div>
  );
};

function PersonRow({ person }: { person: Person }) {
  const words = wordsOf(PEOPLE);
  const { id, email, roles, status, mfa, locked_until, ends_at } = person;
  const name = person.name || email;
  const isMe = id === me()?.id;
  const isDisabled = status === "disabled";
  const hasEnded = Boolean(ends_at && isPast(ends_at));
  const marks = [isDisabled ? words.disabled : mfa.length === 0 ? words.notSetUp : words.active];
  if (ends_at) marks.push((hasEnded ? words.ended : words.ends)(date(ends_at)));
  if (locked_until) marks.push(words.lockedUntil(date(locked_until)));
  if (person.reset_pending) marks.push(named(words.pending, person.reset_pending));
  const change = async (body: { unlock: boolean } | { disabled: boolean }) => {
    await api.call("PATCH /v1/auth/staff/{id}", { path: { id }, body });
    await showPage(words.changed(name));
  };
  const disable = () =>
    ask({ title: words.disableOf(name), text: words.disableText, submit: words.disable, onSubmit: () => change({ disabled: true }) });
  return (
    <li>
      <div>
        <strong>{isMe ? `${name} (${words.you})` : name}</strong>
        <p class="hint">{(person.name ? [email, ...marks] : marks).join(" · ")}</p>
        <p class="roles">{roles.map((role) => <span key={role}>{named(pageWords().role, role)}</span>)}</p>
      </div>
      <div class="buttons">
        {!roles.includes(AUDITOR) && <SmallButton label={words.changeRoles} of={name} onClick={() => changeRoles(person, name)} />}
        <SmallButton label={words.reset} of={name} onClick={() => reset(person, name)} />
        {locked_until && <SmallButton label={words.unlock} of={name} onClick={() => void attempt(() => change({ unlock: true }))} />}
        {isDisabled && !hasEnded && <SmallButton label={words.enable} of={name} onClick={() => void attempt(() => change({ disabled: false }))} />}
        {!isDisabled && !isMe && <SmallButton label={words.disable} of={name} onClick={disable} />}
        {!isMe && <SmallButton label={words.delete} of={name} onClick={() => remove(person, name)} />}
      </div>
    </li>
  );
}
