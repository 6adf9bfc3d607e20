import { fromBase64url, utf8 } from "./bytes.ts";

interface PublishedKey extends JsonWebKey {
  kid?: string;
}

/**
 * A receipt counts if its signature is by a published key, is over every field beside it and over
 * nothing else, and names the subject. Every doubt throws.
 */
export async function verifyReceipt(receipt: unknown, keys: unknown, subject: string): Promise<void> {
  const { jws, ...beside } = receipt as Record<string, unknown>;
  const [header, payload, signature, ...rest] = String(jws).split(".");
  const { alg, typ, kid, crit } = parse(header);
  if (rest.length > 0 || alg !== "EdDSA" || typ !== "sotto-receipt+jwt" || crit !== undefined) throw new TypeError("no receipt");
  const key = (keys as { keys: PublishedKey[] }).keys.find((listed) => listed.kid === kid && listed.crv === "Ed25519");
  const verifier = await crypto.subtle.importKey("raw", fromBase64url(key?.x), "Ed25519", false, ["verify"]);
  const isSigned = await crypto.subtle.verify("Ed25519", verifier, fromBase64url(signature), utf8(`${header}.${payload}`));
  const { iss, ...signed } = parse(payload);
  const isWhole = typeof iss === "string" && canonical(signed) === canonical(beside);
  if (!isSigned || !isWhole || signed["subject_id"] !== subject) throw new TypeError("no receipt of this erasure");
}

function parse(part: string | undefined): Record<string, unknown> {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64url(part))) as Record<string, unknown>;
}

/** The same text for the same values, in whichever order their fields came. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
