import { download } from "../../download.ts";
import { usePages } from "../components/pages.ts";
import { openedId } from "../desk/memory.ts";
import { type Answer, api, date, go, languageName, Part, SmallButton, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { LEADS } from "./words.ts";

type Page = Answer<"GET /v1/leads">;
type Lead = Page["items"][number];

/** The same purpose and time for each page. */
export interface Asked {
  headers: { "Sotto-Purpose": string; "Sotto-Reason"?: string };
  query: { from?: string };
}

export interface Read {
  asked: Asked;
  first: Page;
  /** The conversations that this agent has. */
  own: Set<string>;
}

/** The list, page by page. */
export function Leads({ asked, first, own }: Read) {
  const words = wordsOf(LEADS);
  const { pages, isBusy, element, once, add } = usePages(first);
  const items = pages.flatMap((page) => page.items);
  const damaged = pages.reduce((sum, page) => sum + page.damaged, 0);
  const cursor = pages.at(-1)?.next_cursor;
  const goOn = () =>
    once(async () => {
      add(await api.call("GET /v1/leads", { ...asked, query: { ...asked.query, cursor: cursor ?? null } as Asked["query"] }));
    });
  const save = () =>
    once(
      async () => {
        download("leads.csv", "text/csv;charset=utf-8", await wholeFile(asked));
        say(words.exported);
      },
      { integrity_failed: words.broken },
    );
  return (
    <div ref={element}>
      <Part title={words.list} isGoal>
        {damaged > 0 && <p class="notice">{words.damaged(damaged)}</p>}
        {items.length === 0 && <><p><strong>{words.none}</strong></p><p class="hint">{words.noneText}</p></>}
        {items.length > 0 && (
          <>
            <p>{words.count(items.length, !cursor)}</p>
            <ul class="rows" aria-label={words.list}>
              {pages.map((page, i) => page.items.map((lead, k) => <LeadRow key={lead.conversation_id} lead={lead} page={k === 0 ? i : null} isOwn={own.has(lead.conversation_id)} />))}
            </ul>
            {cursor && (
              <div class="buttons">
                <button type="button" class="secondary" aria-busy={isBusy} onClick={goOn}>{words.more}</button>
              </div>
            )}
            <div class="beside">
              <p class="hint">{words.exportText}</p>
            </div>
            <div class="buttons">
              <button type="button" class="secondary" aria-busy={isBusy} onClick={save}>{words.export}</button>
            </div>
          </>
        )}
      </Part>
    </div>
  );
}

/** The file of all leads of a time; the API gives 1,000 at once, each with the line of names. */
async function wholeFile(asked: Asked): Promise<string> {
  const part: { next: string | null } = { next: null };
  let file = "";
  do {
    const query = { ...asked.query, ...(part.next !== null && { cursor: part.next }) };
    const lines = await api.call("GET /v1/leads/export", { ...asked, query, part, isLong: true });
    file += file === "" ? lines : lines.slice(lines.indexOf("\r\n") + 2);
  } while (part.next !== null);
  return file;
}

function LeadRow({ lead, page, isOwn }: { lead: Lead; page: number | null; isOwn: boolean }) {
  const words = wordsOf(LEADS);
  const { name, email, phone, created_at, locale, conversation_id } = lead;
  const about = [date(created_at), ...(locale ? [languageName(locale)] : [])].join(" · ");
  const opened = () => {
    openedId.value = conversation_id;
    void go("/inbox");
  };
  return (
    <li {...(page !== null && { "data-page": page, tabIndex: -1 })}>
      <div>
        <p dir="auto"><strong>{name}</strong></p>
        <p class="reached">
          <a class="link" href={`mailto:${encodeURIComponent(email).replace("%40", "@")}`}>{email}</a>
          {phone && <a class="link" href={`tel:${phone.replaceAll(/[^\d+]/g, "")}`}>{phone}</a>}
        </p>
        <p class="hint">{about}</p>
      </div>
      {isOwn && <div class="buttons"><SmallButton label={words.open} of={name} onClick={opened} /></div>}
    </li>
  );
}
