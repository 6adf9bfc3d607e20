/**
 * Names in the browser's storage that outlive a session. Only what this browser has seen of the audit log has such a
 * name: it is about nobody, and comparing needs it later.
 */
export const LASTING = "sotto:log:";

/** Ends a session. The server's answer empties the storage of the browser; what lasts is put back. */
export async function lasting<Result>(end: () => Promise<Result>): Promise<Result> {
  const kept = stored();
  try {
    return await end();
  } finally {
    for (const [name, value] of kept) localStorage.setItem(name, value);
  }
}

function stored(): [name: string, value: string][] {
  try {
    return Object.entries(localStorage).filter(([name]) => name.startsWith(LASTING));
  } catch {
    // This browser stores nothing.
    return [];
  }
}
