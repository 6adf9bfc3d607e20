import { type Answer, api, attempt, date, pageWords, Part, showPage, SmallButton, wordsOf } from "../kit.ts";
import { ACCOUNT } from "./words.ts";

type Session = Answer<"GET /v1/auth/sessions">["items"][number];

export function Sessions({ sessions }: { sessions: Session[] }) {
  const words = wordsOf(ACCOUNT);
  const ordered = [...sessions.filter(({ current }) => current), ...sessions.filter(({ current }) => !current)];
  const endOthers = () =>
    void attempt(async () => {
      await api.call("DELETE /v1/auth/sessions");
      await showPage(words.othersEnded);
    });
  return (
    <Part title={words.sessions}>
      <ul class="rows">{ordered.map((session) => <SessionRow key={session.id} session={session} />)}</ul>
      {sessions.length > 1
        ? <div class="buttons"><button type="button" class="secondary" onClick={endOthers}>{words.endOthers}</button></div>
        : <p class="hint">{words.noOthers}</p>}
    </Part>
  );
}

function SessionRow({ session: { id, current, created_at, last_used_at, amr } }: { session: Session }) {
  const words = wordsOf(ACCOUNT);
  const started = date(created_at);
  const methods = [...new Set(amr.map((method) => words.method[method]).filter((word) => word !== undefined))];
  const about = [pageWords().lastUsed(date(last_used_at))];
  if (methods.length > 0) about.push(words.by(methods.join(", ")));
  if (current) about.unshift(words.started(started));
  const end = () =>
    void attempt(async () => {
      await api.call("DELETE /v1/auth/sessions/{id}", { path: { id } });
      await showPage(words.sessionEnded);
    });
  return (
    <li>
      <div><strong>{current ? words.thisSession : words.started(started)}</strong><p class="hint">{about.join(" · ")}</p></div>
      {!current && <div class="buttons"><SmallButton label={words.endSession} of={started} onClick={end} /></div>}
    </li>
  );
}
