import { usePages } from "../components/pages.ts";
import { type Answer, date, List, named, Part, type Row, wordsOf } from "../kit.ts";
import { TRANSCRIPT } from "./words.ts";

export type Page = Answer<"GET /v1/transcripts/{conversation_id}">;

interface Props {
  first: Page;
  next(cursor: string): Promise<Page>;
}

/** One conversation, page by page. */
export function Transcript({ first, next }: Props) {
  const words = wordsOf(TRANSCRIPT);
  const { pages, isBusy, element, once, add } = usePages(first);
  const cursor = pages.at(-1)?.next_cursor;
  const goOn = () =>
    once(async () => {
      if (cursor) add(await next(cursor));
    }, { not_found: words.gone, erased: words.erased });
  return (
    <div ref={element}>
      <Part title={words.said} isGoal>
        <List rows={aboutOf(first)} />
        <ol class="rows transcript" aria-label={words.messages}>
          {pages.map((page, i) => <Items key={i} page={page} number={i} />)}
        </ol>
        {cursor && (
          <div class="buttons">
            <button type="button" class="secondary" aria-busy={isBusy} onClick={goOn}>{words.more}</button>
          </div>
        )}
        {!cursor && pages.every(({ messages }) => messages.length === 0) && <p class="hint">{words.nothingSaid}</p>}
      </Part>
    </div>
  );
}

function aboutOf({ conversation: { id, subject_id, status, created_at, expires_at, held } }: Page): Row[] {
  const words = wordsOf(TRANSCRIPT);
  const rows: Row[] = [
    [words.conversation, <code>{id}</code>],
    [words.subject, <code>{subject_id}</code>],
    [words.status, named(words.statuses, status)],
    [words.opened, date(created_at)],
    [words.until, date(expires_at)],
  ];
  if (held) rows.push([words.hold, words.isHeld]);
  return rows;
}

/** A page of messages. Something altered in it is said before them. */
function Items({ page: { integrity, messages }, number }: { page: Page; number: number }) {
  const words = wordsOf(TRANSCRIPT);
  const isBroken = integrity !== "ok";
  const markOf = (isFirst: boolean) => (isFirst ? { tabIndex: -1, "data-page": number } : {});
  return (
    <>
      {isBroken && <li {...markOf(true)}><p class="notice"><strong>{words.broken}</strong></p></li>}
      {messages.map(({ id, author, created_at, text, sources, choices }, i) => (
        <li key={id} {...markOf(i === 0 && !isBroken)}>
          <div>
            <p><strong>{named(words.author, author)}</strong> · <time dateTime={created_at}>{date(created_at)}</time></p>
            <p class="said" dir="auto">{text}</p>
            {sources && sources.length > 0 && <p class="hint">{words.from(sources.map(({ title }) => title).join(", "))}</p>}
            {choices && <p class="hint">{words.choices(choices.map(({ title }) => title).join(", "))}</p>}
          </div>
        </li>
      ))}
    </>
  );
}
