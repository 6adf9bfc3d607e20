import { api } from "../../kit.ts";
import type { Incident, Rule } from "../contract.ts";

/** Requests for what one quarter shows. */
export const REQUESTS = 100;
/** Requests of these for the list of incidents, with as many incidents as one answer has. */
const LISTS = 20;
const LONGEST = 100;
/** Requests for notes that are under way at the same time. */
const AT_ONCE = 4;
/** The words of a timeline by which an incident is contained. */
const CONTAINED = ["contained", "lock_account", "revoke_sessions", "freeze_exports", "lock_down_site", "slow_network", "stop_model"];

export type Action = Incident["actions"][number];
export type Note = Incident["notes"][number];

/** The incidents, the newest first, and the rules. */
export interface Known {
  incidents: Incident[];
  /** There are older ones. */
  isMore: boolean;
  rules: Rule[];
  /** Requests that were made for it. */
  requests: number;
}

/** How long something took: the median, and of how many incidents. */
export interface Took {
  medianMs: number | null;
  count: number;
}

/** What the incidents of a quarter teach. */
export interface Lessons {
  incidents: Incident[];
  kinds: { kind: string; incidents: Incident[] }[];
  acknowledged: Took;
  contained: Took;
  resolved: Took;
  /** Those that somebody has entered, since no rule has noticed them. */
  byHand: Incident[];
  lifted: { incident: Incident; action: Action }[];
}

export async function readKnown(): Promise<Known> {
  const rules = api.call("GET /v1/incidents/rules");
  const incidents: Incident[] = [];
  let requests = 1;
  let cursor: string | null = null;
  do {
    const page: { items: Incident[]; next_cursor: string | null } = await api.call("GET /v1/incidents", { query: { limit: LONGEST, ...(cursor && { cursor }) } });
    incidents.push(...page.items);
    cursor = page.next_cursor;
    requests++;
  } while (cursor && requests <= LISTS);
  return { incidents, isMore: cursor !== null, rules: (await rules).items, requests };
}

/** The notes of incidents, which no list has, and of how many they were not read because that takes too many requests. */
export async function readNotes(incidents: Incident[], most: number): Promise<{ noted: Incident[]; left: number }> {
  const asked = incidents.slice(0, Math.max(0, most));
  const read: Incident[] = [];
  while (read.length < asked.length) {
    const next = asked.slice(read.length, read.length + AT_ONCE);
    read.push(...(await Promise.all(next.map(({ id }) => api.call("GET /v1/incidents/{id}", { path: { id } })))));
  }
  return { noted: read.filter(({ notes }) => notes.length > 0), left: incidents.length - asked.length };
}

/** The quarter of a time on the person's own calendar: `2026-4`. */
export function quarterOf(time: string): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${Math.floor(at.getMonth() / 3) + 1}`;
}

/** The quarters in which something was noticed, and the present one, the newest first. */
export function quartersOf(incidents: Incident[]): string[] {
  const quarters = new Set([quarterOf(new Date().toISOString()), ...incidents.map(({ opened_at }) => quarterOf(opened_at))]);
  return [...quarters].sort().reverse();
}

export function lessonsOf(quarter: string, { incidents: all }: Known): Lessons {
  const incidents = all.filter(({ opened_at }) => quarterOf(opened_at) === quarter);
  const kinds = [...new Set(incidents.map(({ kind }) => kind))].map((kind) => ({ kind, incidents: incidents.filter((one) => one.kind === kind) }));
  return {
    incidents,
    kinds: kinds.sort((one, other) => other.incidents.length - one.incidents.length),
    // The first thing that a person did about it.
    acknowledged: tookOf(incidents, ({ timeline }) => timeline.find(({ what, by }) => what !== "opened" && by !== null)?.at),
    contained: tookOf(incidents, ({ timeline }) => timeline.find(({ what }) => CONTAINED.includes(what))?.at),
    // The last resolution counts: an incident may have been opened again.
    resolved: tookOf(incidents, ({ status, timeline }) => (status === "resolved" ? timeline.filter(({ what }) => what === "resolved").at(-1)?.at : undefined)),
    byHand: incidents.filter(({ timeline: [first] }) => first?.what === "opened" && first.by !== null),
    lifted: incidents.flatMap((incident) => incident.actions.filter(({ lifted_at }) => lifted_at).map((action) => ({ incident, action }))),
  };
}

function tookOf(incidents: Incident[], atOf: (incident: Incident) => string | undefined): Took {
  const times = incidents.flatMap((incident) => {
    const at = atOf(incident);
    return at === undefined ? [] : [Math.max(0, Date.parse(at) - Date.parse(incident.opened_at))];
  });
  return { medianMs: medianOf(times), count: times.length };
}

function medianOf(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [before, at] = [sorted[middle - 1], sorted[middle]];
  if (at === undefined) return null;
  return sorted.length % 2 === 1 || before === undefined ? at : (before + at) / 2;
}
