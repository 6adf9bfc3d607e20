/** The owner of a session: the customer whom the page named when it was opened, and the subject that the server returned. */
export interface Owner {
  subject: string;
  /** The site's name for the customer; null for a guest. */
  customer: string | null;
}

/** The values by which a reload finds the conversation again. */
export interface Remembered {
  token: string;
  conversation: string;
  owner: Owner;
}

/**
 * In the tab's own storage, or on the device if the visitor wished to be
 * remembered there. A browser that forbids storage forgets at a reload.
 * Tabs share the device's: what another conversation has put there is left alone.
 */
export class Memory {
  readonly #guests: string;
  readonly #live: string;

  constructor(site: string) {
    this.#guests = `sotto:${site}`;
    this.#live = `sotto-live:${site}`;
  }

  /** Of whom the page names now: customers who share a browser, and guests, find only what is their own. */
  recall(customer: string | null): Remembered | null {
    for (const storage of storages()) {
      for (const name of customer === null ? [this.#guests] : this.#customers(storage)) {
        const found = read(storage, name);
        if (found?.owner.customer === customer) return found;
      }
    }
    return null;
  }

  remember(value: Remembered, onDevice: boolean): void {
    this.#put(onDevice ? localStorageOrNull() : sessionStorageOrNull(), value);
  }

  /** A new token for the same conversation, in the places where the old one is. */
  renew(value: Remembered): void {
    for (const storage of this.#where(value)) this.#put(storage, value);
  }

  forget(value: Remembered): void {
    for (const storage of this.#where(value)) storage.removeItem(this.#nameOf(value.owner));
  }

  /** Up to which message the visitor has looked, while a person is asked for or answers; null at other times. */
  lookedAt(): string | null {
    return sessionStorageOrNull()?.getItem(this.#live) ?? null;
  }

  /** Kept for this tab: the loader then opens the chat again behind the launcher after a reload. */
  keepLook(messageId: string | null): void {
    const storage = sessionStorageOrNull();
    try {
      if (messageId === null) storage?.removeItem(this.#live);
      else storage?.setItem(this.#live, messageId);
    } catch {
      // Full or forbidden: after a reload news come when the chat is opened.
    }
  }

  /** All that this browser has of a subject, in this tab and on the device. */
  forgetSubject(subject: string): void {
    for (const storage of storages()) {
      for (const name of [this.#guests, ...this.#customers(storage)]) {
        if (read(storage, name)?.owner.subject === subject) storage.removeItem(name);
      }
    }
  }

  /** By the subject that the server has named, whatever the page said before or after. */
  #nameOf({ customer, subject }: Owner): string {
    return customer === null ? this.#guests : `${this.#guests}:${subject}`;
  }

  #customers(storage: Storage): string[] {
    return Object.keys(storage).filter((name) => name.startsWith(`${this.#guests}:`));
  }

  /** Where that very conversation of that very visitor is. */
  #where({ owner, conversation }: Remembered): Storage[] {
    return storages().filter((storage) => {
      const found = read(storage, this.#nameOf(owner));
      return found?.conversation === conversation && found.owner.subject === owner.subject;
    });
  }

  #put(storage: Storage | null, value: Remembered): void {
    try {
      storage?.setItem(this.#nameOf(value.owner), JSON.stringify(value));
    } catch {
      // Full or forbidden: the chat goes on without surviving a reload.
    }
  }
}

/** Reads the value that is stored under a name, if the widget can have stored it. */
function read(storage: Storage, name: string): Remembered | null {
  try {
    const { token, conversation, owner } = JSON.parse(storage.getItem(name) ?? "null") as Remembered;
    if (!isToken(token) || typeof conversation !== "string" || !/^[\w-]{1,64}$/.test(conversation)) return null;
    // Before owners were kept only guests were found here.
    return { token, conversation, owner: owner ?? { subject: subjectOf(token), customer: null } };
  } catch {
    return null;
  }
}

/** Whether a text can stand in a header as a token: another would fail only there, again and again. */
export function isToken(token: unknown): token is string {
  return typeof token === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/** The subject that a token names. */
export function subjectOf(token: string): string {
  return String(payloadOf(token)?.sub);
}

/** Whether the site's server has said whose a token is. */
export function isCustomers(token: string): boolean {
  return payloadOf(token)?.verified === true;
}

/** The site's name for the customer, taken at its word: it gives access to nothing. */
export function customerOf(identity: string | null): string | null {
  if (identity === null) return null;
  const sub = payloadOf(identity)?.sub;
  // An identity that cannot be read is somebody's all the same, and the server refuses it.
  return sub === undefined ? "" : String(sub);
}

function payloadOf(jws: string): { sub?: unknown; verified?: unknown } | null {
  try {
    const bytes = Uint8Array.from(atob((jws.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")), (byte) => byte.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; verified?: unknown };
  } catch {
    return null;
  }
}

function storages(): Storage[] {
  return [sessionStorageOrNull(), localStorageOrNull()].filter((storage) => storage !== null);
}

export function sessionStorageOrNull(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function localStorageOrNull(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
