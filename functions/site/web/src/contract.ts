/** The contract between the parts of the widget, each its own file. */

export type Locale = "en" | "de";

/** The settings of the embedding `<script>` element. */
export interface Embed {
  /** Origin of the API, which is where widget.js itself came from. */
  base: string;
  site: string;
  /** Thumbprints of the root keys that may sign the key list. */
  pins: string[];
  locale: Locale;
  /** The embedding site's own privacy page, if it names one. */
  privacy: string | null;
  /** The words on the button, if the page names them. */
  launcher: string | null;
  /** The visitor's identity by the site's server, as it stands on the page now. */
  identity(): string | null;
}

/** A verified public key of the function that opens messages. */
export interface TransportKey {
  kid: string;
  kem: string;
  publicKey: Uint8Array<ArrayBuffer>;
  /** Milliseconds since 1970 from which on neither key nor list counts. */
  validUntil: number;
}

/** One request and its response, under keys that nobody else has. */
export interface Channel {
  /** Value of the header by which a request without a body asks for a sealed response. */
  readonly replyKey: string;
  /** The body of a sealed request. */
  seal(method: string, path: string, idempotencyKey: string, body: unknown): Promise<string>;
  /** The plaintext of a sealed response, as text; throws if it is not the answer to this request. */
  open(response: unknown): Promise<string>;
}

/** Why the widget refuses to send. Each has its words in `words.ts`. */
export type RefusalCode = "unsupported" | "not_pinned" | "bad_signature" | "expired" | "malformed" | "no_key";

/** The exports of the file `seal`. */
export interface Seal {
  /** Throws an error whose `refusal` is a `RefusalCode`. */
  verifyKeyList(list: unknown, pins: string[], now: number): Promise<TransportKey>;
  openChannel(key: TransportKey): Promise<Channel>;
  /** Throws unless one of the published keys signed exactly this receipt, and of this subject. */
  verifyReceipt(receipt: unknown, keys: unknown, subject: string): Promise<void>;
}

/** The exports of the file `work`. It is fetched when the server asks for a proof of work. */
export interface Work {
  /** The answer to a challenge: its hash begins with so many zero bits, at most 32. Throws when it was abandoned. */
  solve(challenge: string, bits: number, abandoned: AbortSignal): Promise<string>;
}

/** The exports of the file `voice`. It is fetched when a conversation is shown. */
export interface Voice {
  /** Adds to a chat what the device can do without anybody else. */
  join(chat: HTMLElement, locale: Locale): Promise<void>;
}

/** Files that are fetched when they are needed. */
export interface Parts {
  work(): Promise<Work>;
  voice(): Promise<Voice>;
}

/** The button that opens the window, as the window talks to it. */
export interface Launcher {
  /** The window was closed. */
  hidden(): void;
  /** So many messages came that nobody has seen. */
  unread(count: number): void;
  /** These are the site's words for the button. */
  named(text: string): void;
}

/** The exports of the file `chat`. */
export interface Chat {
  create(embed: Embed, root: ShadowRoot, seal: Seal, parts: Parts, launcher: Launcher): ChatWindow;
}

export interface ChatWindow {
  show(): void;
  /** The page has taken the widget out and it was put back; takes the focus if it had it. */
  moved(focused: boolean): void;
  hide(): void;
}

/**
 * Hands a file's exports to the loader on the `<script>` element that loaded
 * it: nothing is put on `window`, where the embedding page could trip over it.
 */
export function handOver(part: Seal | Work | Voice | Chat): void {
  Object.assign(document.currentScript as HTMLScriptElement, { sotto: part });
}
