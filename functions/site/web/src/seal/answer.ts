/** The answer inside a seal, and its status. */
export interface Inside {
  status: number;
  body: Record<string, unknown>;
}

/** Reads what was inside a seal; throws if the status inside is not the one outside, which anybody on the way may write. */
export function insideOf(text: string, outside: number): Inside {
  const { http_status: status, ...body } = JSON.parse(text) as Record<string, unknown>;
  if (!Number.isInteger(status) || (status === 204 ? 200 : status) !== outside) throw new TypeError("another status");
  return { status: status as number, body };
}
