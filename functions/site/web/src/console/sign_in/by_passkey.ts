import { isTokens } from "../client.ts";
import * as passkeys from "../passkeys.ts";
import { Problem } from "../problem.ts";
import { api, enter } from "../session.ts";

/** A passkey that was shown, as the server wants to see it. */
export async function shownPasskey(signal?: AbortSignal): Promise<object> {
  const { publicKey } = await api.open("POST /v1/auth/passkeys/login/start", {});
  return passkeys.show(publicKey as PublicKeyCredentialRequestOptionsJSON, signal);
}

/** One passkey is two factors: what the person has, and what the device asks them. */
export async function signInByPasskey(signal?: AbortSignal): Promise<void> {
  const answer = await api.open("POST /v1/auth/passkeys/login/finish", { credential: await shownPasskey(signal) });
  if (!isTokens(answer)) throw new Problem("failed");
  await enter();
}
