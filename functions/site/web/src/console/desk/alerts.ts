import { go } from "../session.ts";
import { wordsOf } from "../words.ts";
import { ALERT } from "./alert_words.ts";
import { isMine, type Item, type Listed, lists, onRead, opened, type Tab } from "./inbox.ts";
import { settings } from "./settings.ts";

type Kind = "waiting" | "message" | "handed";

/** Sounds that would follow one another faster are one. */
const BETWEEN_SOUNDS_MS = 2000;
const NOTES_HZ: Record<Kind, number[]> = { waiting: [587, 880], message: [740], handed: [587, 740, 880] };
const NOTE_SECONDS = 0.14;

/** Conversations that were told of, with the notice if there is one, until they are seen. */
let told = new Map<string, Notification | null>();
/** Conversations that this tab has taken: nobody has to be told of them. */
let taken = new Set<string>();
let sound: AudioContext | null = null;
let soundedAt = -BETWEEN_SOUNDS_MS;
let isOnDuty = (): boolean => false;

/** Tells an agent who is on duty, once a conversation, of what is waiting, new or handed over. */
export function beginAlerts(onDuty: () => boolean): void {
  isOnDuty = onDuty;
  onRead(notice);
  for (const sign of ["focus", "visibilitychange"]) addEventListener(sign, () => seen(opened.peek()), { capture: true });
}

export function forgetAlerts(): void {
  for (const shown of told.values()) shown?.close();
  told = new Map();
  taken = new Set();
}

export function take(conversationId: string): void {
  taken.add(conversationId);
  unsay(conversationId);
}

/** Somebody looks at a conversation. */
export function seen(item: Item | null): void {
  if (item && isLookedAt()) unsay(item.conversation_id);
}

function notice(of: Tab, before: Listed): void {
  if (of === "closed") return;
  const { items } = lists.peek()[of];
  const ids = new Set(items.map((item) => item.conversation_id));
  const known = new Set(before.items.map((item) => item.conversation_id));
  const last = before.items.at(-1)?.waiting_since ?? "";
  for (const item of items) {
    const id = item.conversation_id;
    // Conversations that waited before the desk was looked at are counted, and no bell rings for them.
    if (!before.isThere) break;
    if (of === "waiting") {
      const isNew = !before.hasMore || (item.waiting_since ?? "") <= last;
      if (isNew && !known.has(id)) tell(id, "waiting");
    } else if (isMine(item)) {
      if (!known.has(id) && !taken.has(id)) tell(id, "handed");
      else if (item.unread === 0) unsay(id);
      else if (!(isLookedAt() && opened.peek()?.conversation_id === id)) tell(id, "message");
    }
  }
  for (const id of known) if (!ids.has(id)) unsay(id);
  if (of === "mine") for (const id of known) if (!ids.has(id)) taken.delete(id);
}

function tell(id: string, kind: Kind): void {
  if (told.has(id) || !isOnDuty()) return;
  told.set(id, settings.peek().notices && !isLookedAt() ? shown(kind) : null);
  if (settings.peek().sound) ring(kind);
}

function unsay(id: string): void {
  told.get(id)?.close();
  told.delete(id);
}

function shown(kind: Kind): Notification | null {
  if (!("Notification" in window) || Notification.permission !== "granted") return null;
  try {
    const notification = new Notification("Sotto", { body: wordsOf(ALERT)[kind], silent: true });
    notification.onclick = () => {
      focus();
      notification.close();
      void go("/inbox");
    };
    return notification;
  } catch {
    // Some phones let only a service worker show one.
    return null;
  }
}

/** Tries the sound, and lets the browser know that somebody wants it. */
export function ring(kind: Kind): void {
  if (performance.now() - soundedAt < BETWEEN_SOUNDS_MS) return;
  soundedAt = performance.now();
  sound ??= new AudioContext();
  const context = sound;
  void context.resume().then(() => NOTES_HZ[kind].forEach((hertz, i) => play(context, hertz, context.currentTime + i * NOTE_SECONDS)));
}

function play(context: AudioContext, hertz: number, at: number): void {
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.2, at + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.001, at + NOTE_SECONDS * 2);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + NOTE_SECONDS * 2);
}

/** Whether the browser may show notices; asks if nobody was asked yet. */
export async function mayNotify(): Promise<boolean> {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus();
}
