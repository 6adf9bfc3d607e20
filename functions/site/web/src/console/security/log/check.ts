import { fromBase64url } from "../../../seal/bytes.ts";
import { api, isId, Problem, problemOf } from "../../kit.ts";
import { remember, remembered } from "./memory.ts";
import type { Proof } from "./routes.ts";
import { type Checkpoint, checkpointOf, eventIn, goesOn, hashOf, includes, type Inclusion, isSame, type Signed, signedBy, type Verifier, verifierOf } from "./verify.ts";

/** Behind this age an event that is not in the log is missing from it, or older than it. */
const LATE_MS = 60 * 60_000;

/** The key of the log. */
export interface Key {
  text: string;
  verifier: Verifier;
  /** Whether it is among the keys that the service publishes, or was withdrawn from them. */
  published: "listed" | "missing" | "withdrawn";
}

/** How a checkpoint relates to the newest one that this browser has checked. */
export type History =
  | { is: "first" | "same" }
  | { is: "grown"; before: number }
  /** The two are not of one log; the older text is kept. */
  | { is: "broken"; kept: Checkpoint }
  /** Nothing is compared with a checkpoint that nobody vouches for. */
  | { is: "not_compared" };

/** The log as it is now, and how far it can be trusted. */
export interface Log {
  checkpoint: Checkpoint;
  readAt: string;
  key: Key;
  signed: Signed;
  history: History;
}

/** What a proof fails by. */
export type Fault = "answer" | "event" | "path" | "key" | "history";

/** What came of checking an event. */
export type Result =
  | { is: "in"; place: number; size: number; signed: Signed }
  /** It is not in the log: not yet, or not any more. */
  | { is: "waiting" | "missing" }
  /** The stored event is not the one in the log. */
  | { is: "changed" }
  | { is: "wrong"; by: Fault };

let known: Key | null = null;

/** The state of the log: `empty` before its first checkpoint, `unreadable` where the server answers something else than one. */
export async function readLog(): Promise<Log | "empty" | "unreadable"> {
  try {
    const { checkpoint, key } = await readCheckpoint();
    const signed = await signedBy(checkpoint, key.verifier);
    const isVouched = signed !== "wrong" && key.published === "listed";
    const history = isVouched ? await compare(checkpoint) : ({ is: "not_compared" } as const);
    return { checkpoint, readAt: new Date().toISOString(), key, signed, history };
  } catch (error) {
    if (!(error instanceof Problem)) return "unreadable";
    if (error.code === "not_found") return "empty";
    throw error;
  }
}

async function readCheckpoint(): Promise<{ checkpoint: Checkpoint; key: Key }> {
  const header = { name: "Sotto-Log-Key", value: null as string | null };
  const [note, { keys }] = await Promise.all([api.call("GET /v1/audit/checkpoint", { header }), api.call("GET /.well-known/jwks.json")]);
  const checkpoint = checkpointOf(note);
  const text = header.value ?? "";
  const verifier = await verifierOf(text);
  const listed = keys.find(({ sotto_use, x }) => sotto_use === "log" && isKey(x, verifier));
  known = { text, verifier, published: !listed ? "missing" : listed.sotto_retired_at ? "withdrawn" : "listed" };
  return { checkpoint, key: known };
}

function isKey(x: string, { key }: Verifier): boolean {
  return isSame(fromBase64url(x), key);
}

/** Asks for the hashes by which the older of two checkpoints leads to the newer, and remembers the newer if they do. */
async function compare(checkpoint: Checkpoint): Promise<History> {
  const kept = remembered(checkpoint.origin);
  if (!kept) {
    remember(checkpoint);
    return { is: "first" };
  }
  // Two answers may have overtaken one another.
  const [older, newer] = kept.size <= checkpoint.size ? [kept, checkpoint] : [checkpoint, kept];
  if (!(await isProven(older, newer))) return { is: "broken", kept };
  if (newer === kept || newer.size === older.size) return { is: "same" };
  remember(checkpoint);
  return { is: "grown", before: kept.size };
}

async function isProven(older: Checkpoint, newer: Checkpoint): Promise<boolean> {
  if (older.size === 0 || older.size === newer.size) return goesOn(older, newer, []);
  try {
    const { hashes } = await api.call("GET /v1/audit/consistency", { query: { from: older.size, to: newer.size } });
    return await goesOn(older, newer, hashes.map((hash) => hashOf(fromBase64url(hash))));
  } catch (error) {
    // A log that was cut off has no tree of that size, and what cannot be read proves nothing.
    if (error instanceof Problem && !/^(invalid|not_found)$/.test(error.code)) throw error;
    return false;
  }
}

/** Checks that an event is in the log, at the place that the server says, and that the log is the one that this browser knows. */
export async function check(id: string): Promise<Result> {
  // A function of ours gives each event an id.
  if (!isId(id)) return { is: "changed" };
  let answer: Proof;
  try {
    answer = await api.call("GET /v1/audit/proofs/{event_id}", { path: { event_id: id } });
  } catch (error) {
    const { code } = problemOf(error);
    if (code === "not_found") return { is: Date.now() - madeAt(id) > LATE_MS ? "missing" : "waiting" };
    if (code === "leaf_mismatch") return { is: "changed" };
    throw error;
  }
  const read = readProof(answer);
  if (!read) return { is: "wrong", by: "answer" };
  const { checkpoint, inclusion } = read;
  if (answer.event_id !== id || eventIn(inclusion.leaf) !== id) return { is: "wrong", by: "event" };
  if (!(await includes(checkpoint, inclusion))) return { is: "wrong", by: "path" };
  const signed = await signedByKnown(checkpoint);
  if (signed === "wrong") return { is: "wrong", by: "key" };
  if ((await compare(checkpoint)).is === "broken") return { is: "wrong", by: "history" };
  return { is: "in", place: inclusion.index + 1, size: checkpoint.size, signed };
}

function readProof({ leaf, leaf_index: index, tree_size: size, hashes, checkpoint }: Proof): { checkpoint: Checkpoint; inclusion: Inclusion } | null {
  try {
    if (!Number.isSafeInteger(index) || index < 0) return null;
    const inclusion = { leaf: fromBase64url(leaf), index, size, hashes: hashes.map((hash) => hashOf(fromBase64url(hash))) };
    return { checkpoint: checkpointOf(checkpoint), inclusion };
  } catch {
    return null;
  }
}

/** Whether the published key of the log has signed it. The key is read again before it is blamed: another may have followed it. */
async function signedByKnown(checkpoint: Checkpoint): Promise<Signed> {
  for (const isAgain of [false, true]) {
    const key = isAgain || !known ? await readKey() : known;
    if (key?.published !== "listed") continue;
    const signed = await signedBy(checkpoint, key.verifier);
    if (signed !== "wrong") return signed;
  }
  return "wrong";
}

/** Null for one that cannot be read. */
async function readKey(): Promise<Key | null> {
  try {
    return (await readCheckpoint()).key;
  } catch (error) {
    if (error instanceof Problem) throw error;
    return null;
  }
}

/** When an id was made: its first six bytes are the milliseconds. */
function madeAt(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
