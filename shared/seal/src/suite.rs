//! The algorithms, named once. Nothing outside this file and `transport` names one.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use super::SealError;
use values::secret::Secret;

/// Bytes of a nonce of the AEAD (RFC 5116).
pub const NONCE_LEN: usize = 12;
/// Bytes of a tag of the AEAD.
pub const TAG_LEN: usize = 16;
/// Bytes of a MAC, a hash and a key.
pub const HASH_LEN: usize = 32;

/// A key of the AEAD, AES-256-GCM.
pub(crate) fn aead_key(secret: &[u8; 32]) -> Result<LessSafeKey, SealError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret)?))
}

/// HKDF-SHA256 (RFC 5869), extract and expand, into `N` bytes.
///
/// # Errors
/// [`SealError::Failed`] when `N` is over the limit of HKDF.
pub fn hkdf<const N: usize>(
    salt: &[u8],
    secret: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut out = Zeroizing::new([0; N]);
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(info, Length(N))?.fill(&mut *out)?;
    Ok(out)
}

/// A key for one use, derived from `secret`; different labels give independent keys.
pub(crate) fn derive(secret: &Secret, salt: &[u8], label: &str) -> Result<Secret, SealError> {
    let derived = hkdf::<32>(salt, secret.expose_secret(), &[label.as_bytes()])?;
    Secret::from_slice(&*derived).ok_or(SealError::Failed)
}

/// A secret for one use, derived from another; different labels give independent secrets.
///
/// # Errors
/// [`SealError::Failed`] when the library fails.
pub fn derived(secret: &Secret, label: &str) -> Result<Secret, SealError> {
    derive(secret, &[], label)
}

/// A key of HMAC-SHA256.
pub(crate) fn mac_key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret())
}

/// HMAC-SHA256 of `message`.
#[must_use]
pub fn mac(secret: &Secret, message: &[u8]) -> [u8; HASH_LEN] {
    short_mac(&mac_key(secret), message)
}

/// HMAC-SHA256 of `message` under a text that somebody outside knows, too.
pub(crate) fn text_mac(key: &str, message: &[u8]) -> [u8; HASH_LEN] {
    short_mac(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message)
}

/// SHA-256 of the parts, one after the other.
#[must_use]
pub fn hash(parts: &[&[u8]]) -> [u8; HASH_LEN] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; HASH_LEN];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The first `N` bytes of HMAC-SHA256; `N` is at most 32.
pub(crate) fn short_mac<const N: usize>(key: &hmac::Key, message: &[u8]) -> [u8; N] {
    const { assert!(N <= HASH_LEN, "a MAC has 32 bytes") };
    let tag = hmac::sign(key, message);
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    out
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
