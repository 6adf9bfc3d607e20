import { type Answer, api } from "../kit.ts";

export type Report = Answer<"GET /v1/reports/summary">;
export type Totals = Report["totals"];

/** Conversations of a day, or of an hour. */
export interface Bar {
  at: string;
  bot: number;
  person: number;
}

export interface Summary {
  report: Report;
  days: Bar[];
  /** The 24 hours of the day, all days together. */
  hours: Bar[];
  zone: string;
}

export interface Days {
  from: string;
  to: string;
}

/** The report by days, and once more by hours, for those of the day. */
export async function summaryOf(days: Days): Promise<Summary> {
  const report = await api.call("GET /v1/reports/summary", { query: { ...days, bucket: "day" } });
  const hourly = await api.call("GET /v1/reports/summary", { query: { ...days, bucket: "hour" } });
  const zone = await zoneOf();
  return { report, days: report.buckets.map(barOf), hours: byHour(hourly.buckets.map(barOf), zone), zone };
}

async function zoneOf(): Promise<string> {
  const { items } = await api.call("GET /v1/sites");
  return items[0]?.opening_hours?.time_zone ?? "UTC";
}

function barOf({ at, conversations, handed_over }: Report["buckets"][number]): Bar {
  return { at, bot: conversations - handed_over, person: handed_over };
}

function byHour(bars: Bar[], zone: string): Bar[] {
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", hourCycle: "h23", timeZone: zone });
  const hours = Array.from({ length: 24 }, (_, hour) => ({ at: String(hour).padStart(2, "0"), bot: 0, person: 0 }));
  for (const { at, bot, person } of bars) {
    const hour = hours[Number(clock.format(new Date(at)))];
    if (!hour) continue;
    hour.bot += bot;
    hour.person += person;
  }
  return hours;
}
