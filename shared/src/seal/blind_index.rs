//! A blind index: finds an e-mail address again without storing it.

use super::keyring::BranchKey;
use super::suite;

/// HMAC-SHA256 of the normalised address under the index key, 16 bytes. Normalised means trimmed
/// and in lower case; addresses that differ otherwise are different.
#[must_use]
pub fn email(index_key: &BranchKey, address: &str) -> [u8; 16] {
    suite::short_mac(&suite::mac_key(index_key), address.trim().to_lowercase().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_same_address_gives_the_same_index_under_one_key_only() {
        let key = Arc::new(Secret::from_slice(&[1; 32]).unwrap());
        let other = Arc::new(Secret::from_slice(&[2; 32]).unwrap());
        assert_eq!(email(&key, " Ada@Example.org "), email(&key, "ada@example.org"));
        assert_ne!(email(&key, "ada@example.org"), email(&key, "ada@example.com"));
        assert_ne!(email(&key, "ada@example.org"), email(&other, "ada@example.org"));
    }
}
