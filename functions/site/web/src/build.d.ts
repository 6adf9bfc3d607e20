declare module "*.css" {
  const text: string;
  export default text;
}

/** Filled in by build.mjs: the files that the loader fetches when the visitor opens the chat. */
declare const ASSETS: Record<"chat" | "seal", { path: string; integrity: string }>;
