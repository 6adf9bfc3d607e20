//! The list of common passwords that is shipped; `README.md` beside it says where it is from.

use shared::seal::suite;

/// The first bytes of the hash of each entry, sorted. With six of them, one password in 28 billion is
/// refused although it is not on the list.
const PREFIX_LEN: usize = 6;
static PREFIXES: &[u8] = include_bytes!("common.bin");

/// Whether `folded` (see [`super::policy`]) is on the list.
pub(super) fn lists(folded: &str) -> bool {
    let (prefixes, _none) = PREFIXES.as_chunks::<PREFIX_LEN>();
    let hash = suite::hash(&[folded.as_bytes()]);
    hash.first_chunk().is_some_and(|prefix| prefixes.binary_search(prefix).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_sorted_and_without_doubles() {
        let (prefixes, rest) = PREFIXES.as_chunks::<PREFIX_LEN>();
        assert_eq!(prefixes.len(), 9_728);
        assert!(rest.is_empty());
        assert!(prefixes.is_sorted_by(|a, b| a < b));
        assert!(lists("manchesterunited"));
        assert!(!lists("manchesterunitec"));
    }
}
