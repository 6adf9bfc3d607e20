//! Passkeys: `WebAuthn` Level 3, checked by webauthn-rs. They are discoverable, so that nobody types a
//! name, and user verification is required, so that one is two factors: the device, and what unlocks
//! it. No attestation is asked for; which makes people use is not ours to know.
//!
//! The caller consumes the challenge of every response ([`challenge_of`]) before it is checked here,
//! and hands over the state that was kept under it; so a response is checked once.

#[cfg(any(test, feature = "testkit"))]
pub mod authenticator;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::secret::Plaintext;
use shared::values::encoding::from_base64url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};
use webauthn_rs_proto::ResidentKeyRequirement;

/// Longest client data that is read for its challenge, in characters of base64url.
const MAX_CLIENT_DATA: usize = 8_192;

/// Why a response is not taken. It says nothing of the response, and every cause but one looks alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Whatever else is wrong with it.
    Response,
    /// Everything is right but the counter, which did not go on: there may be a second copy of the
    /// key. Answer as for [`Refused::Response`], and raise an event.
    CounterWentBack,
}

impl From<WebauthnError> for Refused {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::CounterWentBack,
            _ => Self::Response,
        }
    }
}

impl From<serde_json::Error> for Refused {
    fn from(_: serde_json::Error) -> Self {
        Self::Response
    }
}

/// The address of the stack is none that passkeys work at: they need `https` and a host name, or
/// `http://localhost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsuitableOrigin;

/// A registration that has begun. It is sealed and kept under its challenge. No `Debug`.
#[derive(Serialize, Deserialize)]
pub struct RegistrationState {
    user_handle: [u8; 16],
    state: PasskeyRegistration,
}

/// A sign-in that has begun. It is sealed and kept under its challenge. No `Debug`.
#[derive(Serialize, Deserialize)]
pub struct LoginState(DiscoverableAuthentication);

/// A passkey of one person, as it is sealed and stored: public key, counter, flags. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredPasskey {
    user_handle: [u8; 16],
    passkey: Passkey,
}

impl StoredPasskey {
    /// Its id, which the authenticator chose.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.passkey.cred_id().as_slice()
    }

    /// The handle of its owner.
    #[must_use]
    pub fn user_handle(&self) -> &[u8; 16] {
        &self.user_handle
    }
}

/// A passkey that has just been used.
pub struct UsedPasskey {
    /// The handle of its owner.
    pub user_handle: [u8; 16],
    /// Its id.
    pub credential_id: Vec<u8>,
    /// Counter and flags as they are now, to be stored in place of what was read, unless that has
    /// changed in between: otherwise two copies could use one count at the same time.
    pub updated: StoredPasskey,
    /// Whether `updated` differs from what was read.
    pub changed: bool,
    /// The authenticator's counter; 0 where it has none, as most synchronised ones.
    pub counter: u32,
}

/// A value that is serialized, sealed and stored whole.
pub trait Sealable: Serialize + DeserializeOwned {
    /// The bytes to seal.
    ///
    /// # Errors
    /// [`Refused::Response`] when the library fails.
    fn to_plaintext(&self) -> Result<Plaintext, Refused> {
        Ok(Plaintext::new(serde_json::to_vec(self)?))
    }

    /// Reads what was sealed; `None` when it is something else.
    #[must_use]
    fn from_plaintext(plaintext: &Plaintext) -> Option<Self> {
        serde_json::from_slice(plaintext.reveal()).ok()
    }
}

impl Sealable for RegistrationState {}
impl Sealable for LoginState {}
impl Sealable for StoredPasskey {}

