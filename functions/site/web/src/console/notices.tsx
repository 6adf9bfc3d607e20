import type { Answer } from "./client.ts";
import { Part } from "./components/part.tsx";
import { Link } from "./link.tsx";
import { date, named, pageWords } from "./words.ts";

type Person = Answer<"GET /v1/auth/me">;
type Notice = Person["notices"][number];

/** Id of the notice of a reset; the heading above it is described by it. */
export const RESET_NOTICE = "reset";

/** How many changes the overview shows: the rest is in the account. */
const FEW = 3;

/** Tells somebody who has just signed in that an admin reset a factor of theirs. */
export function ResetNotice({ person: { reset } }: { person: Person }) {
  const { notAsked, wasReset } = pageWords();
  const text = reset && wasReset[reset.what]?.(date(reset.at));
  return text ? <p id={RESET_NOTICE} class="notice"><strong>{text}</strong> {notAsked}</p> : null;
}

/** The account's changes in 30 days, by whom and when: all, or the newest and a link to all. */
export function Changes({ person, isShort }: { person: Person; isShort?: boolean }) {
  const words = pageWords();
  const { notices, id } = person;
  if (isShort && notices.length === 0) return null;
  const shown = isShort ? notices.slice(0, FEW) : notices;
  return (
    <Part title={words.changes}>
      {shown.length > 0 ? <p>{words.changesText}</p> : <p class="hint">{words.noChanges}</p>}
      <ul class="rows">
        {shown.map((notice, i) => (
          <li key={i}>
            <div>
              <strong>{named(words.change, notice.kind)}</strong>
              <p class="hint">{date(notice.at)} · {actorOf(notice, id)}</p>
            </div>
          </li>
        ))}
      </ul>
      {shown.length < notices.length && <p><Link to="/account" class="link">{words.allChanges(notices.length)}</Link></p>}
    </Part>
  );
}

function actorOf({ by, by_name }: Notice, own: string): string {
  const words = pageWords();
  if (!by) return words.byOperator;
  if (by === own) return words.byYourself;
  return by_name ? words.byPerson(by_name) : words.byDeleted;
}
