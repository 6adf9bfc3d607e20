//! A blind index: finds an e-mail address, or a customer, again without storing who it is.

use super::BranchKey;
use super::{SealError, suite};

/// HMAC-SHA256 of the normalised address under the index key, 16 bytes. Normalised means trimmed
/// and in lower case; addresses that differ otherwise are different.
#[must_use]
pub fn email(index_key: &BranchKey, address: &str) -> [u8; 16] {
    suite::short_mac(&suite::mac_key(index_key), address.trim().to_lowercase().as_bytes())
}

/// HMAC-SHA256 of the name by which a site's server knows a customer, 16 bytes, under a key that is
/// derived from the index key. The name is taken as it is, byte for byte.
///
/// # Errors
/// [`SealError::Failed`] when the library fails.
pub fn customer(index_key: &BranchKey, name: &str) -> Result<[u8; 16], SealError> {
    let key = suite::derive(index_key, &[], "sotto/v1 customer index")?;
    Ok(suite::short_mac(&suite::mac_key(&key), name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use values::secret::Secret;

    #[test]
    fn the_same_address_gives_the_same_index_under_one_key_only() {
        let key = Arc::new(Secret::from_slice(&[1; 32]).unwrap());
        let other = Arc::new(Secret::from_slice(&[2; 32]).unwrap());
        assert_eq!(email(&key, " Ada@Example.org "), email(&key, "ada@example.org"));
        assert_ne!(email(&key, "ada@example.org"), email(&key, "ada@example.com"));
        assert_ne!(email(&key, "ada@example.org"), email(&other, "ada@example.org"));
    }

    #[test]
    fn a_customer_is_found_under_one_key_and_the_very_name_only() {
        let key = Arc::new(Secret::from_slice(&[1; 32]).unwrap());
        let other = Arc::new(Secret::from_slice(&[2; 32]).unwrap());
        assert_eq!(customer(&key, "4711"), customer(&key, "4711"));
        assert_ne!(customer(&key, "a"), customer(&key, "A"));
        assert_ne!(customer(&key, "4711"), customer(&other, "4711"));
        assert_ne!(customer(&key, "a@b").unwrap(), email(&key, "a@b"), "another use");
    }
}
