//! The visitor's half: what a browser does before it sends and after it has received.

use aws_lc_rs::aead::{Aad, Nonce};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeS, Serializable, setup_sender};
use zeroize::Zeroizing;

use super::{KemSuite, REQUEST_INFO, RESPONSE_EXPORT, response_keys};
use crate::SealError;
use crate::suite::{self, HASH_LEN};

/// A sealed request and the secret that opens its response. No `Debug`.
pub struct SealedRequest {
    /// The encapsulated key.
    pub enc: Vec<u8>,
    /// The ciphertext; only a tag if there was nothing to seal.
    pub ct: Vec<u8>,
    secret: Zeroizing<[u8; HASH_LEN]>,
}

/// Seals `plaintext`, padded already, to a published key.
///
/// # Errors
/// [`SealError::Failed`] when `public` is no key of that suite.
pub fn seal(
    kem: KemSuite,
    public: &[u8],
    plaintext: &[u8],
    aad: &[u8],
) -> Result<SealedRequest, SealError> {
    match kem {
        KemSuite::XWing => seal_with::<XWing>(public, plaintext, aad),
        KemSuite::X25519 => seal_with::<X25519HkdfSha256>(public, plaintext, aad),
    }
}

impl SealedRequest {
    /// Opens the response; `None` when it is not the response to this request.
    #[must_use]
    pub fn open_response(&self, nonce: &[u8], ct: &[u8]) -> Option<Vec<u8>> {
        let (key, aead_nonce) = response_keys::<32>(&*self.secret, &self.enc, nonce).ok()?;
        let mut body = ct.to_vec();
        let opened = suite::aead_key(&key)
            .ok()?
            .open_in_place(Nonce::assume_unique_for_key(*aead_nonce), Aad::empty(), &mut body)
            .ok()?;
        Some(opened.to_vec())
    }
}

fn seal_with<K: Kem>(
    public: &[u8],
    plaintext: &[u8],
    aad: &[u8],
) -> Result<SealedRequest, SealError> {
    let public = K::PublicKey::from_bytes(public).map_err(|_| SealError::Failed)?;
    let (enc, mut context) =
        setup_sender::<AesGcm256, HkdfSha256, K>(&OpModeS::Base, &public, REQUEST_INFO)
            .map_err(|_| SealError::Failed)?;
    let ct = context.seal(plaintext, aad).map_err(|_| SealError::Failed)?;
    let mut secret = Zeroizing::new([0; HASH_LEN]);
    context.export(RESPONSE_EXPORT, &mut *secret).map_err(|_| SealError::Failed)?;
    Ok(SealedRequest { enc: enc.to_bytes().to_vec(), ct, secret })
}
