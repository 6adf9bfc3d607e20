//! The published list of transport keys as a visitor reads it: signed by a root that is pinned, of
//! this deployment, in date.

use serde::Deserialize;

use super::sign::Verifier;
use super::transport::KemSuite;
use values::clock::{UnixMillis, rfc3339};
use values::encoding::from_base64url;
use values::pins::Pins;

/// Type of the key list's JWS.
pub const KEY_LIST_TYPE: &str = "sotto-keys+jwt";
/// By how much the clocks of who signs and who reads may differ.
const SKEW_MS: UnixMillis = 300_000;

/// A transport key that can be sealed to.
pub struct PublishedKey {
    /// Its name.
    pub kid: String,
    /// Its suite.
    pub suite: KemSuite,
    /// Its public half.
    pub public: Vec<u8>,
}

/// Why a list was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyListError {
    /// It has not the form of a list.
    Malformed,
    /// It names a root that is not pinned.
    RootNotPinned,
    /// The root that it names did not sign it.
    NotSigned,
    /// Another deployment made it.
    OtherIssuer,
    /// It has ended, or has not begun.
    OutOfDate,
}

/// The answer of `GET /v1/keys`.
#[derive(Deserialize)]
struct Answer {
    jws: String,
    root: Root,
}

#[derive(Deserialize)]
struct Root {
    x: String,
}

#[derive(Deserialize, Clone)]
struct Claims {
    iss: String,
    iat: i64,
    exp: i64,
    keys: Vec<Entry>,
}

#[derive(Deserialize, Clone)]
struct Entry {
    kid: String,
    suite: Suite,
    public_key: String,
    not_after: String,
}

#[derive(Deserialize, Clone)]
struct Suite {
    kem: String,
    kdf: String,
    aead: String,
}

/// Verifies the answer of `GET /v1/keys` and gives the keys that can be sealed to at `now_ms`, in
/// the order of the list. Keys of suites that are not known here, or past their time, are left out.
///
/// # Errors
/// [`KeyListError`].
pub fn verify(
    answer: &[u8],
    pins: &Pins,
    issuer: &str,
    now_ms: UnixMillis,
) -> Result<Vec<PublishedKey>, KeyListError> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| KeyListError::Malformed)?;
    let root = from_base64url(&answer.root.x).ok_or(KeyListError::Malformed)?;
    let root = Verifier::from_raw(&root).map_err(|_| KeyListError::Malformed)?;
    let pin = root.pin().map_err(|_| KeyListError::Malformed)?;
    if !pins.contains(&pin) {
        return Err(KeyListError::RootNotPinned);
    }
    let claims: Claims =
        root.verify(KEY_LIST_TYPE, &answer.jws).map_err(|_| KeyListError::NotSigned)?;
    if claims.iss != issuer {
        return Err(KeyListError::OtherIssuer);
    }
    if claims.iat > (now_ms + SKEW_MS).div_euclid(1000) || claims.exp <= now_ms.div_euclid(1000) {
        return Err(KeyListError::OutOfDate);
    }
    claims.keys.iter().filter_map(|entry| entry.published(now_ms).transpose()).collect()
}

impl Entry {
    fn published(&self, now_ms: UnixMillis) -> Result<Option<PublishedKey>, KeyListError> {
        let Suite { kem, kdf, aead } = &self.suite;
        let known = kdf == "HKDF-SHA256" && aead == "AES-256-GCM";
        // Times of one form and one zone: their order is that of their letters.
        let ended = self.not_after <= rfc3339(now_ms);
        let Some(suite) = KemSuite::from_kem(kem).filter(|_| known && !ended) else {
            return Ok(None);
        };
        let public = from_base64url(&self.public_key).ok_or(KeyListError::Malformed)?;
        Ok(Some(PublishedKey { kid: self.kid.clone(), suite, public }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::sign::Signer;
    use values::secret::Secret;

    const NOW_MS: UnixMillis = 1_793_610_000_000;

    fn signer(seed: u8) -> Signer {
        Signer::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap()
    }

    fn claims() -> Value {
        let entry = |kem: &str, not_after_ms| {
            json!({
                "kid": kem, "public_key": "AAAA", "not_after": rfc3339(not_after_ms),
                "suite": { "kem": kem, "kdf": "HKDF-SHA256", "aead": "AES-256-GCM" },
            })
        };
        let now = NOW_MS / 1000;
        json!({ "iss": "here", "iat": now, "exp": now + 60, "keys": [
            entry("X-Wing", NOW_MS + 1), entry("X-Wing", NOW_MS), entry("ML-KEM-1024", NOW_MS + 1),
        ]})
    }

    fn verified(by: &Signer, typ: &str, claims: &Value) -> Result<Vec<String>, KeyListError> {
        let jws = by.sign(typ, claims).unwrap();
        let answer = json!({ "jws": jws, "root": signer(1).verifier().jwk() }).to_string();
        let pins = Pins::try_from(signer(1).verifier().pin().unwrap().as_str()).unwrap();
        let keys = verify(answer.as_bytes(), &pins, "here", NOW_MS)?;
        Ok(keys.into_iter().map(|key| key.kid).collect())
    }

    #[test]
    fn a_list_gives_the_keys_that_can_be_sealed_to() {
        assert_eq!(verified(&signer(1), KEY_LIST_TYPE, &claims()).unwrap(), ["X-Wing"]);
    }

    #[test]
    fn every_other_list_is_refused() {
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            verified(&signer(1), KEY_LIST_TYPE, &claims)
        };
        let now = NOW_MS / 1000;
        assert_eq!(with("iss", json!("there")), Err(KeyListError::OtherIssuer));
        assert_eq!(with("exp", json!(now)), Err(KeyListError::OutOfDate));
        assert_eq!(with("iat", json!(now + 301)), Err(KeyListError::OutOfDate));
        assert_eq!(with("keys", json!(null)), Err(KeyListError::NotSigned));
        let not_signed = Err(KeyListError::NotSigned);
        assert_eq!(verified(&signer(2), KEY_LIST_TYPE, &claims()), not_signed);
        assert_eq!(verified(&signer(1), "at+jwt", &claims()), not_signed);

        let none = Pins::try_from("").unwrap();
        let refused = |answer: &str| verify(answer.as_bytes(), &none, "here", NOW_MS).err();
        let unpinned = json!({ "jws": "", "root": signer(1).verifier().jwk() }).to_string();
        assert_eq!(refused(&unpinned), Some(KeyListError::RootNotPinned));
        for malformed in ["", "{}", r#"{"jws":"","root":{"x":"AAAA"}}"#] {
            assert_eq!(refused(malformed), Some(KeyListError::Malformed));
        }
    }
}
