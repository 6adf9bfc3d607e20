import { usePages } from "../components/pages.ts";
import { type Answer, api, date, Heading, languageName, type Open, Part, wordsOf } from "../kit.ts";
import { CLOSED } from "./words.ts";

type Page = Pick<NonNullable<Answer<"GET /v1/inbox">>, "items" | "next_cursor">;
type Item = Page["items"][number];

async function read(cursor?: string): Promise<Page> {
  const page = await api.call("GET /v1/inbox", { query: { status: "closed", ...(cursor !== undefined && { cursor }) } });
  return page ?? { items: [] };
}

/** For admins: what all agents have closed, without text. */
export const open: Open = async () => {
  const first = await read();
  const words = wordsOf(CLOSED);
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <p>{words.about}</p>
      <Closed first={first} />
    </div>
  );
};

function Closed({ first }: { first: Page }) {
  const words = wordsOf(CLOSED);
  const { pages, isBusy, element, once, add } = usePages(first);
  const count = pages.reduce((sum, { items }) => sum + items.length, 0);
  const cursor = pages.at(-1)?.next_cursor;
  return (
    <div ref={element}>
      <Part title={words.list}>
        {count === 0 && !cursor && <><p><strong>{words.none}</strong></p><p class="hint">{words.noneText}</p></>}
        {count > 0 && <p>{words.count(count, !cursor)}</p>}
        {count > 0 && (
          <ul class="rows" aria-label={words.list}>
            {pages.map(({ items }, i) => items.map((item, k) => <ClosedRow key={item.conversation_id} item={item} page={k === 0 ? i : null} />))}
          </ul>
        )}
        {cursor && (
          <div class="buttons">
            <button type="button" class="secondary" aria-busy={isBusy} onClick={() => once(async () => add(await read(cursor)))}>{words.more}</button>
          </div>
        )}
      </Part>
    </div>
  );
}

function ClosedRow({ item, page }: { item: Item; page: number | null }) {
  const words = wordsOf(CLOSED);
  const { agent, conversation_id, last_message_at, locale, tags, verified } = item;
  const about = [verified ? words.customer : words.guest, languageName(locale), words.last(date(last_message_at)), ...tags];
  return (
    <li {...(page !== null && { "data-page": page, tabIndex: -1 })}>
      <div>
        <p><strong>{agent ? words.by(agent.name) : words.closed}</strong></p>
        <p class="hint" dir="auto">{about.join(" · ")}</p>
        <p class="hint"><code>{conversation_id}</code></p>
      </div>
    </li>
  );
}
