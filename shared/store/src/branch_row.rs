//! The row of a branch key.
//!
//! Settings item: `p` = the site or `*`, `k` = `branch#<purpose>#<branch>`, `w` the KMS blob; `t` when it
//! replaced one that was compromised, if it did; `o` the blob of that one, while a site's rows may still be
//! under it; of the root `n`, the blob of the key that follows it, once there is one; of receipts `v`, the
//! sealed public keys that it replaced ([`super::staff_keys`]).

use super::StoreError;
use super::attributes::{Item, binary, number, optional, read_number, string, take_binary};
use super::schema::Noun;
use seal::place::BranchName;
use values::clock::UnixMillis;

/// A key is not changed again so soon: a command that is repeated, because its answer was lost, changes
/// nothing more.
pub const RECENT_MS: UnixMillis = 10 * 60 * 1000;

/// The row of a branch key.
#[derive(Clone, Default)]
pub struct BranchRow {
    /// The key, wrapped by KMS.
    pub(super) blob: Vec<u8>,
    /// When it replaced another one.
    pub(super) changed_ms: Option<UnixMillis>,
    /// The key that it replaced, wrapped by KMS, while something may still be under it.
    pub(super) before: Option<Vec<u8>>,
    /// The key that is to follow, wrapped by KMS.
    pub(super) next: Option<Vec<u8>>,
    /// Sealed public keys that it replaced.
    pub(super) retired: Option<Vec<u8>>,
}

impl BranchRow {
    pub(super) fn from_item(mut item: Item) -> Result<Self, StoreError> {
        Noun::BranchKey.shape_of(&item)?;
        Ok(Self {
            blob: take_binary(&mut item, "w")?,
            changed_ms: optional(&mut item, "t", |item, name| read_number(item, name))?,
            before: optional(&mut item, "o", take_binary)?,
            next: optional(&mut item, "n", take_binary)?,
            retired: optional(&mut item, "v", take_binary)?,
        })
    }

    pub(super) fn to_item(&self, name: &BranchName) -> Item {
        let Self { blob, changed_ms, before, next, retired } = self;
        let mut item = Item::from([
            ("p".to_owned(), string(&name.site)),
            ("k".to_owned(), string(sort_key(name))),
            ("w".to_owned(), binary(&**blob)),
        ]);
        item.extend(changed_ms.map(|at_ms| ("t".to_owned(), number(at_ms))));
        if let Some(before) = before.as_deref() {
            // A release that does not look for it would find what is under it damaged.
            item.insert("o".to_owned(), binary(before));
            Noun::name_shape(Noun::BranchKey.newest(), &mut item);
        }
        item.extend(next.as_deref().map(|blob| ("n".to_owned(), binary(blob))));
        item.extend(retired.as_deref().map(|sealed| ("v".to_owned(), binary(sealed))));
        item
    }

    /// The row of a key that takes the place of another one.
    pub(super) fn changed(blob: Vec<u8>, now_ms: UnixMillis) -> Self {
        Self { blob, changed_ms: Some(now_ms), ..Self::default() }
    }

    /// Whether the key was changed some minutes ago.
    pub(super) fn is_recent(&self, now_ms: UnixMillis) -> bool {
        self.changed_ms.is_some_and(|at_ms| now_ms - at_ms < RECENT_MS)
    }
}

/// The key of the row of a branch key.
pub(super) fn key_of(name: &BranchName) -> Item {
    Item::from([("p".to_owned(), string(&name.site)), ("k".to_owned(), string(sort_key(name)))])
}

/// The sort key of a branch key.
pub(super) fn sort_key(name: &BranchName) -> String {
    format!("branch#{}#{}", name.purpose.as_str(), name.branch)
}
