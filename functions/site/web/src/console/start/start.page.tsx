import { type Answer, api, Changes, day, daysUntil, fromWhen, Heading, Link, List, meNow, named, type Open, pageWords, Part, RESET_NOTICE, ResetNotice, restsUntil, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { SetUp, siteState } from "./set_up.tsx";
import { START } from "./words.ts";

/** Links to the tasks that somebody's roles let them do. */
export const open: Open = async ({ places }) => {
  const words = wordsOf(START);
  const { role, roleText, start } = pageWords();
  const security = places.find(({ name }) => name === "security");
  const [person, state, serious] = await Promise.all([meNow(), siteState(), security && !restsUntil(security) ? seriousIncidents() : null]);
  // A page for everybody says nothing about a role.
  const own = places.filter((place) => place.roles !== null);
  const aboutRole = (held: string) => {
    const text = named(roleText, held);
    return own.some((place) => place.roles?.includes(held)) ? text : <>{text}<p class="hint">{words.nothingYet}</p></>;
  };
  return (
    <div class="page">
      <Heading describedBy={person.reset ? RESET_NOTICE : undefined}>{start}</Heading>
      <ResetNotice person={person} />
      {serious && <IncidentsNotice {...serious} />}
      <TrainingNotice training={person.training} />
      <p>{words.hello(person.name)}</p>
      {state && <SetUp state={state} />}
      <Part title={words.pages}>
        <ul class="rows">
          {places.filter(({ address }) => address !== "/").map((place) => {
            const until = restsUntil(place);
            return (
              <li key={place.name}>
                <div>
                  <Link to={place.address} class="place">{place.title[locale.peek()]}</Link>
                  <p class="hint">{place.about[locale.peek()]}</p>
                  {until && <p><strong>{fromWhen(place, until)}</strong></p>}
                </div>
              </li>
            );
          })}
        </ul>
      </Part>
      <Part title={words.yourRoles}>
        <List rows={person.roles.map((held) => [named(role, held), aboutRole(held)])} />
      </Part>
      <Changes person={person} isShort />
    </div>
  );
};

/** Days before the end of what was passed in which the overview says so. */
const SOON_DAYS = 30;

/** Says in time that courses are due, and that work rests without them. */
function TrainingNotice({ training: { current, expires_at } }: { training: Answer<"GET /v1/auth/me">["training"] }) {
  const words = wordsOf(START);
  if (!expires_at || daysUntil(expires_at) > SOON_DAYS) return null;
  return <p class="notice"><strong>{current ? words.trainBy(day(expires_at)) : words.trainNow}</strong> <Link to="/training" class="link">{words.toTraining}</Link></p>;
}

interface Serious {
  count: number;
  /** There are more incidents than were looked at. */
  isMore: boolean;
}

/** The unresolved incidents that cannot wait; null for none. */
async function seriousIncidents(): Promise<Serious | null> {
  try {
    const { items, next_cursor } = await api.call("GET /v1/incidents", { query: { status: "unresolved" } });
    const count = items.filter(({ severity }) => severity === "high" || severity === "critical").length;
    return count > 0 ? { count, isMore: next_cursor !== null } : null;
  } catch {
    // The overview is for more than this.
    return null;
  }
}

/** Says that something waits for security staff. */
function IncidentsNotice({ count, isMore }: Serious) {
  const words = wordsOf(START);
  return <p class="notice"><strong>{words.incidents(count, isMore)}</strong> <Link to="/security" class="link">{words.toSecurity}</Link></p>;
}
