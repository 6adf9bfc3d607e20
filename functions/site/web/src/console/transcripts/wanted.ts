/**
 * The transcript that a page asks to be read. It goes from page to page in memory: neither the id of a conversation
 * nor a reason is in an address.
 */
export interface Wanted {
  conversationId?: string;
  purpose?: string;
  reason?: string;
}

let wanted: Wanted = {};

export function want(what: Wanted): void {
  wanted = what;
}

/** Takes what is wanted, once. */
export function takeWanted(): Wanted {
  const taken = wanted;
  wanted = {};
  return taken;
}
