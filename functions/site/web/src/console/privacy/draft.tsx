import { later } from "./later.tsx";

/** A letter to the person. */
export const Draft = later("letter", async () => (await import("./letter.tsx")).Letter);
