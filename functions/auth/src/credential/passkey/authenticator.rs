//! A passkey in software, with the browser around it, for tests: keys of P-256, discoverable, of any
//! number of people. Its fields make it do what an honest one never does.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use shared::random;
use shared::seal::suite;
use shared::values::encoding::{base64url, from_base64url};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// A browser at one origin, and its authenticator.
pub struct Authenticator {
    /// The origin of the page.
    pub origin: String,
    /// The relying party that is signed for, where it is not the one of the options.
    pub rp_id: Option<String>,
    /// Whether the user is verified.
    pub verifies: bool,
    /// Whether the key is synchronised: its flags say so, and its counter stays 0.
    pub synchronised: bool,
    /// Whether the browser says that the key can be discovered.
    pub discoverable: bool,
    /// The count of signatures so far.
    pub counter: u32,
    keys: Vec<Key>,
}

struct Key {
    id: [u8; 32],
    user_handle: String,
    pair: EcdsaKeyPair,
}

impl Authenticator {
    /// One bound to its device, with a counter, at `origin`.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            verifies: true,
            synchronised: false,
            discoverable: true,
            counter: 0,
            keys: Vec::new(),
        }
    }

    /// `navigator.credentials.create`: makes a key for what `options` asks. `None` when they are
    /// none, or when one of the keys that they exclude is here.
    pub fn register(&mut self, options: &Value) -> Option<Value> {
        let options = options.get("publicKey")?;
        for excluded in options.get("excludeCredentials")?.as_array()? {
            if self.key(&from_base64url(excluded.get("id")?.as_str()?)?).is_some() {
                return None;
            }
        }
        let user_handle = options.get("user")?.get("id")?.as_str()?.to_owned();
        let rp_id = options.get("rp")?.get("id")?.as_str()?;
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
                .ok()?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).ok()?;
        let id: [u8; 32] = random::bytes().ok()?;

        let mut data = self.authenticator_data(rp_id, ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(id);
        data.extend(cose_key(pair.public_key().as_ref())?);
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        attestation.extend(data);

        self.keys.push(Key { id, user_handle, pair });
        let client_data = self.client_data("webauthn.create", options)?;
        Some(json!({
            "id": base64url(&id),
            "rawId": base64url(&id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "attestationObject": base64url(&attestation),
                "clientDataJSON": base64url(&client_data),
                "transports": ["internal", "hybrid", "smart-card"],
            },
            "clientExtensionResults": { "credProps": { "rk": self.discoverable } },
        }))
    }

    /// `navigator.credentials.get`: signs what `options` asks with the key that was made last.
    pub fn sign_in(&mut self, options: &Value) -> Option<Value> {
        if !self.synchronised {
            self.counter = self.counter.wrapping_add(1);
        }
        let options = options.get("publicKey")?;
        let data = self.authenticator_data(options.get("rpId")?.as_str()?, 0);
        let client_data = self.client_data("webauthn.get", options)?;
        let key = self.keys.last()?;
        let mut signed = data.clone();
        signed.extend(suite::hash(&[&client_data]));
        let signature = key.pair.sign(&SystemRandom::new(), &signed).ok()?;
        Some(json!({
            "id": base64url(&key.id),
            "rawId": base64url(&key.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "authenticatorData": base64url(&data),
                "clientDataJSON": base64url(&client_data),
                "signature": base64url(signature.as_ref()),
                "userHandle": key.user_handle,
            },
            "clientExtensionResults": {},
        }))
    }

    fn key(&self, id: &[u8]) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == *id)
    }

    fn client_data(&self, kind: &str, options: &Value) -> Option<Vec<u8>> {
        let data = json!({
            "type": kind,
            "challenge": options.get("challenge")?,
            "origin": self.origin,
            "crossOrigin": false,
        });
        serde_json::to_vec(&data).ok()
    }

    fn authenticator_data(&self, rp_id: &str, more: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let mut flags = USER_PRESENT | more;
        if self.verifies {
            flags |= USER_VERIFIED;
        }
        if self.synchronised {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        let mut data = suite::hash(&[rp_id.as_bytes()]).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

/// An uncompressed point of P-256 as a `COSE_Key` for ES256 (RFC 9053 section 7.1).
fn cose_key(point: &[u8]) -> Option<Vec<u8>> {
    let [4, coordinates @ ..] = point else { return None };
    let (x, y) = coordinates.split_at_checked(32)?;
    let mut out = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
    out.extend(x);
    out.extend(b"\x22\x58\x20");
    out.extend(y);
    Some(out)
}
