/** The receipt of an erasure: a signed statement, of which this window reads a little. */
export interface Receipt {
  id: string;
  completed_at: string;
  kept: unknown[];
}
