//! The shape of what is stored, a number an item, so that no release misreads what another wrote.
//!
//! An item names its shape in the attribute `y`, an event in its header, which its AAD holds; one
//! that names none has the first. A release reads its newest shape and the one before, and refuses
//! every other. docs/data.md says how a shape changes.

use super::StoreError;
use super::attributes::{Item, number, read_number};

/// The attribute that names an item's shape.
pub const SHAPE: &str = "y";

/// A kind of stored item that is read again and has a shape of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// The row of a conversation's key.
    ConversationKey,
    /// The row of a profile's key.
    ProfileKey,
    /// An event, header and body; with it the cursors, which hold a state.
    Event,
    /// A wrapped branch key. The second shape has beside it the one that it replaced.
    BranchKey,
    /// A key pair of the transport. The second shape lies in a table without recovery.
    TransportKey,
    /// The published list; its shape says where the keys that it names are.
    KeyList,
    /// The key by which a site's server signs who its customers are.
    IdentityKey,
    /// Which subject a customer is.
    Customer,
}

impl Noun {
    /// The newest shape that this release reads.
    #[must_use]
    pub const fn newest(self) -> u8 {
        match self {
            Self::Event | Self::IdentityKey | Self::Customer => 1,
            Self::ConversationKey
            | Self::ProfileKey
            | Self::BranchKey
            | Self::TransportKey
            | Self::KeyList => 2,
        }
    }

    /// The shape of an item of this noun.
    ///
    /// # Errors
    /// [`StoreError::OtherVersion`] when this release does not read it.
    pub fn shape_of(self, item: &Item) -> Result<u8, StoreError> {
        if item.contains_key(SHAPE) { self.known(read_number(item, SHAPE)?) } else { self.known(1) }
    }

    /// The shape, if this release reads it.
    ///
    /// # Errors
    /// [`StoreError::OtherVersion`] when it does not.
    pub fn known(self, shape: u64) -> Result<u8, StoreError> {
        let newest = self.newest();
        let read = newest.saturating_sub(1).max(1)..=newest;
        read.into_iter().find(|known| u64::from(*known) == shape).ok_or_else(|| {
            tracing::error!(noun = ?self, shape, newest, "an item of another version");
            StoreError::OtherVersion
        })
    }

    /// Names the shape in an item to be written. The first stays unnamed, as releases wrote it that
    /// knew no other.
    pub(super) fn name_shape(shape: u8, item: &mut Item) {
        if shape > 1 {
            item.insert(SHAPE.to_owned(), number(shape));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{corrupt, string};

    fn item(shape: u8) -> Item {
        let mut item = Item::new();
        Noun::name_shape(shape, &mut item);
        item
    }

    #[test]
    fn the_newest_shape_and_the_one_before_are_read_and_no_other() {
        assert_eq!(Noun::Event.shape_of(&item(1)), Ok(1));
        assert_eq!(Noun::Event.shape_of(&item(2)), Err(StoreError::OtherVersion));
        assert_eq!(Noun::KeyList.shape_of(&item(1)), Ok(1));
        assert_eq!(Noun::KeyList.shape_of(&item(2)), Ok(2));
        assert_eq!(Noun::KeyList.shape_of(&item(3)), Err(StoreError::OtherVersion));
        for shape in [0, 3, 255, 256, 258, u64::MAX] {
            assert_eq!(Noun::KeyList.known(shape), Err(StoreError::OtherVersion), "{shape}");
        }
    }

    #[test]
    fn a_shape_that_is_no_number_is_damage() {
        let item = Item::from([(SHAPE.to_owned(), string("2"))]);
        assert_eq!(Noun::KeyList.shape_of(&item), Err(corrupt(SHAPE)));
    }

    #[test]
    fn the_first_shape_is_not_named() {
        assert!(item(1).is_empty());
    }
}
