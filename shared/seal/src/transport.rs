//! The message layer between browser and function: HPKE (RFC 9180) base mode, single shot, and the
//! sealed response of RFC 9458 section 4.4, for both suites of the design.

#[cfg(any(test, feature = "client"))]
pub mod client;

use std::sync::OnceLock;

use aws_lc_rs::aead::{Aad, Nonce};
use hpke::aead::{AeadCtxR, AesGcm256};
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeR, Serializable, setup_receiver};
use zeroize::Zeroizing;

use super::SealError;
use super::suite::{self, HASH_LEN, NONCE_LEN};
use values::encoding::{base64url, from_base64url};
use values::random;
use values::secret::{Plaintext, Secret};

/// `info` of every request (RFC 9180 section 5.1).
pub const REQUEST_INFO: &[u8] = b"sotto/v1 request";
/// Exporter context of every response.
pub const RESPONSE_EXPORT: &[u8] = b"sotto/v1 response";
/// Content type of sealed bodies.
pub const SEALED_JSON: &str = "application/sotto-sealed+json";

const RESPONSE_NONCE_LEN: usize = 32;
const SMALLEST_PADDED: usize = 256;

/// The key encapsulation of a suite; KDF and AEAD are HKDF-SHA256 and AES-256-GCM in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KemSuite {
    /// X-Wing: ML-KEM-768 and X25519, preferred.
    XWing,
    /// DHKEM(X25519, HKDF-SHA256), for browsers without the other.
    X25519,
}

impl KemSuite {
    /// Both suites, the preferred one first.
    pub const ALL: [Self; 2] = [Self::XWing, Self::X25519];

    /// The name of the KEM in the key list.
    #[must_use]
    pub const fn kem(self) -> &'static str {
        match self {
            Self::XWing => "X-Wing",
            Self::X25519 => "DHKEM(X25519, HKDF-SHA256)",
        }
    }

    /// The suite whose KEM has that name.
    #[must_use]
    pub fn from_kem(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.kem() == name)
    }
}

/// A private key of the transport. No `Debug`.
pub struct PrivateKey {
    secret: Secret,
    parsed: Parsed,
}

/// The key as the library works with it, made by the first request: an X-Wing key is expanded from
/// its 32 bytes, which takes a fifth of a request, and most keys that are loaded are never used.
/// Both types are zeroized when dropped.
enum Parsed {
    XWing(Box<OnceLock<<XWing as Kem>::PrivateKey>>),
    X25519(OnceLock<<X25519HkdfSha256 as Kem>::PrivateKey>),
}

impl Parsed {
    fn of(suite: KemSuite) -> Self {
        match suite {
            KemSuite::XWing => Self::XWing(Box::default()),
            KemSuite::X25519 => Self::X25519(OnceLock::new()),
        }
    }
}

impl PrivateKey {
    /// A fresh key pair: the private key, and the public key as it is published.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn generate(suite: KemSuite) -> Result<(Self, Vec<u8>), SealError> {
        let material = Secret::generate()?;
        let (secret, public) = match suite {
            KemSuite::XWing => derive_pair::<XWing>(&material),
            KemSuite::X25519 => derive_pair::<X25519HkdfSha256>(&material),
        };
        Ok((Self::from_secret(suite, secret.ok_or(SealError::Failed)?), public))
    }

    /// The stored private key of a suite; both have 32 bytes.
    #[must_use]
    pub fn from_secret(suite: KemSuite, secret: Secret) -> Self {
        Self { secret, parsed: Parsed::of(suite) }
    }

    /// The private key, to be wrapped.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Opens a request sealed to this key: its plaintext, and what seals its response.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] for every cause there is.
    pub fn open(
        &self,
        enc: &[u8],
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<(Plaintext, ReplySealer), SealError> {
        match &self.parsed {
            Parsed::XWing(key) => open::<XWing>(self.parse(key)?, enc, ciphertext, aad),
            Parsed::X25519(key) => open::<X25519HkdfSha256>(self.parse(key)?, enc, ciphertext, aad),
        }
    }

    /// The sealer of the response to a request without a body, whose header carried `enc`.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] when `enc` is no encapsulated key.
    pub fn reply_to(&self, enc: &[u8]) -> Result<ReplySealer, SealError> {
        match &self.parsed {
            Parsed::XWing(key) => {
                ReplySealer::export(&receive::<XWing>(self.parse(key)?, enc)?, enc)
            }
            Parsed::X25519(key) => {
                ReplySealer::export(&receive::<X25519HkdfSha256>(self.parse(key)?, enc)?, enc)
            }
        }
    }

    fn parse<'a, P: Deserializable>(&self, key: &'a OnceLock<P>) -> Result<&'a P, SealError> {
        if let Some(parsed) = key.get() {
            return Ok(parsed);
        }
        let parsed =
            P::from_bytes(self.secret.expose_secret()).map_err(|_| SealError::DidNotOpen)?;
        Ok(key.get_or_init(|| parsed))
    }
}

