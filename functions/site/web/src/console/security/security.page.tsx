import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Poll } from "../desk/poll.ts";
import { api, attempt, Choice, Choices, clockTime, date, Heading, Link, me, named, type Open, Part, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import type { Incident, Page } from "./contract.ts";
import { enterByHand } from "./enter.tsx";
import { LIST } from "./list_words.ts";
import { aboutOf, clockOf, Severity, shortId, titleOf } from "./marks.tsx";
import { Sections } from "./sections.tsx";
import { SECURITY } from "./words.ts";

const EVERY_MS = 15_000;
const WHICH = ["unresolved", "resolved", "all"] as const;
type Which = (typeof WHICH)[number];

function read(which: Which, cursor?: string): Promise<Page> {
  return api.call("GET /v1/incidents", { query: { ...(which !== "all" && { status: which }), ...(cursor && { cursor }) } });
}

/** The incidents, the unresolved ones first. */
export const open: Open = async () => <Security first={await read("unresolved")} />;

function Security({ first }: { first: Page }) {
  const words = wordsOf(LIST);
  const { shown, askedAt, switchTo, more } = useIncidents(first);
  const { which, items, next_cursor } = shown;
  const choice = useMemo(() => new Choice<Which>(words.show, WHICH.map((value) => ({ value, label: words.which[value] ?? value })), "unresolved"), []);
  return (
    <div class="page">
      <Heading>{wordsOf(SECURITY).title}</Heading>
      <Sections />
      <p>{words.text}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={enterByHand}>{words.enter}</button>
      </div>
      <Part title={words.list}>
        <div class="in-line"><Choices of={choice} onChange={switchTo} /></div>
        <p class="hint">{words.asOf(clockTime(askedAt))}</p>
        {items.length > 0 && <ul class="rows">{items.map((item) => <IncidentRow key={item.id} item={item} />)}</ul>}
        {items.length === 0 && !next_cursor && <Nothing which={which} />}
        {next_cursor && <div class="buttons"><button type="button" class="secondary" onClick={more}>{words.more}</button></div>}
      </Part>
    </div>
  );
}

interface Shown extends Page {
  which: Which;
}

/** The incidents of one kind of list, asked for again and again while the page is seen. */
function useIncidents(first: Page) {
  const shown = useSignal<Shown>({ ...first, which: "unresolved" });
  const askedAt = useSignal(new Date().toISOString());
  const take = (which: Which, page: Page) => {
    shown.value = { ...page, which };
    askedAt.value = new Date().toISOString();
  };
  const look = async () => {
    if (document.hidden) return;
    const { which, items } = shown.peek();
    const page = await read(which);
    // Somebody has switched to another list meanwhile.
    if (shown.peek().which !== which) return;
    const arrived = page.items.find(({ id, status }) => status !== "resolved" && items.every((one) => one.id !== id));
    take(which, joined(page, shown.peek()));
    if (arrived) say(wordsOf(LIST).arrived(titleOf(arrived)));
  };
  const poll = useRef<Poll | null>(null);
  useEffect(() => {
    poll.current = new Poll(EVERY_MS, look);
    poll.current.start(EVERY_MS);
    return () => poll.current?.stop();
  }, []);
  const switchTo = (which: Which) => void attempt(async () => take(which, await read(which)));
  const more = () =>
    void attempt(async () => {
      const { which, items, next_cursor } = shown.peek();
      const page = await read(which, next_cursor ?? "");
      if (shown.peek().which === which) shown.value = { ...page, which, items: [...items, ...page.items] };
    });
  return { shown: shown.value, askedAt: askedAt.value, switchTo, more };
}

/** A first page that was read anew, before the older ones that are shown already. Ids sort by time. */
function joined(page: Page, { items, next_cursor }: Page): Page {
  const older = items.filter(({ id }) => page.next_cursor && id < page.next_cursor);
  return older.length > 0 ? { items: [...page.items, ...older], next_cursor } : page;
}

function IncidentRow({ item }: { item: Incident }) {
  const words = wordsOf(LIST);
  const { status, aboutWhom, authority } = wordsOf(SECURITY);
  const { id, about, assignee, opened_at, severity } = item;
  const whom = aboutOf(item);
  const at = !assignee ? words.nobody : assignee === me()?.id ? words.yours : words.taken(shortId(assignee));
  const said = [about && whom !== "site" ? `${aboutWhom[whom]} ${shortId(about)}` : aboutWhom.site, words.opened(date(opened_at))];
  if (item.status !== "resolved") said.push(at);
  const clock = clockOf(item);
  return (
    <li>
      <div>
        <Link to={`/security/${id}`} class="place">{titleOf(item)}</Link>
        <p class="incident-marks"><Severity of={severity} /> <span class="mark">{named(status, item.status)}</span></p>
        <p class="hint">{said.join(" · ")}</p>
        {item.status !== "resolved" && clock && <p>{authority}: {clock}</p>}
      </div>
    </li>
  );
}

function Nothing({ which }: { which: Which }) {
  const words = wordsOf(LIST);
  return (
    <div>
      <p><strong>{words.none[which]}</strong></p>
      {which === "unresolved" && (
        <>
          <p class="hint">{words.watched}</p>
          <ul class="hint">{words.watchedWhat.map((what) => <li key={what}>{what}</li>)}</ul>
        </>
      )}
    </div>
  );
}
