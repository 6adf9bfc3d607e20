import { signal } from "@preact/signals";

/** How the desk behaves in this browser. Nothing here is about a visitor. */
export interface Settings {
  sound: boolean;
  notices: boolean;
  /** Single keys are commands. */
  keys: boolean;
}

const STORAGE = "sotto:desk-settings";
const USUAL: Settings = { sound: false, notices: false, keys: true };

export const settings = signal<Settings>(stored());

export function set(change: Partial<Settings>): void {
  settings.value = { ...settings.peek(), ...change };
  store();
}

/** Signing out clears the site's storage: who signs in next in this tab has the same sound again. */
export function restoreSettings(): void {
  if (JSON.stringify(settings.peek()) !== JSON.stringify(USUAL)) store();
}

function store(): void {
  try {
    localStorage.setItem(STORAGE, JSON.stringify(settings.peek()));
  } catch {
    // It then holds for this tab.
  }
}

function stored(): Settings {
  try {
    return { ...USUAL, ...(JSON.parse(localStorage.getItem(STORAGE) ?? "{}") as Partial<Settings>) };
  } catch {
    return USUAL;
  }
}