/// Seals the one response of one request; used up by it.
pub struct ReplySealer {
    secret: Zeroizing<[u8; HASH_LEN]>,
    enc: Vec<u8>,
}

impl ReplySealer {
    /// Pads and seals a JSON body: `{"nonce","ct"}`, the form that goes out.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn seal(self, json: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; RESPONSE_NONCE_LEN] = random::bytes()?;
        let sealed = self.seal_under(&nonce, &pad(json))?;
        let body = format!(r#"{{"nonce":"{}","ct":"{}"}}"#, base64url(&nonce), base64url(&sealed));
        Ok(body.into_bytes())
    }

    fn export<K: Kem>(
        context: &AeadCtxR<AesGcm256, HkdfSha256, K>,
        enc: &[u8],
    ) -> Result<Self, SealError> {
        let mut secret = Zeroizing::new([0; HASH_LEN]);
        context.export(RESPONSE_EXPORT, &mut *secret).map_err(|_| SealError::Failed)?;
        Ok(Self { secret, enc: enc.to_vec() })
    }

    /// The encapsulated key and a fresh nonce are the salt, so a replayed request never gives two
    /// texts under one key and nonce.
    fn seal_under(&self, nonce: &[u8], padded: &[u8]) -> Result<Vec<u8>, SealError> {
        let (key, aead_nonce) = response_keys::<32>(&*self.secret, &self.enc, nonce)?;
        let mut out = padded.to_vec();
        suite::aead_key(&key)?.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(*aead_nonce),
            Aad::empty(),
            &mut out,
        )?;
        Ok(out)
    }
}

/// Reads a `Sotto-Reply-Key` header, `<kid>.<enc>`.
#[must_use]
pub fn parse_reply_key(header: &str) -> Option<(&str, Vec<u8>)> {
    let (kid, enc) = header.split_once('.')?;
    Some((kid, from_base64url(enc)?))
}

/// The AAD of a request: method, path and idempotency key, one a line.
#[must_use]
pub fn request_aad(method: &str, path: &str, idempotency_key: &str) -> Vec<u8> {
    format!("{method}\n{path}\n{idempotency_key}").into_bytes()
}

/// Pads JSON with trailing spaces to 256, 512, 1,024, 2,048 ... bytes.
#[must_use]
pub fn pad(json: &[u8]) -> Vec<u8> {
    let length = json.len().max(SMALLEST_PADDED).checked_next_power_of_two().unwrap_or(json.len());
    let mut padded = Vec::with_capacity(length);
    padded.extend_from_slice(json);
    padded.resize(length, b' ');
    padded
}

/// Key and nonce of a response, the key in the length of its AEAD.
type ResponseKeys<const KEY: usize> = (Zeroizing<[u8; KEY]>, Zeroizing<[u8; NONCE_LEN]>);

/// RFC 9458 section 4.4, from the exported secret on.
fn response_keys<const KEY: usize>(
    secret: &[u8],
    enc: &[u8],
    nonce: &[u8],
) -> Result<ResponseKeys<KEY>, SealError> {
    let salt = [enc, nonce].concat();
    Ok((suite::hkdf(&salt, secret, &[b"key"])?, suite::hkdf(&salt, secret, &[b"nonce"])?))
}

