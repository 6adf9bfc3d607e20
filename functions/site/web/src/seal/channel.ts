import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, type SenderContext } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import type { Channel, TransportKey } from "../contract.ts";
import { type Bytes, concat, fromBase64url, toBase64url, utf8 } from "./bytes.ts";

/** The key encapsulations that the widget speaks, the preferred one first. */
export const KEMS: Record<string, () => XWing | DhkemX25519HkdfSha256> = {
  "X-Wing": () => new XWing(),
  "DHKEM(X25519, HKDF-SHA256)": () => new DhkemX25519HkdfSha256(),
};

const REQUEST_INFO = utf8("sotto/v1 request");
const RESPONSE_LABEL = utf8("sotto/v1 response");
const SMALLEST_PLAINTEXT = 256;
const RESPONSE_NONCE_LENGTH = 32;

/** A fresh HPKE context (RFC 9180, base mode) to the holder of `key`: one request, one response. */
export async function openChannel(key: TransportKey): Promise<Channel> {
  const kem = KEMS[key.kem];
  if (!kem) throw new RangeError("unknown KEM");
  const suite = new CipherSuite({ kem: kem(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const recipientPublicKey = await suite.kem.deserializePublicKey(key.publicKey);
  const context = await suite.createSenderContext({ recipientPublicKey, info: REQUEST_INFO });
  const enc = new Uint8Array(context.enc);

  return {
    replyKey: `${key.kid}.${toBase64url(enc)}`,
    async seal(method, path, idempotencyKey, body) {
      const aad = utf8(`${method}\n${path}\n${idempotencyKey}`);
      const ct = new Uint8Array(await context.seal(padded(body), aad));
      return JSON.stringify({ kid: key.kid, enc: toBase64url(enc), ct: toBase64url(ct) });
    },
    open: (response) => openResponse(context, enc, response),
  };
}

/** JSON with trailing spaces, so that the length of what was written shows only as a power of two. */
function padded(body: unknown): Bytes {
  const json = utf8(JSON.stringify(body));
  let length = SMALLEST_PLAINTEXT;
  while (length < json.length) length *= 2;
  return concat(json, new Uint8Array(length - json.length).fill(0x20));
}

/** RFC 9458, section 4.4, with this protocol's labels. */
async function openResponse(context: SenderContext, enc: Bytes, response: unknown): Promise<string> {
  const { nonce, ct } = response as Record<string, unknown>;
  const responseNonce = fromBase64url(nonce);
  if (responseNonce.length !== RESPONSE_NONCE_LENGTH) throw new TypeError("nonce of a wrong length");
  const secret = await context.export(RESPONSE_LABEL, 32);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const salt = concat(enc, responseNonce);
  const derive = (label: string, length: number) =>
    crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: utf8(label) }, material, length * 8);
  const key = await crypto.subtle.importKey("raw", await derive("key", 32), "AES-GCM", false, ["decrypt"]);
  const iv = await derive("nonce", 12);
  const plaintext = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, fromBase64url(ct));
  return new TextDecoder("utf-8", { fatal: true }).decode(plaintext);
}
