import type { Channel, TransportKey } from "../contract.ts";
import { insideOf } from "../seal/answer.ts";
import { openChannel } from "../seal/channel.ts";
import { verifyKeyList } from "../seal/key_list.ts";
import { Problem } from "./problem.ts";

const KEYS = "/v1/keys";
/** Where the page says which root keys may sign the list, as the widget's script element does. */
const ROOT = "sotto:root";
const TIMEOUT_MS = 20_000;

let key: TransportKey | null = null;

/** A channel to the function that opens what an agent sends, and seals what it answers. `isNew`: by the list as it is now. */
export async function channelTo(isNew: boolean): Promise<Channel> {
  if (isNew || !key || key.validUntil <= Date.now()) key = await listed();
  return openChannel(key);
}

/** The key that a list names which a pinned root signed. Every doubt is a refusal: there is no weaker way to send. */
async function listed(): Promise<TransportKey> {
  const pins = document.querySelector<HTMLMetaElement>(`meta[name="${ROOT}"]`)?.content.split(" ") ?? [];
  let list: unknown;
  try {
    const response = await fetch(KEYS, { cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new TypeError("no list");
    list = await response.json();
  } catch {
    throw new Problem("offline");
  }
  try {
    return await verifyKeyList(list, pins, Date.now());
  } catch (error) {
    console.error("Sotto: the list of keys is not one that a pinned root signed.", error);
    throw new Problem("unsealed");
  }
}

/** The answer inside the seal; null for one without a body. */
export async function opened(channel: Channel, status: number, sealed: unknown): Promise<{ status: number; body: unknown }> {
  try {
    const inside = insideOf(await channel.open(sealed), status);
    return inside.status === 204 ? { ...inside, body: null } : inside;
  } catch {
    throw new Problem("unsealed");
  }
}