/// This stack, as authenticators know it.
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// The relying party at `origin` (`https://host`, perhaps with a port), whose id is that host. A
    /// response from any other origin, be it a subdomain or another port, is refused.
    ///
    /// # Errors
    /// [`UnsuitableOrigin`].
    pub fn new(origin: &str, name: &str) -> Result<Self, UnsuitableOrigin> {
        let url = Url::parse(origin).map_err(|_| UnsuitableOrigin)?;
        let host = url.domain().ok_or(UnsuitableOrigin)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && host == "localhost") {
            return Err(UnsuitableOrigin);
        }
        let builder = WebauthnBuilder::new(host, &url).map_err(|_| UnsuitableOrigin)?;
        builder.rp_name(name).build().map(Self).map_err(|_| UnsuitableOrigin)
    }

    /// Begins a registration: the options for `navigator.credentials.create`, as
    /// `{"publicKey": …}`, and what to keep. `account` and `display` are what the authenticator shows;
    /// a device that has one of the `existing` ones is not asked for a second.
    ///
    /// # Errors
    /// [`Refused::Response`] when `account` or `display` is empty.
    pub fn start_registration(
        &self,
        user_handle: [u8; 16],
        account: &str,
        display: &str,
        existing: &[StoredPasskey],
    ) -> Result<(Value, RegistrationState), Refused> {
        let exclude = existing.iter().map(|one| one.passkey.cred_id().clone()).collect();
        let user = Uuid::from_bytes(user_handle);
        let (mut options, state) =
            silently(|| self.0.start_passkey_registration(user, account, display, Some(exclude)))?;
        // The library leaves it to the device whether the key can be discovered; we sign in by it.
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        Ok((serde_json::to_value(options)?, RegistrationState { user_handle, state }))
    }

    /// Checks the response to a registration.
    ///
    /// # Errors
    /// [`Refused::Response`].
    pub fn finish_registration(
        &self,
        credential: &Value,
        state: RegistrationState,
    ) -> Result<StoredPasskey, Refused> {
        let response = RegisterPublicKeyCredential::deserialize(credential)?;
        let discoverable = response.extensions.cred_props.as_ref().and_then(|props| props.rk);
        if discoverable == Some(false) {
            return Err(Refused::Response);
        }
        let RegistrationState { user_handle, state } = state;
        let passkey = silently(|| self.0.finish_passkey_registration(&response, &state))?;
        Ok(StoredPasskey { user_handle, passkey })
    }

    /// Begins a sign-in or a step-up: the options for `navigator.credentials.get`, as
    /// `{"publicKey": …}`, and what to keep. They name no passkey and so no person.
    ///
    /// # Errors
    /// [`Refused::Response`] when the library fails.
    pub fn start_login(&self) -> Result<(Value, LoginState), Refused> {
        let (options, state) = silently(|| self.0.start_discoverable_authentication())?;
        let mut out = Map::new();
        out.insert("publicKey".to_owned(), serde_json::to_value(options.public_key)?);
        Ok((Value::Object(out), LoginState(state)))
    }

    /// Checks the response to a sign-in against the passkeys of the person whom it names
    /// ([`identify`]): challenge, origin, signature, user verification, owner, counter.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_login(
        &self,
        credential: &Value,
        state: LoginState,
        passkeys: &[StoredPasskey],
    ) -> Result<UsedPasskey, Refused> {
        let response = PublicKeyCredential::deserialize(credential)?;
        let (user_handle, credential_id) = named(&response).ok_or(Refused::Response)?;
        let mut updated = passkeys
            .iter()
            .find(|one| one.credential_id() == credential_id && one.user_handle == user_handle)
            .cloned()
            .ok_or(Refused::Response)?;
        let result = silently(|| {
            self.0.finish_discoverable_authentication_v2(&response, state.0, &updated.passkey)
        })?;
        if !result.user_verified() {
            return Err(Refused::Response);
        }
        let changed = updated.passkey.update_credential(&result).ok_or(Refused::Response)?;
        let (credential_id, counter) = (credential_id.to_vec(), result.counter());
        Ok(UsedPasskey { user_handle, credential_id, updated, changed, counter })
    }
}

/// The user handle and the passkey that a response to a sign-in names. Neither is proven yet.
#[must_use]
pub fn identify(credential: &Value) -> Option<([u8; 16], Vec<u8>)> {
    let response = PublicKeyCredential::deserialize(credential).ok()?;
    named(&response).map(|(user_handle, credential_id)| (user_handle, credential_id.to_vec()))
}

/// The challenge that a response answers, registration or sign-in, as it says itself: the key under
/// which the state was kept. Whether it is the right one is checked with the state.
#[must_use]
pub fn challenge_of(credential: &Value) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct ClientData {
        challenge: String,
    }
    let encoded = credential.get("response")?.get("clientDataJSON")?.as_str()?;
    if encoded.len() > MAX_CLIENT_DATA {
        return None;
    }
    let data: ClientData = serde_json::from_slice(&from_base64url(encoded)?).ok()?;
    from_base64url(&data.challenge)
}

fn named(response: &PublicKeyCredential) -> Option<([u8; 16], &[u8])> {
    let user_handle = response.get_user_unique_id()?.try_into().ok()?;
    Some((user_handle, response.get_credential_id()))
}

/// Runs the library without its log, in which it repeats what it could not parse.
fn silently<T>(work: impl FnOnce() -> Result<T, WebauthnError>) -> Result<T, Refused> {
    tracing::dispatcher::with_default(&tracing::Dispatch::none(), work).map_err(Refused::from)
}
