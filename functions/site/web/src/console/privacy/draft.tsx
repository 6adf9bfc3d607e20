import { later } from "../kit.ts";

/** A letter to the person. */
export const Draft = later("letter", async () => (await import("./letter.tsx")).Letter);
