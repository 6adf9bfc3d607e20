import { LASTING } from "../../lasting.ts";
import { type Checkpoint, checkpointOf } from "./verify.ts";

/** The newest checkpoint of a log that this browser has checked; null for none. */
export function remembered(origin: string): Checkpoint | null {
  try {
    const note = localStorage.getItem(LASTING + origin);
    return note === null ? null : checkpointOf(note);
  } catch {
    return null;
  }
}

export function remember({ origin, note }: Checkpoint): void {
  try {
    localStorage.setItem(LASTING + origin, note);
  } catch {
    // This browser stores nothing, and compares nothing.
  }
}

export function forgetLog(origin: string): void {
  try {
    localStorage.removeItem(LASTING + origin);
  } catch {
    // Nothing was stored.
  }
}
