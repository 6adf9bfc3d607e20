/** The line by which a note names a file: its SHA-256 and its name. Nothing else of it leaves the browser. */
export async function lineOf(file: File): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  // A note takes no signs that nobody sees.
  return `sha256:${hex} ${file.name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "_")}`;
}
