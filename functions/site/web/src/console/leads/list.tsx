import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { download } from "../../download.ts";
import { openedId } from "../desk/memory.ts";
import { type Answer, api, attempt, date, go, Part, SmallButton, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { LEADS } from "./words.ts";

type Page = Answer<"GET /v1/leads">;
type Lead = Page["items"][number];

/** What is asked for, and why: each page is read for the same purpose. */
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

/** The list, page by page. The focus goes to its heading, and then to the first lead of each page. */
export function Leads({ asked, first, own }: Read) {
  const words = wordsOf(LEADS);
  const pages = useSignal([first]);
  const isBusy = useSignal(false);
  const element = useRef<HTMLDivElement>(null);
  const count = pages.value.length;
  useLayoutEffect(() => {
    const last = element.current?.querySelector<HTMLElement>(`[data-page="${count - 1}"]`);
    const heading = element.current?.querySelector("h2");
    (count > 1 && last ? last : heading)?.focus();
  }, [count]);
  const items = pages.value.flatMap((page) => page.items);
  const damaged = pages.value.reduce((sum, page) => sum + page.damaged, 0);
  const cursor = pages.value.at(-1)?.next_cursor;
  const once = (run: () => Promise<void>, meaning: Record<string, string> = {}) =>
    void attempt(async () => {
      if (isBusy.value) return;
      isBusy.value = true;
      await run().finally(() => (isBusy.value = false));
    }, meaning);
  const goOn = () =>
    once(async () => {
      const page = await api.call("GET /v1/leads", { ...asked, query: { ...asked.query, cursor: cursor ?? null } as Asked["query"] });
      pages.value = [...pages.value, page];
    });
  const save = () =>
    once(
      async () => {
        const file = await api.call("GET /v1/leads/export", { ...asked, isLong: true });
        download("leads.csv", "text/csv;charset=utf-8", file);
        say(words.exported);
      },
      { invalid: words.tooMany, integrity_failed: words.broken },
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
              {pages.value.map((page, i) => page.items.map((lead, k) => <LeadRow key={lead.conversation_id} lead={lead} page={k === 0 ? i : null} isOwn={own.has(lead.conversation_id)} />))}
            </ul>
            {cursor && (
              <div class="buttons">
                <button type="button" class="secondary" aria-busy={isBusy.value} onClick={goOn}>{words.more}</button>
              </div>
            )}
            <div class="beside">
              <p class="hint">{words.exportText}</p>
            </div>
            <div class="buttons">
              <button type="button" class="secondary" aria-busy={isBusy.value} onClick={save}>{words.export}</button>
            </div>
          </>
        )}
      </Part>
    </div>
  );
}

function LeadRow({ lead, page, isOwn }: { lead: Lead; page: number | null; isOwn: boolean }) {
  const words = wordsOf(LEADS);
  const { name, email, phone, created_at, locale, conversation_id } = lead;
  const about = [date(created_at), ...(locale ? [words.languageOf(locale)] : [])].join(" · ");
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
