/** One value that the server refused: the name of the field, the reason as a code, and in English. */
export interface FieldProblem {
  pointer: string;
  code: string;
  detail?: string;
}

/**
 * A request that came to nothing: the code of the API's problem details, or one of
 * ours: `offline`, `failed`, `cancelled`, `signed_out`, `passkey_…`.
 */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly fields: FieldProblem[] = [],
    readonly retryAfterSeconds = 0,
    /** The thing in question as it is now, where the server says so. */
    readonly item: unknown = null,
  ) {
    super(code);
  }

  /** The token of this call is over, whatever the reason. */
  get isAboutToken(): boolean {
    return this.code.startsWith("token_");
  }

  /** The person knows already: they turned back, or the page has changed under the call. */
  get isSilent(): boolean {
    return this.code === "cancelled" || this.code === "signed_out";
  }
}

export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem("failed");
}
