import { harmless } from "../../page.ts";
import { Problem } from "../problem.ts";

/**
 * An address under which the browser shows a page of the server's, until the view is left.
 * No script of it runs, whatever stands in it: the page has the policy of the one that made
 * it, and says so itself for browsers that do not hand that over. Its looks come from a
 * file of ours, since that policy lets no style in that stands in the page.
 */
export function pageUrl(page: unknown, leaving: AbortSignal): string {
  if (typeof page !== "string") throw new Problem("failed");
  const looks = `<link rel="stylesheet" href="${location.origin}${PRINTABLE.path}" integrity="${PRINTABLE.integrity}" crossorigin>`;
  const url = URL.createObjectURL(new Blob([harmless(page, looks)], { type: "text/html;charset=utf-8" }));
  leaving.addEventListener("abort", () => URL.revokeObjectURL(url));
  return url;
}
