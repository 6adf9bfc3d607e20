declare module "*.css" {
  const text: string;
  export default text;
}

/** A file beside the one that is built, filled in by build.mjs. */
interface Asset {
  path: string;
  integrity: string;
}

/** Files that the loader fetches when the chat is opened; `work` when the server asks, `voice` when a conversation is shown. */
declare const ASSETS: Record<"en" | "de" | "seal" | "work" | "voice", Asset>;

/** The language of this file of the chat: each is built once for each. */
declare const LOCALE: "en" | "de";

/** The looks of a page that the console opens to be printed. */
declare const PRINTABLE: Asset;
