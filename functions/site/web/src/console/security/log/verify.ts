/**
 * Verifies what the audit log answers, by nothing but its standards: signed notes and checkpoints (C2SP signed-note and
 * tlog-checkpoint), and the proofs of a Merkle tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2). What cannot be read throws.
 */
import { type Bytes, concat, utf8 } from "../../../seal/bytes.ts";

/** The algorithm byte of Ed25519 in a verifier key. */
const ED25519 = 1;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const HASH_BYTES = 32;
const LEAF = 0;
const NODE = 1;
const LEAF_BYTES = 58;
/** The version and the kind of a leaf that is about an event. */
const EVENT = [1, 1];

/** A tree of that many leaves with that hash. */
export interface Tree {
  size: number;
  root: Bytes;
}

/** What a log says of itself in a signed note. */
export interface Checkpoint extends Tree {
  origin: string;
  /** The note as it came. */
  note: string;
  /** The part of it that is signed. */
  text: string;
  signatures: Signature[];
}

interface Signature {
  name: string;
  id: Bytes;
  bytes: Bytes;
}

/** The key of a log, with the name of the log. */
export interface Verifier {
  name: string;
  id: Bytes;
  key: Bytes;
}

/** A leaf with its place, and the hashes that lead from it to the root. */
export interface Inclusion {
  leaf: Bytes;
  index: number;
  size: number;
  hashes: Bytes[];
}

/** Whether a signature fits; unknown in a browser that has no Ed25519. */
export type Signed = "fits" | "wrong" | "unknown";

/** The checkpoint in a note. Its signature is not verified yet. */
export function checkpointOf(note: string): Checkpoint {
  // The signatures are behind the last empty line.
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split("\n");
  if (end < 1 || lines.length < 2 || lines.pop() !== "" || /[^\n\u0020-\u{10ffff}]/u.test(note)) throw new TypeError("no note");
  const [origin = "", size = "", root = "", ...more] = text.split("\n");
  if (origin === "" || !/^(0|[1-9]\d{0,15})$/.test(size) || more.pop() !== "" || more.includes("")) throw new TypeError("no checkpoint");
  return { origin, size: counted(Number(size)), root: hashOf(fromBase64(root)), note, text, signatures: lines.map(signatureOf) };
}

function signatureOf(line: string): Signature {
  const [, name, encoded] = /^— ([^\s+]+) (\S+)$/.exec(line) ?? [];
  if (!name || !encoded) throw new TypeError("no signature");
  const bytes = fromBase64(encoded);
  if (bytes.length <= ID_BYTES) throw new TypeError("no signature");
  return { name, id: bytes.slice(0, ID_BYTES), bytes: bytes.slice(ID_BYTES) };
}

/** The key in a text such as `<name>+<id>+<key>`. */
export async function verifierOf(text: string): Promise<Verifier> {
  const [, name, id, encoded] = /^([^\s+]+)\+([\da-f]{8})\+(\S+)$/.exec(text) ?? [];
  if (!name || !id || !encoded) throw new TypeError("no verifier key");
  const key = fromBase64(encoded);
  if (key.length !== 1 + KEY_BYTES || key[0] !== ED25519) throw new TypeError("no Ed25519 key");
  const own = (await sha256(utf8(`${name}\n`), key)).slice(0, ID_BYTES);
  if (hex(own) !== id) throw new TypeError("not the id of this key");
  return { name, id: own, key: key.slice(1) };
}

/** Whether the log of that name and key has signed a checkpoint. */
export async function signedBy({ origin, text, signatures }: Checkpoint, { name, id, key }: Verifier): Promise<Signed> {
  const own = signatures.filter((one) => one.name === name && isSame(one.id, id));
  if (origin !== name || own.length === 0) return "wrong";
  let verifier: CryptoKey;
  try {
    verifier = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch (error) {
    return (error as DOMException).name === "NotSupportedError" ? "unknown" : "wrong";
  }
  for (const { bytes } of own) {
    if (!(await crypto.subtle.verify("Ed25519", verifier, bytes, utf8(text)))) return "wrong";
  }
  return "fits";
}

/** The id of the event that a leaf is about; null for a leaf about something else. */
export function eventIn(leaf: Bytes): string | null {
  if (leaf.length !== LEAF_BYTES || EVENT.some((byte, i) => leaf[i] !== byte)) return null;
  return hex(leaf.slice(2, 18)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Whether the hashes lead from a leaf at its place to the root of that tree. */
export async function includes({ size, root }: Tree, proof: Inclusion): Promise<boolean> {
  if (proof.size !== size || counted(proof.index) >= size) return false;
  let [place, last] = [proof.index, size - 1];
  let hash = await sha256(Uint8Array.of(LEAF), proof.leaf);
  for (const other of proof.hashes) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      hash = await nodeOf(other, hash);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      hash = await nodeOf(hash, other);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/** Whether one tree is the beginning of another: nothing of it was changed or taken out. */
export async function goesOn(older: Tree, newer: Tree, hashes: Bytes[]): Promise<boolean> {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return hashes.length === 0 && isSame(older.root, newer.root);
  // Everything goes on from nothing.
  if (older.size === 0) return hashes.length === 0;
  const [first, ...others] = isPowerOfTwo(older.size) ? [older.root, ...hashes] : hashes;
  if (!first || hashes.length === 0) return false;
  let [place, last] = [older.size - 1, newer.size - 1];
  while (isOdd(place)) [place, last] = [half(place), half(last)];
  let [then, now] = [first, first];
  for (const other of others) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      [then, now] = [await nodeOf(other, then), await nodeOf(other, now)];
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      now = await nodeOf(now, other);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(then, older.root) && isSame(now, newer.root);
}

/** Bytes that are a hash. */
export function hashOf(bytes: Bytes): Bytes {
  if (bytes.length !== HASH_BYTES) throw new TypeError("no hash");
  return bytes;
}

export function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function counted(number: number): number {
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError("no count");
  return number;
}

function nodeOf(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(NODE), left, right);
}

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

/** Base64 as it is written, and in no other way. */
function fromBase64(text: string): Bytes {
  const binary = atob(text);
  if (btoa(binary) !== text) throw new TypeError("not base64");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A tree may have more leaves than the bits of a number that operators work on.
function half(number: number): number {
  return Math.floor(number / 2);
}

function isOdd(number: number): boolean {
  return number % 2 === 1;
}

function isPowerOfTwo(number: number): boolean {
  let rest = number;
  while (rest > 1 && !isOdd(rest)) rest = half(rest);
  return rest === 1;
}
