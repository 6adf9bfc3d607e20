import { sha256 } from "@noble/hashes/sha2.js";
import { handOver } from "../contract.ts";
import { concat, fromBase64url, toBase64url } from "../seal/bytes.ts";

/** The page may draw and take input after so long. */
const SLICE_MS = 10;
/** Hashes between two looks at the clock. */
const HASHES = 32;
const NONCE_LENGTH = 8;

/**
 * The answer to a challenge: a nonce whose hash with it begins with so many zero bits. In slices, since a page may
 * forbid workers. Throws when it was abandoned.
 */
async function solve(challenge: string, bits: number, abandoned: AbortSignal): Promise<string> {
  const bytes = fromBase64url(challenge);
  const input = concat(bytes, new Uint8Array(NONCE_LENGTH));
  const nonce = new DataView(input.buffer, bytes.length);
  for (let tried = 0n; ; ) {
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) {
      for (let i = 0; i < HASHES; i++, tried++) {
        nonce.setBigUint64(0, tried);
        if (begins(sha256(input), bits)) return `${challenge}.${toBase64url(input.subarray(bytes.length))}`;
      }
    }
    await turn();
    abandoned.throwIfAborted();
  }
}

function begins(hash: Uint8Array, zeroBits: number): boolean {
  const first = new DataView(hash.buffer, hash.byteOffset).getUint32(0);
  return Math.clz32(first) >= zeroBits;
}

/** Lets everything else have its turn. A timer would wait longer in a tab that nobody looks at. */
function turn(): Promise<void> {
  return new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(null);
  });
}

handOver({ solve });
