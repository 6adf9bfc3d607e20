//! The published bases of a site: what the bot answers from. They speak of nobody, and stand in the clear.
//!
//! Settings items: the heads, one JSON for all languages, are the attribute `b` of the
//! [site's settings](super::site_settings), so that no request reads them by themselves. The bytes of a
//! base: `p` = `base#<site>#<language>`, `k` = `<version>#<hash>#<piece>`, `v` up to 350,000 bytes.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::attributes::{Item, binary, corrupt, in_table, take_binary};
use super::table::{Key, Page, Table};
use super::{Store, StoreError};
use seal::suite;
use values::encoding::base64url;
use values::site::Site;

/// Bytes of a base at most.
pub const MOST_BYTES: usize = 4_000_000;
/// Bytes of a piece: an item has 400 kB at most.
pub(super) const PIECE: usize = 350_000;

/// The published base of a language, by its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Counts up with each publication.
    pub version: u32,
    /// SHA-256 of the bytes, base64url.
    pub hash: String,
    /// In how many pieces the bytes are stored.
    pub pieces: usize,
}

/// The heads of a site, by language.
pub type Heads = BTreeMap<String, Head>;

/// The hash of bytes as a head has it.
fn hash(bytes: &[u8]) -> String {
    base64url(&suite::hash(&[bytes]))
}

/// The keys of the pieces of bytes that are stored under a version.
pub(super) fn piece_keys(partition: &str, head: &Head) -> impl Iterator<Item = Key> {
    let (stem, partition) = (stem(head), partition.to_owned());
    (0..head.pieces).map(move |at| Key::new(partition.clone(), format!("{stem}#{at:02}")))
}

/// With the hash, so that two who publish at once do not write into each other's pieces.
fn stem(head: &Head) -> String {
    format!("{:08}#{}", head.version, head.hash.get(..12).unwrap_or_default())
}

/// Stores bytes in pieces; gives the head by which they are found.
pub(super) async fn put_pieces(
    table: &Table,
    partition: &str,
    version: u32,
    bytes: &[u8],
) -> Result<Head, StoreError> {
    let pieces: Vec<&[u8]> = bytes.chunks(PIECE).collect();
    let head = Head { version, hash: hash(bytes), pieces: pieces.len() };
    for (key, piece) in piece_keys(partition, &head).zip(pieces) {
        let mut item = key.item();
        item.insert("v".to_owned(), binary(piece.to_vec()));
        table.put("put_piece", item).await?;
    }
    Ok(head)
}

/// The bytes of a head.
///
/// # Errors
/// [`StoreError::Corrupt`] when they are not those that were stored.
pub(super) async fn pieces(
    table: &Table,
    partition: &str,
    head: &Head,
) -> Result<Vec<u8>, StoreError> {
    if head.pieces > MOST_BYTES.div_ceil(PIECE) {
        return Err(corrupt("b"));
    }
    let read = piece_keys(partition, head).map(async |key| table.get("piece", &key).await);
    let mut bytes = Vec::new();
    for found in try_join_all(read).await? {
        let mut item = found.ok_or_else(|| corrupt("v"))?;
        bytes.extend(take_binary(&mut item, "v")?);
    }
    if hash(&bytes) == head.hash { Ok(bytes) } else { Err(corrupt("v")) }
}

fn partition(site: &Site, locale: &str) -> String {
    format!("base#{}#{locale}", site.id)
}

/// The heads of an item of settings; none where nothing was published.
pub(super) fn read_heads(item: &Item) -> Result<Heads, StoreError> {
    let Some(value) = item.get("b") else { return Ok(Heads::new()) };
    let json = value.as_s().map_err(|_| corrupt("b"))?;
    serde_json::from_str(json).map_err(|_| corrupt("b"))
}

impl Store {
    /// The bytes of a published base (a read for each piece, at once).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when they are not those that were published.
    pub async fn base(
        &self,
        site: &Site,
        locale: &str,
        head: &Head,
    ) -> Result<Vec<u8>, StoreError> {
        let table = self.settings_table();
        pieces(&table, &partition(site, locale), head).await.map_err(in_table("settings"))
    }

    /// Stores the bytes of a base that is going to be published.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn put_base(
        &self,
        site: &Site,
        locale: &str,
        (version, bytes): (u32, &[u8]),
    ) -> Result<Head, StoreError> {
        put_pieces(&self.settings_table(), &partition(site, locale), version, bytes).await
    }

    /// Deletes the bases before the last one: a function may still be reading that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn delete_old_bases(
        &self,
        site: &Site,
        locale: &str,
        version: u32,
    ) -> Result<(), StoreError> {
        let (table, partition) = (self.settings_table(), partition(site, locale));
        delete_before(&table, &partition, version.saturating_sub(1)).await
    }
}

/// Deletes what was stored under the versions before this one.
pub(super) async fn delete_before(
    table: &Table,
    partition: &str,
    version: u32,
) -> Result<(), StoreError> {
    let page = Page { partition, after: None, limit: 200, only: Some("p, k") };
    let first = format!("{version:08}");
    for item in table.page("old_versions", page).await? {
        let sort = item.get("k").and_then(|key| key.as_s().ok()).cloned().unwrap_or_default();
        if sort < first {
            table.delete("delete_old_version", &Key::new(partition, sort)).await?;
        }
    }
    Ok(())
}
