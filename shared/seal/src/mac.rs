//! Message authentication codes: HMAC-SHA256 under a derived key.

use aws_lc_rs::hmac;

use super::SealError;
use super::suite::{self, HASH_LEN};
use values::secret::Secret;

/// A key of HMAC-SHA256 for one use. No `Debug`.
pub struct MacKey(hmac::Key);

impl MacKey {
    /// The key for `label`, derived from `secret`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(secret: &Secret, label: &str) -> Result<Self, SealError> {
        Ok(Self(suite::mac_key(&suite::derive(secret, &[], label)?)))
    }

    /// The code of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; HASH_LEN] {
        suite::short_mac(&self.0, message)
    }

    /// Whether `code` is that of `message`, compared in constant time.
    #[must_use]
    pub fn verifies(&self, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.0, message, code).is_ok()
    }

    /// The first `N` bytes of the code: a name for `message` that tells nothing without the key.
    #[must_use]
    pub fn short<const N: usize>(&self, message: &[u8]) -> [u8; N] {
        suite::short_mac(&self.0, message)
    }
}

/// The code of `message` for a receiver outside, who has the characters of `secret` and derives nothing
/// from them.
#[must_use]
pub fn sign_with_text(secret: &str, message: &[u8]) -> [u8; HASH_LEN] {
    suite::text_mac(secret, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_of_one_key_one_label_and_one_message() {
        let secret = Secret::from_slice(&[1; 32]).unwrap();
        let key = MacKey::derive(&secret, "a").unwrap();
        let code = key.sign(b"x");
        assert!(key.verifies(b"x", &code));
        assert!(!key.verifies(b"y", &code));
        assert!(!key.verifies(b"x", &code[..31]));
        assert!(!MacKey::derive(&secret, "b").unwrap().verifies(b"x", &code));
        assert_eq!(key.short::<16>(b"x")[..], code[..16]);
    }
}
