import { api, attempt, Changes, date, Heading, List, meNow, named, type Open, pageWords, Part, RESET_NOTICE, ResetNotice, type Row, signOut, wordsOf } from "../kit.ts";
import type { Answer } from "../kit.ts";
import { Link } from "../link.tsx";
import { Factors } from "./factors.tsx";
import { Sessions } from "./sessions.tsx";
import { ACCOUNT } from "./words.ts";

export const open: Open = async () => {
  const [factors, sessions, person] = await Promise.all([
    api.call("GET /v1/auth/factors"),
    api.list("GET /v1/auth/sessions"),
    meNow(),
  ]);
  return (
    <div class="page">
      <Heading describedBy={person.reset ? RESET_NOTICE : undefined}>{wordsOf(ACCOUNT).title}</Heading>
      <ResetNotice person={person} />
      <Profile person={person} />
      <Factors {...factors} />
      <Sessions sessions={sessions} />
      <Changes person={person} />
    </div>
  );
};

function Profile({ person: { name, email, roles, ends_at } }: { person: Answer<"GET /v1/auth/me"> }) {
  const words = wordsOf(ACCOUNT);
  const shared = pageWords();
  const rows: Row[] = [
    [shared.name, name],
    [shared.email, email],
    [shared.roles, roles.map((role) => named(shared.role, role)).join(", ")],
  ];
  if (ends_at) rows.push([words.ends, date(ends_at)]);
  const out = (everywhere: boolean) => void attempt(() => signOut(everywhere));
  return (
    <Part title={words.profile}>
      <List rows={rows} />
      <div class="buttons">
        <Link to="/account/password" class="secondary">{words.changePassword}</Link>
        <button type="button" class="secondary" onClick={() => out(false)}>{shared.signOut}</button>
        <button type="button" class="secondary" onClick={() => out(true)}>{shared.signOutEverywhere}</button>
      </div>
    </Part>
  );
}
