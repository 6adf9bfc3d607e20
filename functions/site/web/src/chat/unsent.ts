import { fromBase64url, toBase64url, utf8 } from "../seal/bytes.ts";
import { sessionStorageOrNull } from "./memory.ts";

/** A message that is not known to have arrived, under the key that makes all attempts one message. */
export interface UnsentMessage {
  key: string;
  text: string;
  /** The id of the entry that was chosen; the text is its title. */
  choice?: string;
}

const PREFIX = "sotto-unsent:";
const DATABASE = "sotto";
const STORE = "keys";
const NAME = "unsent";

/**
 * Text that a reload would lose: kept in the tab's storage until it was sent, encrypted under a key that no
 * script can read out. Where there is no storage, a reload loses it as before.
 */
export class Unsent {
  readonly #name: string;
  #messages: UnsentMessage[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(private readonly conversation: string) {
    this.#name = `${PREFIX}${conversation}`;
  }

  /** The messages that an earlier page of this tab left. */
  async recall(): Promise<UnsentMessage[]> {
    try {
      const [iv, ct] = (sessionStorageOrNull()?.getItem(this.#name) ?? "").split(".").map(fromBase64url);
      if (!iv || !ct) return [];
      const plain = await crypto.subtle.decrypt(this.#algorithm(iv), await deviceKey(), ct);
      const left = JSON.parse(new TextDecoder().decode(plain)) as UnsentMessage[];
      this.#messages = [...left, ...this.#messages];
      return left;
    } catch {
      return [];
    }
  }

  add(message: UnsentMessage): void {
    if (this.#messages.some(({ key }) => key === message.key)) return;
    this.#messages.push(message);
    this.#write();
  }

  remove(key: string): void {
    this.#messages = this.#messages.filter((message) => message.key !== key);
    if (this.#messages.length === 0) sessionStorageOrNull()?.removeItem(this.#name);
    else this.#write();
  }

  /** The conversation has ended: nothing can be sent in it any more. */
  forget(): void {
    this.#messages = [];
    sessionStorageOrNull()?.removeItem(this.#name);
  }

  /** Of several changes the last one is what stays. */
  #write(): void {
    this.#written = this.#written.then(async () => {
      try {
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const plain = utf8(JSON.stringify(this.#messages));
        const ct = await crypto.subtle.encrypt(this.#algorithm(iv), await deviceKey(), plain);
        if (this.#messages.length === 0) return;
        sessionStorageOrNull()?.setItem(this.#name, `${toBase64url(iv)}.${toBase64url(new Uint8Array(ct))}`);
      } catch {
        // No database or no room: the text is on the screen only.
      }
    });
  }

  #algorithm(iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: utf8(this.conversation) };
  }
}

/** Of every conversation in this tab, and the key that all tabs share. */
export function forgetUnsent(): void {
  const storage = sessionStorageOrNull();
  for (const name of Object.keys(storage ?? {})) {
    if (name.startsWith(PREFIX)) storage?.removeItem(name);
  }
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // No database, so no key.
  }
}

/** Made at the first message; the browser keeps it and gives it out for use only. */
async function deviceKey(): Promise<CryptoKey> {
  const database = await settled(
    indexedDB.open(DATABASE, 1),
    (request) => (request.onupgradeneeded = () => request.result.createObjectStore(STORE)),
  );
  try {
    const found = await settled(database.transaction(STORE).objectStore(STORE).get(NAME) as IDBRequest<CryptoKey | undefined>);
    if (found) return found;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    // Another tab may have been quicker.
    const other = await settled(store.get(NAME) as IDBRequest<CryptoKey | undefined>);
    if (!other) await settled(store.put(made, NAME));
    return other ?? made;
  } finally {
    database.close();
  }
}

function settled<R extends IDBRequest>(request: R, prepare?: (request: R) => void): Promise<R["result"]> {
  prepare?.(request);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as R["result"]);
    request.onerror = () => reject(request.error ?? new Error("no database"));
  });
}
