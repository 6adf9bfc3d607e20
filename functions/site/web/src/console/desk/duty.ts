import { computed, signal } from "@preact/signals";
import { api, type Duty, me } from "../session.ts";
import { beginAlerts, forgetAlerts } from "./alerts.ts";
import { counts, forgetInbox, inboxPoll, unread } from "./inbox.ts";
import { Poll } from "./poll.ts";
import { restoreSettings } from "./settings.ts";
import { destroy } from "./store.ts";

/** The server counts an agent as available for 90 seconds. */
const HEARTBEAT_MS = 30_000;
/** Longest wait for what has to be done before a session ends. */
const LEAVING_MS = 4000;
/** Says that the tab's person was available before it was loaded anew. */
const STORAGE = "sotto:available";

/** Whether visitors may be given to this person. */
export const isAvailable = signal(false);

/** How many conversations want something of this person: for the tab's title. */
export const badge = computed(() => (isAvailable.value ? counts.value.waiting : 0) + unread.value);

/** What has to be done before a session ends, and what has to be forgotten after it. */
interface Work {
  leave(): Promise<unknown>;
  forget(): void;
}
const works: Work[] = [];

const heartbeat = new Poll(HEARTBEAT_MS, () => api.call("PUT /v1/presence", { body: { state: "available" } }));

export const duty: Duty = {
  begin() {
    if (!isAgent()) return;
    restoreSettings();
    beginAlerts(() => isAvailable.peek());
    if (sessionStorage.getItem(STORAGE)) becomeAvailable();
  },
  async leave() {
    if (!isAgent()) return;
    const done = [...works.map((work) => work.leave()), ...(isAvailable.peek() ? [sendAway()] : [])];
    await Promise.race([Promise.allSettled(done), new Promise((resolve) => setTimeout(resolve, LEAVING_MS))]);
  },
  pause() {
    heartbeat.stop();
    inboxPoll.stop();
  },
  end() {
    sessionStorage.removeItem(STORAGE);
    isAvailable.value = false;
    forgetAlerts();
    forgetInbox();
    for (const work of works) work.forget();
    void destroy();
  },
};

/** Lets a part of the desk that is loaded later do its own when a session ends. */
export function onEnd(work: Work): void {
  works.push(work);
}

/** Becomes available, or away; it is so when the server has said yes. */
export async function setAvailable(wanted: boolean): Promise<void> {
  if (!wanted) {
    heartbeat.stop();
    await sendAway();
    sessionStorage.removeItem(STORAGE);
    isAvailable.value = false;
    return;
  }
  await api.call("PUT /v1/presence", { body: { state: "available" } });
  becomeAvailable(HEARTBEAT_MS);
}

/** Is available from now on, and says so to the server at once or after a while. */
export function becomeAvailable(nextMs = 0): void {
  sessionStorage.setItem(STORAGE, "1");
  isAvailable.value = true;
  heartbeat.start(nextMs);
  inboxPoll.start();
}

function sendAway(): Promise<unknown> {
  return api.call("PUT /v1/presence", { body: { state: "away" } });
}

function isAgent(): boolean {
  return Boolean(me()?.roles.includes("agent"));
}
