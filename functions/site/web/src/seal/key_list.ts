import type { RefusalCode, TransportKey } from "../contract.ts";
import { type Bytes, fromBase64url, toBase64url, utf8 } from "./bytes.ts";
import { KEMS } from "./channel.ts";

class Refusal extends Error {
  constructor(readonly refusal: RefusalCode) {
    super(refusal);
  }
}

interface ListedKey {
  kid: string;
  suite: { kem: string; kdf: string; aead: string };
  public_key: string;
  not_after: string;
}

interface Payload {
  exp: number;
  keys: ListedKey[];
}

/**
 * Chooses the key to seal under from `{"jws","root"}`, if a pinned root signed
 * that list. Every doubt is a refusal: there is no weaker way to send.
 */
export async function verifyKeyList(list: unknown, pins: string[], now: number): Promise<TransportKey> {
  // Without TLS there is no WebCrypto, and no point in going on.
  if (!globalThis.crypto?.subtle) throw new Refusal("unsupported");
  try {
    const { jws, root } = list as { jws: string; root: JsonWebKey };
    if (!pins.includes(await thumbprint(root))) throw new Refusal("not_pinned");
    return choose(await verified(jws, root), now);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("malformed");
  }
}

/** The pin of a root key: its RFC 7638 thumbprint. */
async function thumbprint(root: JsonWebKey): Promise<string> {
  if (root.kty !== "OKP" || root.crv !== "Ed25519" || typeof root.x !== "string") throw new Refusal("malformed");
  const members = JSON.stringify({ crv: root.crv, kty: root.kty, x: root.x });
  return `sha256-${toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(members))))}`;
}

/** The payload of the compact JWS, if `root` signed it as a key list and as nothing else. */
async function verified(jws: string, root: JsonWebKey): Promise<Payload> {
  const [header, payload, signature, ...rest] = jws.split(".");
  if (rest.length > 0) throw new Refusal("malformed");
  const { alg, typ, crit } = parse(fromBase64url(header)) as Record<string, unknown>;
  if (alg !== "EdDSA" || typ !== "sotto-keys+jwt" || crit !== undefined) throw new Refusal("bad_signature");
  const key = await importEd25519(root);
  const signed = utf8(`${header}.${payload}`);
  if (!(await crypto.subtle.verify("Ed25519", key, fromBase64url(signature), signed))) {
    throw new Refusal("bad_signature");
  }
  return parse(fromBase64url(payload)) as Payload;
}

/** Browsers older than Chromium 137, Firefox 129 and Safari 17 lack Ed25519: they are told so, not served less. */
async function importEd25519(root: JsonWebKey): Promise<CryptoKey> {
  const raw = fromBase64url(root.x);
  try {
    return await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch (error) {
    const unknownAlgorithm = error instanceof DOMException && error.name === "NotSupportedError";
    throw new Refusal(unknownAlgorithm ? "unsupported" : "malformed");
  }
}

function choose(payload: Payload, now: number): TransportKey {
  const listEnds = payload.exp * 1000;
  if (!(listEnds > now)) throw new Refusal("expired");
  const live = payload.keys.filter((key) => Date.parse(key.not_after) > now);
  for (const kem of Object.keys(KEMS)) {
    const ofSuite = live.filter(
      ({ suite }) => suite.kem === kem && suite.kdf === "HKDF-SHA256" && suite.aead === "AES-256-GCM",
    );
    // The list is the same for everybody and holds today's key and yesterday's:
    // a third could be one made to tell a single visitor apart.
    if (ofSuite.length > 2) throw new Refusal("malformed");
    const newest = ofSuite.sort((a, b) => Date.parse(b.not_after) - Date.parse(a.not_after))[0];
    if (newest) {
      return {
        kid: newest.kid,
        kem,
        publicKey: fromBase64url(newest.public_key),
        validUntil: Math.min(listEnds, Date.parse(newest.not_after)),
      };
    }
  }
  throw new Refusal("no_key");
}

function parse(json: Bytes): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
}
