declare module "*.css" {
  const text: string;
  export default text;
}

/** A file beside the one that is built, filled in by build.mjs. */
interface Asset {
  path: string;
  integrity: string;
}

/** Files that the loader fetches when the chat is opened, or for `work` when the server asks. */
declare const ASSETS: Record<"chat" | "seal" | "work", Asset>;

/** The looks of a page that the console opens to be printed. */
declare const PRINTABLE: Asset;
