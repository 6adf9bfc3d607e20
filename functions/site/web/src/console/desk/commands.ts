import { signal } from "@preact/signals";
import { settings } from "./settings.ts";

/** What a key or a line of the command bar does. */
export interface Command {
  name: "next" | "previous" | "open" | "waiting" | "mine" | "closed" | "available" | "filter" | "reply" | "note" | "undo" | "suggestion" | "search" | "transfer" | "queue" | "bot" | "close" | "leave" | "help" | "bar" | "answers";
  keys: string[];
  run(): unknown;
}

/** The commands of those parts of the desk that are shown, in their order. */
const groups = signal<Command[][]>([]);

/** A command opens a field to type in, and it is not there yet. */
let isOpening = false;

/** Takes no key for a command until that field is there: it is meant for the field. */
export async function opening(field: () => Promise<void>): Promise<void> {
  isOpening = true;
  await field().finally(() => (isOpening = false));
}

/** Adds commands; answers how to take them away again. */
export function provide(commands: Command[]): () => void {
  groups.value = [...groups.peek(), commands];
  return () => (groups.value = groups.peek().filter((group) => group !== commands));
}

export function commandsNow(): Command[] {
  return groups.value.flat();
}

/** Listens for keys: not while somebody types, nor in a dialog, nor for what is the browser's. */
export function listen(): () => void {
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function pressed(event: KeyboardEvent): void {
  if (isOpening || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const isBar = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isBar && (event.ctrlKey || event.metaKey || event.altKey)) return;
  const target = event.target as HTMLElement;
  const isTyping = target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  if (!isBar && (isTyping || !settings.peek().keys)) return;
  // A button or a link that has the focus is pressed by it, and tabs have arrows of their own.
  if (event.key === "Enter" && target.matches("a, button, summary")) return;
  if (event.key.startsWith("Arrow") && target.matches("[role=tab], [role=log]")) return;
  const key = isBar ? "Ctrl+K" : event.key;
  const command = commandsNow().find(({ keys }) => keys.includes(key));
  if (!command) return;
  event.preventDefault();
  void command.run();
}
