/** How long the site keeps what a visitor leaves, in days. */
export interface Retention {
  transcript_days: number;
  lead_days: number;
}

/** The policy as a sealed answer says it; throws for what is no number of days. */
export function retentionOf(answer: unknown): Retention {
  const { transcript_days, lead_days } = (answer as { retention: Retention }).retention;
  const isDays = (value: unknown) => Number.isInteger(value) && (value as number) > 0;
  if (!isDays(transcript_days) || !isDays(lead_days)) throw new RangeError("no days");
  return { transcript_days, lead_days };
}

/** Whether something is kept for longer than was said. */
export function isLonger(now: Retention, said: Retention): boolean {
  return now.transcript_days > said.transcript_days || now.lead_days > said.lead_days;
}
