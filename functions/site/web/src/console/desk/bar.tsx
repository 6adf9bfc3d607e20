import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { newId, tell, wordsOf } from "../kit.ts";
import { type Command, commandsNow } from "./commands.ts";
import { INBOX } from "./words.ts";

/** All keys that are commands now. */
export function openHelp(): void {
  const words = wordsOf(INBOX);
  const rows = commandsNow();
  tell(
    words.keyList,
    <dl class="keys">
      {rows.map(({ name, keys }) => (
        <div key={name}>
          <dt>{words.command[name]}</dt>
          <dd>{keys.map((key) => <kbd key={key}>{signOf(key)}</kbd>)}</dd>
        </div>
      ))}
    </dl>,
    null,
  );
}

/** Finds a command by a part of its name. */
export function openBar(): void {
  const words = wordsOf(INBOX);
  const commands = commandsNow().filter(({ name }) => name !== "bar");
  tell(words.commands, <Bar commands={commands} />, null);
}

function Bar({ commands }: { commands: Command[] }) {
  const words = wordsOf(INBOX);
  const typed = useSignal("");
  const chosen = useSignal(0);
  const list = useRef(newId()).current;
  const input = useRef<HTMLInputElement>(null);
  const shown = commands.filter(({ name }) => words.command[name].toLowerCase().includes(typed.value.trim().toLowerCase()));
  const run = (command: Command | undefined) => {
    if (!command) return;
    input.current?.closest("dialog")?.close();
    // The dialog gives the focus back first.
    setTimeout(() => void command.run());
  };
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) chosen.value = shown.length > 0 ? (chosen.value + by + shown.length) % shown.length : 0;
    else if (event.key === "Enter") run(shown[chosen.value]);
    else return;
    event.preventDefault();
    document.getElementById(`${list}-${chosen.value}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div class="command-bar">
      <input
        ref={input}
        type="text"
        role="combobox"
        autocomplete="off"
        aria-label={words.commands}
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={list}
        aria-activedescendant={shown.length > 0 ? `${list}-${chosen.value}` : undefined}
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={pressed}
      />
      <ul role="listbox" id={list} aria-label={words.commands}>
        {shown.map((command, i) => (
          <li key={command.name} id={`${list}-${i}`} role="option" aria-selected={i === chosen.value} onClick={() => run(command)}>
            <span>{words.command[command.name]}</span>
            <span>{command.keys.map((key) => <kbd key={key}>{signOf(key)}</kbd>)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A key as it is written on a keyboard. */
function signOf(key: string): string {
  const signs: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };
  if (key === "Ctrl+K") return /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘K" : "Ctrl+K";
  return signs[key] ?? key;
}
