import { fromBase64url as bytes, toBase64url } from "../seal/bytes.ts";
import { Problem } from "./problem.ts";

/** WebAuthn in the JSON forms of its Level 3, also where the browser has Level 2 only. */

export function arePossible(): boolean {
  return "PublicKeyCredential" in window && "credentials" in navigator;
}

/** Whether the browser offers passkeys among what it fills in. */
export async function areOfferedInFields(): Promise<boolean> {
  return arePossible() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false);
}

/** Makes a passkey; the answer is what the server wants to see. */
export async function make(options: PublicKeyCredentialCreationOptionsJSON): Promise<object> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? {
    ...(options as object as PublicKeyCredentialCreationOptions),
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(descriptor),
  };
  return jsonOf(await asked(() => navigator.credentials.create({ publicKey })));
}

/** Shows a passkey. With a signal it waits quietly until one is chosen in a field, or the signal comes. */
export async function show(options: PublicKeyCredentialRequestOptionsJSON, signal?: AbortSignal): Promise<object> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? {
    ...(options as object as PublicKeyCredentialRequestOptions),
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(descriptor),
  };
  const request: CredentialRequestOptions = signal ? { publicKey, signal, mediation: "conditional" } : { publicKey };
  return jsonOf(await asked(() => navigator.credentials.get(request)));
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "AbortError") throw new Problem("cancelled");
    if (name === "NotAllowedError") throw new Problem("passkey_cancelled");
    if (name === "InvalidStateError") throw new Problem("passkey_known");
  }
  throw new Problem("passkey_failed");
}

function jsonOf(credential: PublicKeyCredential): object {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const { id, type, rawId, authenticatorAttachment, response } = credential;
  const parts: Record<string, unknown> = { clientDataJSON: text(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    parts["attestationObject"] = text(response.attestationObject);
    parts["transports"] = response.getTransports?.() ?? [];
  } else if (response instanceof AuthenticatorAssertionResponse) {
    parts["authenticatorData"] = text(response.authenticatorData);
    parts["signature"] = text(response.signature);
    if (response.userHandle) parts["userHandle"] = text(response.userHandle);
  }
  const clientExtensionResults = credential.getClientExtensionResults();
  return { id, type, rawId: text(rawId), authenticatorAttachment, clientExtensionResults, response: parts };
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...(json as object as PublicKeyCredentialDescriptor), id: bytes(json.id) };
}

function text(buffer: ArrayBuffer): string {
  return toBase64url(new Uint8Array(buffer));
}
