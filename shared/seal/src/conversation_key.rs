//! The key of one conversation (or profile): random, wrapped by a branch key, committed to.

use aws_lc_rs::{constant_time, hmac};

use super::BranchKey;
use super::SealError;
use super::envelope::{DataKey, Sealed};
use super::place::Place;
use super::suite::{self, HASH_LEN};
use values::random;
use values::secret::Secret;

const SALT_LEN: usize = 32;
const WRAP_LABEL: &str = "sotto/v1 wrap";
const COMMITMENT_LABEL: &str = "sotto/v1 commitment";

/// The stored form of a key: it opens only under its branch key, at its place.
#[derive(Clone)]
pub struct WrappedKey {
    /// 32 bytes of salt, then the sealed key.
    pub wrapped: Vec<u8>,
    /// Binds the one key that the wrapping may give, so that a text opens to one plaintext only.
    pub commitment: [u8; HASH_LEN],
}

/// The keys of one conversation in memory, each derived for its use.
pub struct ConversationKey {
    /// Seals events.
    pub events: DataKey,
    /// Seals the cursors that clients carry.
    pub cursors: DataKey,
    idempotency: hmac::Key,
}

impl ConversationKey {
    /// The first 6 bytes of a keyed hash of the parts: enough to find a repetition among the last events,
    /// and no help to anyone without the key.
    #[must_use]
    pub fn short_mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 6] {
        let place = parts.iter().fold(Place::new(label), |place, part| place.part(part));
        suite::short_mac(&self.idempotency, place.as_bytes())
    }

    /// The keys that are derived from a conversation's secret.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn from_secret(secret: &Secret) -> Result<Self, SealError> {
        Ok(Self {
            events: DataKey::derive(secret, "sotto/v1 event")?,
            cursors: DataKey::derive(secret, "sotto/v1 cursor")?,
            idempotency: suite::mac_key(&suite::derive(secret, &[], "sotto/v1 idempotency")?),
        })
    }
}

/// Wraps `secret` under a key derived from the branch key with a fresh salt.
///
/// # Errors
/// [`SealError::Failed`] when there is no randomness.
pub fn wrap(branch: &BranchKey, place: &Place, secret: &Secret) -> Result<WrappedKey, SealError> {
    let salt: [u8; SALT_LEN] = random::bytes()?;
    let sealed =
        DataKey::derive_salted(branch, &salt, WRAP_LABEL)?.seal(place, secret.expose_secret())?;
    let mut wrapped = salt.to_vec();
    wrapped.extend_from_slice(sealed.as_stored());
    Ok(WrappedKey { wrapped, commitment: commitment(secret)? })
}

/// Unwraps what [`wrap`] made for the same branch key and place.
///
/// # Errors
/// [`SealError::DidNotOpen`] for every cause there is.
pub fn unwrap(branch: &BranchKey, place: &Place, stored: &WrappedKey) -> Result<Secret, SealError> {
    let (salt, sealed) = stored.wrapped.split_at_checked(SALT_LEN).ok_or(SealError::DidNotOpen)?;
    let opened = DataKey::derive_salted(branch, salt, WRAP_LABEL)?
        .open(place, &Sealed::from_stored(sealed.to_vec()))?;
    let secret = Secret::from_slice(opened.reveal()).ok_or(SealError::DidNotOpen)?;
    constant_time::verify_slices_are_equal(&commitment(&secret)?, &stored.commitment)
        .map_err(|_| SealError::DidNotOpen)?;
    Ok(secret)
}

fn commitment(secret: &Secret) -> Result<[u8; HASH_LEN], SealError> {
    Ok(*suite::hkdf::<HASH_LEN>(&[], secret.expose_secret(), &[COMMITMENT_LABEL.as_bytes()])?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_key_unwraps_only_at_its_place_under_its_branch_and_commitment() {
        let branch: BranchKey = Arc::new(Secret::generate().unwrap());
        let place = Place::new("key").part(b"subject").number(1);
        let secret = Secret::generate().unwrap();
        let stored = wrap(&branch, &place, &secret).unwrap();
        let opened = unwrap(&branch, &place, &stored).unwrap();
        assert_eq!(opened.expose_secret(), secret.expose_secret());

        let longer = Place::new("key").part(b"subject").number(2);
        assert!(unwrap(&branch, &longer, &stored).is_err());
        assert!(unwrap(&Arc::new(Secret::generate().unwrap()), &place, &stored).is_err());
        let other = wrap(&branch, &place, &Secret::generate().unwrap()).unwrap();
        let mixed = WrappedKey { wrapped: stored.wrapped, commitment: other.commitment };
        assert!(unwrap(&branch, &place, &mixed).is_err(), "a foreign commitment was accepted");
    }
}
