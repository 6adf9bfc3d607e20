/** The headers by which a purpose and a reason are recorded before anything is opened or destroyed. */
export function groundsOf(purpose: string, reason: string): { "Sotto-Purpose": string; "Sotto-Reason": string } {
  return { "Sotto-Purpose": purpose, "Sotto-Reason": utf8(reason.trim()) };
}

/** A header's value holds bytes, and this is how words beyond ASCII are put into them. */
function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
