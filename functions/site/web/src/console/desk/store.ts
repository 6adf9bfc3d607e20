/**
 * Keeps texts that were not sent over a reload. They are sealed under a key that no script can read and that is
 * destroyed at sign-out; without the key, what is left in the tab's storage opens no more.
 */
const STORAGE = "sotto:desk";
const DATABASE = "sotto-desk";
const KEYS = "keys";
const KEY = "drafts";
const NONCE_BYTES = 12;

let key: Promise<CryptoKey> | null = null;
let writing: Promise<unknown> = Promise.resolve();
let next: (() => Promise<void>) | null = null;

/** What was kept for this person; null if nothing was, or if it was somebody else's. */
export async function kept(owner: string): Promise<unknown> {
  const stored = sessionStorage.getItem(STORAGE);
  if (!stored) return null;
  try {
    const bytes = Uint8Array.from(atob(stored), (letter) => letter.charCodeAt(0));
    const algorithm = { name: "AES-GCM", iv: bytes.slice(0, NONCE_BYTES), additionalData: new TextEncoder().encode(owner) };
    const opened = await crypto.subtle.decrypt(algorithm, await keyOf(), bytes.slice(NONCE_BYTES));
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    sessionStorage.removeItem(STORAGE);
    return null;
  }
}

/** Keeps something for this person, in place of what was kept before; null keeps nothing. */
export function keep(owner: string, value: unknown): Promise<unknown> {
  const isIdle = next === null;
  next = async () => {
    if (value === null) return sessionStorage.removeItem(STORAGE);
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const algorithm = { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(owner) };
    const sealed = await crypto.subtle.encrypt(algorithm, await keyOf(), new TextEncoder().encode(JSON.stringify(value)));
    sessionStorage.setItem(STORAGE, btoa(Array.from([...iv, ...new Uint8Array(sealed)], (byte) => String.fromCharCode(byte)).join("")));
  };
  // Of what is kept in quick succession, the last is written. A browser that stores nothing keeps it in memory only.
  if (isIdle) writing = writing.then(takeNext).catch(() => {});
  return writing;
}

async function takeNext(): Promise<void> {
  const write = next;
  next = null;
  await write?.();
}

/** Destroys the key, and with it all that is kept, in every tab. */
export async function destroy(): Promise<void> {
  next = null;
  sessionStorage.removeItem(STORAGE);
  key = null;
  await writing;
  sessionStorage.removeItem(STORAGE);
  await new Promise((resolve) => {
    const deleting = indexedDB.deleteDatabase(DATABASE);
    deleting.onsuccess = deleting.onerror = deleting.onblocked = resolve;
  });
}

/** The key of this browser, made when it is first needed. */
function keyOf(): Promise<CryptoKey> {
  key ??= opened().catch((error) => {
    key = null;
    throw error;
  });
  return key;
}

async function opened(): Promise<CryptoKey> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  // Another tab that signs out deletes the database: it does not wait for this one.
  database.onversionchange = () => database.close();
  try {
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    return await new Promise((resolve, reject) => {
      const keys = database.transaction(KEYS, "readwrite").objectStore(KEYS);
      const reading = keys.get(KEY);
      reading.onsuccess = () => {
        const found = reading.result as CryptoKey | undefined;
        if (!found) keys.put(fresh, KEY);
        keys.transaction.oncomplete = () => resolve(found ?? fresh);
      };
      keys.transaction.onabort = keys.transaction.onerror = () => reject(keys.transaction.error);
    });
  } finally {
    database.close();
  }
}
