import { signal } from "@preact/signals";
import type { Answer } from "./client.ts";
import { isFor, type Page } from "./page.ts";
import { date, pageWords } from "./words.ts";
import { locale } from "./locale.ts";

type Person = Pick<Answer<"GET /v1/auth/me">, "roles" | "cool_until" | "cool_roles">;

/** Roles that rest: they were granted to oneself, or the account was reset, less than a day ago. */
const resting = signal<Person | null>(null);

/** Remembers the person whose roles count; null when nobody is signed in. */
export function knowRoles(person: Person | null): void {
  resting.value = person;
}

/** From when on somebody may use what their cool-down holds back; null when nothing is. */
export function coolUntil(): string | null {
  return resting.peek()?.cool_until ?? null;
}

/** From when on somebody may do what a page is for; null when they may now, or never. */
export function restsUntil(page: Page): string | null {
  const person = resting.peek();
  const usable = person?.roles.filter((role) => !person.cool_roles?.includes(role)) ?? [];
  return person && isFor(person.roles, page) && !isFor(usable, page) ? coolUntil() : null;
}

/** Says which task somebody may do again, and from when on. */
export function fromWhen(page: Page, until: string): string {
  return pageWords().fromWhen(page.task[locale.peek()], date(until));
}

/** Says so on a page of which the rest may be used. */
export function CoolingNotice({ page }: { page: Page }) {
  const until = restsUntil(page);
  const { coolingWhy } = pageWords();
  return until && <p class="notice"><strong>{fromWhen(page, until)}</strong> {coolingWhy}</p>;
}
