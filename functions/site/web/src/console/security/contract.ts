import type { Answer } from "../kit.ts";

export type Incident = Answer<"GET /v1/incidents/{id}">;
export type Page = Answer<"GET /v1/incidents">;
export type Signal = Incident["signals"][number];
export type Action = Incident["actions"][number];
export type Rule = Answer<"GET /v1/incidents/rules">["items"][number];
export type Affected = Answer<"GET /v1/incidents/{id}/affected">;

/** The part of the page of an incident at which somebody goes on. */
export type Goal = "done" | "notes";

/** An incident that is looked at, and what can be done on its page. */
export interface Opened {
  incident: Incident;
  /** The name of somebody here: you, a name, or the end of their id. */
  who(id: string): string;
  goal: Goal | null;
  /** Shows the incident as it is now, with what was done, and goes on at a part of it. */
  again(said: string, goal?: Goal): Promise<void>;
}

/** Characters of a note. */
export const LONGEST_NOTE = "2000";
