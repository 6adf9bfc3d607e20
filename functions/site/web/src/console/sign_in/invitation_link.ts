/** The purpose of a link, which decides the password to ask for. The token tells the server. */
export type Purpose = "account" | "second_factor" | "password";

export interface InvitationLink {
  token: string;
  purpose: Purpose;
}

/** Takes the token out of the address before anything else is done: it shall be in no history and no bookmark. */
export function takeInvitation(): InvitationLink | null {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const token = parameters.get("invitation");
  if (!token) return null;
  history.replaceState(null, "", location.pathname + location.search);
  const reset = parameters.get("reset");
  return { token, purpose: reset === "second_factor" || reset === "password" ? reset : "account" };
}

export function linkOf(token: string, purpose: Purpose): string {
  const parameters = new URLSearchParams({ invitation: token });
  if (purpose !== "account") parameters.set("reset", purpose);
  return `${location.origin}/console#${parameters}`;
}
