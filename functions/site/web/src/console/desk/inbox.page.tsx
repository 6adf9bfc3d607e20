import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { attempt, confirmed, go, Heading, Link, type Open, PracticeNotice, wordsOf } from "../kit.ts";
import { overdue, tick } from "./clock.ts";
import { type Command, listen, opening, provide } from "./commands.ts";
import { isAvailable, setAvailable } from "./duty.ts";
import { Filters } from "./filters.tsx";
import { counts, filter, inboxPoll, lists, look, narrow, NO_FILTER, opened, ready, shownOf, showTab, tab, type Tab, TABS } from "./inbox.ts";
import { later } from "./later.ts";
import { Rows } from "./list.tsx";
import { openedId, remember } from "./memory.ts";
import { resume } from "./outbox.ts";
import { Options } from "./options.tsx";
import { Pane } from "./pane.tsx";
import { arrived, leave, move, openAtCursor, openItem } from "./place.ts";
import { threadOf } from "./thread.ts";
import { INBOX } from "./words.ts";

/** Without an answer for so long, what is shown may be wrong. */
const STALE_MS = 10_000;

/** Visitors who wait, one's own conversations, and the one that is read. */
export const open: Open = async () => {
  arrived();
  await Promise.all([ready(), remember()]);
  resume();
  await takeUp();
  return <Desk />;
};

/** Opens the conversation that a reload closed, if one still has it. */
async function takeUp(): Promise<void> {
  const id = openedId.peek();
  if (!id || opened.peek()) return;
  tab.value = "mine";
  await ready();
  const item = lists.peek().mine.items.find((one) => one.conversation_id === id);
  if (item) openItem(item);
  else openedId.value = null;
}

function Desk() {
  const words = wordsOf(INBOX);
  useEffect(() => {
    const toggle = () => void switchOver();
    const commands: Command[] = [
      { name: "next", keys: ["j", "ArrowDown"], run: () => move(1) },
      { name: "previous", keys: ["k", "ArrowUp"], run: () => move(-1) },
      { name: "open", keys: ["Enter"], run: openAtCursor },
      { name: "leave", keys: ["u"], run: () => leave() },
      { name: "waiting", keys: ["1"], run: () => showTab("waiting") },
      { name: "mine", keys: ["2"], run: () => showTab("mine") },
      { name: "closed", keys: ["3"], run: () => showTab("closed") },
      { name: "available", keys: ["a"], run: toggle },
      { name: "filter", keys: ["f"], run: openFilter },
      { name: "answers", keys: ["c"], run: () => go("/inbox/answers") },
      { name: "bar", keys: ["Ctrl+K"], run: () => opening(async () => (await bar()).openBar()) },
      { name: "help", keys: ["?"], run: () => opening(async () => (await bar()).openHelp()) },
    ];
    look(true);
    inboxPoll.start();
    // So that it is there with the key; what failed is said when it is asked for.
    void bar().catch(() => {});
    const rest = () => {
      look(false);
      // On other pages only those are told who are available.
      if (!isAvailable.peek()) inboxPoll.stop();
    };
    const ends = [tick(), listen(), provide(commands), rest];
    return () => ends.forEach((end) => end());
  }, []);
  return (
    <div class="desk" data-open={opened.value ? "conversation" : "list"}>
      <section class="desk-list" aria-label={words.tabs}>
        <div class="desk-head">
          <Heading>{words.title}</Heading>
          <Availability />
        </div>
        <Synced />
        <PracticeNotice />
        <Tabs />
        <div class="desk-panel" role="tabpanel" id="inbox-panel" aria-labelledby={`inbox-tab-${tab.value}`}>
          <Filters />
          <List of={tab.value} />
        </div>
        <div class="desk-foot">
          <Options />
          <Link to="/inbox/answers" class="link">{words.answers}</Link>
        </div>
      </section>
      <Pane />
    </div>
  );
}

function bar(): Promise<typeof import("./bar.tsx")> {
  return later("bar", () => import("./bar.tsx"));
}

