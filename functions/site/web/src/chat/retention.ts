/** How long the site keeps what a visitor leaves, in days. */
export interface Retention {
  transcript_days: number;
  lead_days: number;
}

/** What every site kept before the list of keys said it. */
const BEFORE: Retention = { transcript_days: 30, lead_days: 180 };

/** The policy as it comes with the list of keys. */
export function retentionOf(list: unknown): Retention {
  const { transcript_days, lead_days } = (list as { retention?: Partial<Retention> }).retention ?? {};
  return {
    transcript_days: transcript_days ?? BEFORE.transcript_days,
    lead_days: lead_days ?? BEFORE.lead_days,
  };
}

/** Whether something is kept for longer than was said. */
export function isLonger(now: Retention, said: Retention): boolean {
  return now.transcript_days > said.transcript_days || now.lead_days > said.lead_days;
}
