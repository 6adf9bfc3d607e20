import { usePages } from "../../components/pages.ts";
import { type Answer, api, date, me, named, Part, wordsOf } from "../../kit.ts";
import { CheckButton, CheckResult, type Checks, useChecks } from "./result.tsx";
import { LOG } from "./words.ts";

export type Page = Answer<"GET /v1/audit/events">;
type Event = Page["items"][number];

/** The filters of the list; what is missing stays as the server has it. */
export interface Filter {
  from?: string;
  to?: string;
  actor?: string;
  action?: string;
}

export function read(filter: Filter, cursor?: string): Promise<Page> {
  return api.call("GET /v1/audit/events", { query: { ...filter, ...(cursor !== undefined && { cursor }) }, isLong: true });
}

/** The events that fit, the newest first. */
export function Events({ first, filter }: { first: Page; filter: Filter }) {
  const words = wordsOf(LOG);
  const { pages, isBusy, element, once, add } = usePages(first);
  const checks = useChecks();
  const count = pages.reduce((sum, { items }) => sum + items.length, 0);
  const cursor = pages.at(-1)?.next_cursor ?? null;
  return (
    <div ref={element}>
      <Part title={words.events} isGoal>
        {count > 0 && <p class="hint">{words.count(count, cursor === null)}</p>}
        {count === 0 && <p><strong>{words.none}</strong></p>}
        {count === 0 && <p class="hint">{cursor === null ? words.noneText : words.noneYet}</p>}
        {count > 0 && (
          <ul class="rows events" aria-label={words.events}>
            {pages.map(({ items }, i) => items.map((event, k) => <EventRow key={event.id} event={event} checks={checks} page={k === 0 ? i : null} />))}
          </ul>
        )}
        {cursor !== null && (
          <div class="buttons">
            <button type="button" class="secondary" aria-busy={isBusy} onClick={() => once(async () => add(await read(filter, cursor)))}>{words.more}</button>
          </div>
        )}
      </Part>
    </div>
  );
}

function EventRow({ event, checks, page }: { event: Event; checks: Checks; page: number | null }) {
  const words = wordsOf(LOG);
  const { id, at, actor, action, target, purpose } = event;
  const what = named(words.what, action);
  return (
    <li {...(page !== null && { "data-page": page, tabIndex: -1 })}>
      <div>
        <strong>{what}</strong>
        <p class="hint">
          {date(at)} · {actor === null ? words.nobody : <>{words.by} {actor === me()?.id ? words.you : <code>{actor}</code>}</>}
          {purpose !== null && ` · ${named(words.purpose, purpose)}`}
        </p>
        {target !== "" && <p class="hint">{words.of}: <code>{target}</code></p>}
        <p class="hint">{words.event}: <code>{id}</code></p>
        <CheckResult checks={checks} id={id} />
      </div>
      <div class="buttons"><CheckButton checks={checks} id={id} of={`${what}, ${date(at)}`} /></div>
    </li>
  );
}