function openFilter(): void {
  const details = document.querySelector<HTMLDetailsElement>(".inbox-filter");
  if (!details) return;
  details.open = true;
  details.querySelector("input")?.focus();
}

function switchOver(): Promise<void> {
  const words = wordsOf(INBOX);
  return attempt(
    async () => {
      const { mine } = counts.peek();
      const isLeaving = isAvailable.peek();
      if (isLeaving && mine > 0) await confirmed({ title: words.leaveTitle, text: words.leaveText(mine), submit: words.leaveYes });
      await setAvailable(!isLeaving);
    },
    { failed: words.notSwitched },
  );
}

function Availability() {
  const words = wordsOf(INBOX);
  const isBusy = useSignal(false);
  const change = async () => {
    if (isBusy.value) return;
    isBusy.value = true;
    await switchOver();
    isBusy.value = false;
  };
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={isAvailable.value}
      aria-busy={isBusy.value}
      title={isAvailable.value ? words.availableText : words.awayText}
      onClick={() => void change()}
    >
      {words.available}
    </button>
  );
}

/** Says how old the list is, or the conversation that is open if that is older. */
function Synced() {
  const words = wordsOf(INBOX);
  const thread = openedId.value && opened.value ? threadOf(openedId.value) : null;
  const isRead = thread !== null && thread.lost.value === null && thread.isThere.value;
  const at = oldest(inboxPoll.answeredAt.value, isRead ? thread.poll.answeredAt.value : null);
  const ageMs = at === null ? 0 : overdue(at);
  const isStale = ageMs > STALE_MS;
  const seconds = Math.floor(ageMs / 1000);
  const text = at === null ? words.notSynced : isStale ? words.stale(seconds) : words.synced(seconds);
  return (
    <>
      <p class={isStale ? "synced stale" : "synced"}>{text}</p>
      <p role="alert" class="unseen">{isStale ? words.stale(Math.floor(STALE_MS / 1000)) : ""}</p>
    </>
  );
}

function oldest(list: number | null, conversation: number | null): number | null {
  return list !== null && conversation !== null ? Math.min(list, conversation) : list;
}

function Tabs() {
  const words = wordsOf(INBOX);
  const turn = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const to = TABS[(TABS.indexOf(tab.value) + by + TABS.length) % TABS.length] ?? "waiting";
    showTab(to);
    document.getElementById(`inbox-tab-${to}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={words.tabs} onKeyDown={turn}>
      {TABS.map((of) => (
        <button
          key={of}
          type="button"
          role="tab"
          id={`inbox-tab-${of}`}
          aria-controls="inbox-panel"
          aria-selected={of === tab.value}
          tabIndex={of === tab.value ? 0 : -1}
          onClick={() => showTab(of)}
        >
          {words.tab[of]}{of !== "closed" && <span class="tab-count"> {counts.value[of]}</span>}
        </button>
      ))}
    </div>
  );
}

function List({ of }: { of: Tab }) {
  const words = wordsOf(INBOX);
  const { isThere, items } = lists.value[of];
  const shown = shownOf(of);
  if (!isThere) return <p class="empty hint">{words.loading}</p>;
  if (shown.length > 0) return <Rows of={of} items={shown} />;
  if (items.length > 0 || filter.value !== NO_FILTER) {
    return (
      <div class="empty">
        <p>{words.noneFiltered}</p>
        <p><button type="button" class="link" onClick={() => narrow(NO_FILTER)}>{words.clear}</button></p>
      </div>
    );
  }
  const [title, text] = {
    waiting: [words.noneWaiting, isAvailable.value ? words.noneWaitingAvailable : words.noneWaitingAway],
    mine: [words.noneMine, words.noneMineText(counts.value.waiting)],
    closed: [words.noneClosed, words.noneClosedText],
  }[of];
  return <div class="empty"><p><strong>{title}</strong></p><p class="hint">{text}</p></div>;
}
