import { signal } from "@preact/signals";
import { AUDITOR, named, newId, pageWords, Problem, wordsOf } from "../kit.ts";
import { PEOPLE } from "./words.ts";

/** The roles that may be changed. */
export const ROLES = ["agent", "privacy", "security", "admin"];

/** The roles that an invitation gives. */
export const INVITED = [...ROLES, AUDITOR];

/** Roles to tick; at least one. An auditor has no other. */
export class RoleChoice {
  readonly error = signal("");
  readonly ticked;
  first: HTMLInputElement | null = null;

  constructor(
    readonly roles: string[],
    held: string[],
  ) {
    this.ticked = signal(held);
  }

  isAuditor(): boolean {
    return this.ticked.value.includes(AUDITOR);
  }

  tick(role: string, isTicked: boolean): void {
    const others = this.ticked.peek().filter((other) => other !== role && (other === AUDITOR) === (role === AUDITOR));
    this.error.value = "";
    this.ticked.value = isTicked ? [...others, role] : others;
  }

  /** The roles that are ticked. Without one the form goes nowhere, and the reason stands below the boxes. */
  chosen(): string[] {
    const chosen = this.roles.filter((role) => this.ticked.peek().includes(role));
    if (chosen.length > 0) return chosen;
    this.error.value = wordsOf(PEOPLE).rolesRequired;
    this.first?.focus();
    throw new Problem("cancelled");
  }
}

const ERROR = newId();

export function RoleBoxes({ of: choice }: { of: RoleChoice }) {
  const { role: names, roles, roleText } = pageWords();
  const ticked = choice.ticked.value;
  return (
    <fieldset>
      <legend>{roles}</legend>
      {choice.roles.map((role, i) => (
        <label key={role} class="check">
          <input
            type="checkbox"
            value={role}
            checked={ticked.includes(role)}
            aria-describedby={ERROR}
            ref={(box) => {
              if (i === 0) choice.first = box;
            }}
            onChange={({ currentTarget: { checked } }) => choice.tick(role, checked)}
          />
          <span>{named(names, role)}<span class="hint">{named(roleText, role)}</span></span>
        </label>
      ))}
      <p id={ERROR} class="error" role="alert">{choice.error}</p>
    </fieldset>
  );
}