fn open<K: Kem>(
    private: &K::PrivateKey,
    enc: &[u8],
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<(Plaintext, ReplySealer), SealError> {
    let mut context = receive::<K>(private, enc)?;
    let opened = context.open(ciphertext, aad).map_err(|_| SealError::DidNotOpen)?;
    Ok((Plaintext::new(opened), ReplySealer::export(&context, enc)?))
}

fn receive<K: Kem>(
    private: &K::PrivateKey,
    enc: &[u8],
) -> Result<AeadCtxR<AesGcm256, HkdfSha256, K>, SealError> {
    let enc = K::EncappedKey::from_bytes(enc).map_err(|_| SealError::DidNotOpen)?;
    setup_receiver(&OpModeR::Base, private, &enc, REQUEST_INFO).map_err(|_| SealError::DidNotOpen)
}

fn derive_pair<K: Kem>(material: &Secret) -> (Option<Secret>, Vec<u8>) {
    let (private, public) = K::derive_keypair(material.expose_secret());
    (Secret::from_slice(&private.to_bytes()), public.to_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_opens_and_its_response_opens_for_its_sender_only() {
        for kem in KemSuite::ALL {
            let (private, public) = PrivateKey::generate(kem).unwrap();
            let aad = request_aad("POST", "/v1/x", "key");
            let request = client::seal(kem, &public, b"{}", &aad).unwrap();
            let other = client::seal(kem, &public, b"{}", &aad).unwrap();
            let (opened, sealer) = private.open(&request.enc, &request.ct, &aad).unwrap();
            assert_eq!(opened.reveal(), b"{}");

            let response: serde_json::Value =
                serde_json::from_slice(&sealer.seal(b"{\"a\":1}").unwrap()).unwrap();
            let part = |name: &str| from_base64url(response[name].as_str().unwrap()).unwrap();
            let plain = request.open_response(&part("nonce"), &part("ct")).unwrap();
            assert_eq!(plain, pad(b"{\"a\":1}"));
            assert!(other.open_response(&part("nonce"), &part("ct")).is_none());
        }
    }

    #[test]
    fn nothing_else_opens() {
        for kem in KemSuite::ALL {
            let (private, public) = PrivateKey::generate(kem).unwrap();
            let aad = request_aad("POST", "/v1/x", "key");
            let request = client::seal(kem, &public, b"{}", &aad).unwrap();
            let refused = |enc: &[u8], ct: &[u8], aad: &[u8]| {
                assert_eq!(private.open(enc, ct, aad).err(), Some(SealError::DidNotOpen));
            };
            refused(&request.enc, &request.ct, &request_aad("POST", "/v1/y", "key"));
            refused(&request.enc, &request.ct[1..], &aad);
            refused(&request.enc[1..], &request.ct, &aad);
            refused(&[], &[], &aad);
            refused(&vec![0; request.enc.len()], &request.ct, &aad);
            let mut enc = request.enc.clone();
            for byte in (0..enc.len()).step_by(97) {
                enc[byte] ^= 1;
                refused(&enc, &request.ct, &aad);
                enc[byte] ^= 1;
            }
            let (stranger, _) = PrivateKey::generate(kem).unwrap();
            assert!(stranger.open(&request.enc, &request.ct, &aad).is_err());
        }
    }

    /// RFC 9458, appendix A, whose AEAD has keys of 16 bytes.
    #[test]
    fn the_keys_of_a_response_are_the_published_ones() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let (key, nonce) = response_keys::<16>(
            &hex("62d87a6ba569ee81014c2641f52bea36"),
            &hex("4b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472"),
            &hex("c789e7151fcba46158ca84b04464910d"),
        )
        .unwrap();
        assert_eq!(key.to_vec(), hex("5d0172a080e428b16d298c4ea0db620d"));
        assert_eq!(nonce.to_vec(), hex("f6bf1aeb88d6df87007fa263"));
    }

    #[test]
    fn padded_lengths_are_powers_of_two_from_256() {
        for (length, padded) in [(0, 256), (256, 256), (257, 512), (1024, 1024), (1025, 2048)] {
            assert_eq!(pad(&vec![b'x'; length]).len(), padded);
        }
    }
}
