import { api, attempt, Heading, List, meNow, named, newId, date, type Open, pageWords, Part, type Row, signOut, wordsOf } from "../kit.ts";
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
  const notice = resetNotice(person);
  const id = notice ? newId() : undefined;
  return (
    <div class="page">
      <Heading describedBy={id}>{wordsOf(ACCOUNT).title}</Heading>
      {notice && <p id={id} class="notice"><strong>{notice}</strong> {wordsOf(ACCOUNT).notAsked}</p>}
      <Profile person={person} />
      <Factors {...factors} />
      <Sessions sessions={sessions} />
    </div>
  );
};

/** Says to whoever has just come in that an admin took something of theirs away. */
function resetNotice({ reset }: Answer<"GET /v1/auth/me">): string | undefined {
  return reset ? wordsOf(ACCOUNT).wasReset[reset.what]?.(date(reset.at)) : undefined;
}

function Profile({ person: { name, email, roles } }: { person: Answer<"GET /v1/auth/me"> }) {
  const words = wordsOf(ACCOUNT);
  const shared = pageWords();
  const rows: Row[] = [
    [shared.name, name],
    [shared.email, email],
    [shared.roles, roles.map((role) => named(shared.role, role)).join(", ")],
  ];
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
