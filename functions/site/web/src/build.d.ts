declare module "*.css" {
  const text: string;
  export default text;
}

/** A file beside the one that is built, filled in by build.mjs. */
interface Asset {
  path: string;
  integrity: string;
}

/** The files that the loader fetches when the visitor opens the chat, and `work` when the server asks for it. */
declare const ASSETS: Record<"chat" | "seal" | "work", Asset>;

/** The looks of a page that the console opens to be printed. */
declare const PRINTABLE: Asset;
