import { signal } from "@preact/signals";
import { named, newId, pageWords, Problem, wordsOf } from "../kit.ts";
import { PEOPLE } from "./words.ts";

const ROLES = ["agent", "privacy", "security", "admin"] as const;

type Role = (typeof ROLES)[number];

/** Roles to tick; at least one. */
export class RoleChoice {
  readonly error = signal("");
  readonly ticked: Set<string>;
  first: HTMLInputElement | null = null;

  constructor(held: string[]) {
    this.ticked = new Set(held);
  }

  /** The roles that are ticked. Without one the form goes nowhere, and the reason stands below the boxes. */
  chosen(): Role[] {
    const chosen = ROLES.filter((role) => this.ticked.has(role));
    if (chosen.length > 0) return chosen;
    this.error.value = wordsOf(PEOPLE).rolesRequired;
    this.first?.focus();
    throw new Problem("cancelled");
  }
}

const ERROR = newId();

export function RoleBoxes({ of: choice }: { of: RoleChoice }) {
  const { role: names, roles, roleText } = pageWords();
  return (
    <fieldset>
      <legend>{roles}</legend>
      {ROLES.map((role, i) => (
        <label key={role} class="check">
          <input
            type="checkbox"
            value={role}
            defaultChecked={choice.ticked.has(role)}
            aria-describedby={ERROR}
            ref={(box) => {
              if (i === 0) choice.first = box;
            }}
            onChange={({ currentTarget: { checked } }) => {
              choice.error.value = "";
              if (checked) choice.ticked.add(role);
              else choice.ticked.delete(role);
            }}
          />
          <span>{named(names, role)}<span class="hint">{named(roleText, role)}</span></span>
        </label>
      ))}
      <p id={ERROR} class="error" role="alert">{choice.error}</p>
    </fieldset>
  );
}
