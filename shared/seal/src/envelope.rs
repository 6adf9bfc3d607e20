//! Sealing at rest: AES-256-GCM with a random nonce, bound to a [`Place`].
//!
//! Stored form: one version byte, 12 bytes of nonce, ciphertext, 16 bytes of tag.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};

use super::place::Place;
use super::suite::{self, NONCE_LEN, TAG_LEN};
use super::{SealError, suite::aead_key};
use values::random;
use values::secret::{Plaintext, Secret};

const VERSION: u8 = 1;
const HEAD_LEN: usize = 1 + NONCE_LEN;

/// Bytes that sealing adds to a plaintext.
pub const OVERHEAD: usize = HEAD_LEN + TAG_LEN;

/// A ciphertext that knows no key: the only form in which content is stored.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "testkit"), derive(Debug))]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes stored bytes for a ciphertext; whether they are one shows when it is opened.
    #[must_use]
    pub fn from_stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_stored(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, owned.
    #[must_use]
    pub fn into_stored(self) -> Vec<u8> {
        self.0
    }
}

/// A key that seals values of one kind.
pub struct DataKey(LessSafeKey);

impl DataKey {
    /// The key for `label`, derived from `secret`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(secret: &Secret, label: &str) -> Result<Self, SealError> {
        Self::derive_salted(secret, &[], label)
    }

    /// The same, made different for each `salt`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive_salted(secret: &Secret, salt: &[u8], label: &str) -> Result<Self, SealError> {
        let key = suite::derive(secret, salt, label)?;
        Ok(Self(aead_key(key.expose_secret())?))
    }

    /// Seals `content` so that it opens only at `place`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn seal(&self, place: &Place, content: &[u8]) -> Result<Sealed, SealError> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let mut out = Vec::with_capacity(content.len() + OVERHEAD);
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(content);
        let (_, body) = out.split_at_mut(HEAD_LEN);
        let tag = self.0.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.as_bytes()),
            body,
        )?;
        out.extend_from_slice(tag.as_ref());
        Ok(Sealed(out))
    }

    /// Opens what was sealed at `place`.
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] for every cause there is.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Plaintext, SealError> {
        let (head, body) = sealed.0.split_at_checked(HEAD_LEN).ok_or(SealError::DidNotOpen)?;
        let [VERSION, nonce @ ..] = head else { return Err(SealError::DidNotOpen) };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::DidNotOpen)?;
        let mut body = body.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| SealError::DidNotOpen)?
            .len();
        body.truncate(length);
        Ok(Plaintext::new(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKey {
        DataKey::derive(&Secret::from_slice(&[7; 32]).unwrap(), "test").unwrap()
    }

    #[test]
    fn it_opens_at_its_place_and_nowhere_else() {
        let (key, place) = (key(), Place::new("a").number(1));
        let sealed = key.seal(&place, b"hello").unwrap();
        assert_eq!(sealed.as_stored().len(), 5 + OVERHEAD);
        assert_eq!(key.open(&place, &sealed).unwrap().reveal(), b"hello");
        for other in [Place::new("a").number(2), Place::new("b").number(1), Place::new("a")] {
            assert_eq!(key.open(&other, &sealed).err(), Some(SealError::DidNotOpen));
        }
    }

    #[test]
    fn no_bit_can_be_changed_and_nothing_cut_off() {
        let (key, place) = (key(), Place::new("a"));
        let sealed = key.seal(&place, b"hello").unwrap().into_stored();
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(&place, &Sealed::from_stored(altered)).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            let cut = Sealed::from_stored(sealed[..length].to_vec());
            assert!(key.open(&place, &cut).is_err(), "length {length}");
        }
    }
}
