//! The rows of the table `log`. Every row but the head is put once and never changed; every row but those of
//! the index is kept for good.
//!
//! | `p`, `k` | attributes |
//! |---|---|
//! | `leaves#<tile>`, `<first leaf in the tile>` | `v` a piece of the tile's bundle of leaves, `b` the size of the tree before it was appended |
//! | `tile#<level>#<tile>`, `<place>` | `v` the hash of a complete tile of the level below |
//! | `index#<hour>`, `<last id>#<first leaf>` | `v` of each event of that hour its id (16 bytes) and its place in the tree (8); `expires_at` |
//! | `checkpoint`, `<size>` | `j` the checkpoint |
//! | `head`, `head` | `n` size, `v` the frontier, `j` the checkpoint, `a` JSON of what was stated last |

use store::table::Key;
use values::clock::{UnixMillis, rfc3339};
use values::ids::EventId;

use crate::tree::WIDTH;

pub(crate) const HEAD: &str = "head";
pub(crate) const CHECKPOINT: &str = "checkpoint";
const LEAVES: &str = "leaves";
const TILE: &str = "tile";
const INDEX: &str = "index";
/// An entry of the index: an id and a place.
pub(crate) const ENTRY: usize = 24;

/// Where a tile of leaves has its pieces.
pub(crate) fn leaves(tile: u64) -> String {
    format!("{LEAVES}#{tile:010}")
}

/// Where a tile of hashes has them; `level` is at least 1.
pub(crate) fn tile(level: u8, tile: u64) -> String {
    format!("{TILE}#{level}#{tile:010}")
}

/// The key of the piece that begins with that leaf of the tree.
pub(crate) fn piece(first: u64) -> Key {
    Key::new(leaves(first / WIDTH), format!("{:03}", first % WIDTH))
}

/// The key of a hash at that place of its level.
pub(crate) fn hash(level: u8, index: u64) -> Key {
    Key::new(tile(level, index / WIDTH), format!("{:03}", index % WIDTH))
}

/// Where the index has the events of that time.
pub(crate) fn index(at_ms: UnixMillis) -> String {
    let time = rfc3339(at_ms);
    format!("{INDEX}#{}", time.get(..13).unwrap_or_default())
}

/// The key of a row of the index.
pub(crate) fn index_row(hour: &str, last: EventId, first_leaf: u64) -> Key {
    Key::new(hour, format!("{last}#{first_leaf:020}"))
}

/// The key of the checkpoint of that size.
pub(crate) fn checkpoint(size: u64) -> Key {
    Key::new(CHECKPOINT, format!("{size:020}"))
}

pub(crate) fn head() -> Key {
    Key::new(HEAD, HEAD)
}

/// A row by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// A piece of the leaves of a tile.
    Leaves(u64),
    /// A hash: level, and place among all of that level.
    Hash(u8, u64),
    Index,
    Checkpoint(u64),
    Head,
}

impl Row {
    /// The row of that key; `None` for a key that nothing of ours has.
    pub(crate) fn read(partition: &str, sort: &str) -> Option<Self> {
        let row = Self::read_loosely(partition, sort)?;
        let key = match row {
            Self::Leaves(tile) => {
                let within = sort.parse::<u64>().ok()?;
                piece(tile.checked_mul(WIDTH)?.checked_add(within)?)
            }
            Self::Hash(level, index) => hash(level, index),
            Self::Checkpoint(size) => checkpoint(size),
            Self::Index | Self::Head => return Some(row),
        };
        (key == Key::new(partition, sort)).then_some(row)
    }

    fn read_loosely(partition: &str, sort: &str) -> Option<Self> {
        let mut parts = partition.split('#');
        let row = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
            (HEAD, None, None, None) if sort == HEAD => Self::Head,
            (CHECKPOINT, None, None, None) => Self::Checkpoint(sort.parse().ok()?),
            (LEAVES, Some(tile), None, None) => Self::Leaves(tile.parse().ok()?),
            (TILE, Some(level), Some(tile), None) => {
                let (tile, place): (u64, u64) = (tile.parse().ok()?, sort.parse().ok()?);
                Self::Hash(level.parse().ok()?, tile.checked_mul(WIDTH)?.checked_add(place)?)
            }
            (INDEX, Some(_), None, None) => Self::Index,
            _ => return None,
        };
        Some(row)
    }
}
