/**
 * A page of the server's, in which no script runs wherever it is opened, whatever stands in it.
 * `more` goes into its head as well.
 */
export function harmless(page: string, more = ""): string {
  const head = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">${more}`;
  // Before anything else but the doctype, which has to be the first.
  return page.replace(/^\s*(<!doctype[^>]*>)?/i, (doctype) => doctype + head);
}
