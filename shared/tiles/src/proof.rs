//! The verification of single proofs (RFC 6962, sections 2.1.1 and 2.1.2), by somebody who has nothing but them
//! and signed checkpoints.

use tlog_tiles::{Hash, check_record, check_tree, record_hash};
use values::encoding::from_base64url;

/// Size and root of a tree.
pub type Tree = (u64, Hash);

/// The hashes of a proof, base64url, as responses have them; `None` where one is none.
#[must_use]
pub fn hashes<'a>(texts: impl IntoIterator<Item = &'a String>) -> Option<Vec<Hash>> {
    let hash = |text: &String| Some(Hash(from_base64url(text)?.try_into().ok()?));
    texts.into_iter().map(hash).collect()
}

/// Whether the hashes lead from the leaf at that place to the root.
#[must_use]
pub fn includes((size, root): Tree, (place, leaf): (u64, &[u8]), hashes: &[Hash]) -> bool {
    check_record(&hashes.to_vec(), size, root, place, record_hash(leaf)).is_ok()
}

/// Whether the hashes show that a tree goes on from another one. The empty tree is the beginning of each.
#[must_use]
pub fn goes_on((size, root): Tree, (from, before): Tree, hashes: &[Hash]) -> bool {
    match from {
        0 => hashes.is_empty(),
        _ => check_tree(&hashes.to_vec(), size, root, from, before).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use tlog_tiles::node_hash;

    use super::*;
    use crate::tree::Frontier;

    fn tree(leaves: &[&[u8]]) -> Tree {
        let mut frontier = Frontier::default();
        for leaf in leaves {
            frontier.push(leaf);
        }
        (frontier.size(), frontier.root())
    }

    #[test]
    fn a_proof_is_of_its_leaf_its_place_and_its_tree() {
        let (one, two, three) = (record_hash(b"1"), record_hash(b"2"), record_hash(b"3"));
        let whole = tree(&[b"1", b"2", b"3"]);
        let pair = node_hash(one, two);
        assert!(includes(whole, (2, b"3"), &[pair]));
        assert!(includes(whole, (0, b"1"), &[two, three]));
        for (place, leaf, hashes) in [
            (2, &b"4"[..], &[pair][..]),
            (1, b"3", &[pair]),
            (3, b"3", &[pair]),
            (u64::MAX, b"3", &[pair]),
            (2, b"3", &[]),
            (2, b"3", &[pair, pair]),
            (2, b"3", &[one]),
        ] {
            assert!(!includes(whole, (place, leaf), hashes), "{place} {leaf:?}");
        }
        assert!(!includes(tree(&[]), (0, b"1"), &[]));

        let before = tree(&[b"1", b"2"]);
        assert!(goes_on(whole, before, &[three]));
        assert!(goes_on(whole, whole, &[]));
        assert!(goes_on(whole, tree(&[]), &[]));
        assert!(!goes_on(whole, tree(&[]), &[three]));
        assert!(!goes_on(whole, tree(&[b"1", b"x"]), &[three]));
        assert!(!goes_on(before, whole, &[three]));
        assert!(!goes_on(whole, before, &[two]));
        assert!(!goes_on(whole, before, &[]));
    }

    #[test]
    fn hashes_are_read_as_responses_have_them() {
        let hash = record_hash(b"1");
        let text = values::encoding::base64url(&hash.0);
        assert_eq!(hashes(&[text.clone(), text.clone()]), Some(vec![hash, hash]));
        assert_eq!(hashes(&[text.clone(), text[1..].to_owned()]), None);
        assert_eq!(hashes(&[]), Some(Vec::new()));
    }
}
