/** What a reload needs to find the conversation again: the one thing that the widget stores. */
export interface Remembered {
  token: string;
  conversation: string;
}

/**
 * In the tab's own storage, or on the device if the visitor wished to be
 * remembered there. A browser that forbids storage forgets at a reload.
 */
export class Memory {
  readonly #name: string;

  /** Customers who share a browser, and guests, find only what is their own. */
  constructor(site: string, identity: string | null) {
    const customer = customerOf(identity);
    this.#name = customer === null ? `sotto:${site}` : `sotto:${site}:${customer}`;
  }

  recall(): Remembered | null {
    const stored = this.#stored(sessionStorageOrNull()) ?? this.#stored(localStorageOrNull());
    try {
      const { token, conversation } = JSON.parse(stored ?? "null") as Remembered;
      return { token, conversation };
    } catch {
      return null;
    }
  }

  remember(value: Remembered, onDevice: boolean): void {
    this.forget();
    const storage = onDevice ? localStorageOrNull() : sessionStorageOrNull();
    try {
      storage?.setItem(this.#name, JSON.stringify(value));
    } catch {
      // Full or forbidden: the chat goes on without surviving a reload.
    }
  }

  /** A new token for the same conversation, in the place where the old one is. */
  renew(value: Remembered): void {
    this.remember(value, this.#stored(localStorageOrNull()) !== null);
  }

  forget(): void {
    sessionStorageOrNull()?.removeItem(this.#name);
    localStorageOrNull()?.removeItem(this.#name);
  }

  #stored(storage: Storage | null): string | null {
    return storage?.getItem(this.#name) ?? null;
  }
}

/** The site's name for the customer, taken at its word: it gives access to nothing. */
function customerOf(identity: string | null): string | null {
  try {
    const payload = identity?.split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/");
    return payload ? String((JSON.parse(atob(payload)) as { sub: unknown }).sub) : null;
  } catch {
    return null;
  }
}

function sessionStorageOrNull(): Storage | null {
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
