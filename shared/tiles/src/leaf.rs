//! Leaves: what the log says of a security event, and of what the stack has published.
//!
//! A leaf has a version (1) and a kind. Kind 1 is an event: its id (16 bytes), the second in which it may be
//! forgotten (8), and a commitment to its item (32). Kind 2 is a statement: a time in milliseconds (8), a
//! name behind its length (1), and the commitment to what was published under it (32). Numbers are
//! big-endian.
//!
//! A commitment is SHA-256 over all attributes of an item. The item of an event has a salt among them, so
//! that the leaf says nothing any more when the event is forgotten.

use std::collections::HashMap;

use seal::suite;
use serde_json::{Value as Json, json};
use store::attributes::{EXPIRES_AT, Item, Value, binary, read_number};
use store::security_event::partition_of;
use values::clock::{UnixMillis, from_rfc3339};
use values::encoding::{base64, from_base64};
use values::ids::EventId;

const VERSION: u8 = 1;
const EVENT: u8 = 1;
const STATEMENT: u8 = 2;
const LABEL: &[u8] = b"sotto/v1 committed item";

/// An event is stored at most so long after its id was made: a reason was sealed to the id meanwhile.
pub const STORED_WITHIN_MS: UnixMillis = 10 * 60 * 1000;
/// By how much a clock may go back between the two.
pub const STORED_BEFORE_MS: UnixMillis = 60 * 1000;
/// The bytes of the salt.
const SALT_BYTES: usize = 16;

/// A commitment to an item.
pub type Commitment = [u8; 32];

/// A leaf of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// A security event.
    Event {
        /// Its id.
        id: EventId,
        /// The second in which it may be forgotten.
        end_s: u64,
        /// To its item.
        commitment: Commitment,
    },
    /// Something that the stack has published, or its ledger's head.
    Statement {
        /// When it was found so.
        at_ms: UnixMillis,
        /// Its name, such as `jwks`.
        name: String,
        /// To what was found.
        commitment: Commitment,
    },
}

/// An item of the table of events, as a function stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvent {
    id: EventId,
    end_s: u64,
    commitment: Commitment,
    is_salted: bool,
}

impl StoredEvent {
    /// Reads an item; `None` for one that no function has stored. Its partition, the time in its key and the
    /// time in its id belong together.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        let (Some(Value::S(partition)), Some(Value::S(key))) = (item.get("p"), item.get("k"))
        else {
            return None;
        };
        let (time, id) = key.split_once('#')?;
        let (stored_ms, id) = (from_rfc3339(time)?, EventId::parse(id)?);
        let passed_ms = stored_ms - id.made_at_ms();
        let fits = partition_of(time, id) == *partition
            && (-STORED_BEFORE_MS..=STORED_WITHIN_MS).contains(&passed_ms);
        let is_salted =
            matches!(item.get("n"), Some(Value::B(salt)) if salt.as_ref().len() == SALT_BYTES);
        let (end_s, commitment) = (read_number(item, EXPIRES_AT).ok()?, commit(item)?);
        fits.then_some(Self { id, end_s, commitment, is_salted })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.id
    }

    /// Its leaf; `None` for an event without a salt, which a release before the log has stored.
    #[must_use]
    pub fn leaf(&self) -> Option<Leaf> {
        let Self { id, end_s, commitment, is_salted } = *self;
        is_salted.then_some(Leaf::Event { id, end_s, commitment })
    }
}

impl Leaf {
    /// The id of the event that it is of.
    #[must_use]
    pub fn event(&self) -> Option<EventId> {
        match self {
            Self::Event { id, .. } => Some(*id),
            Self::Statement { .. } => None,
        }
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        match self {
            Self::Event { id, end_s, commitment } => {
                bytes.push(EVENT);
                bytes.extend(id.as_bytes());
                bytes.extend(end_s.to_be_bytes());
                bytes.extend(commitment);
            }
            Self::Statement { at_ms, name, commitment } => {
                bytes.push(STATEMENT);
                bytes.extend(at_ms.to_be_bytes());
                // Names are ours, and short.
                bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
                bytes.extend(name.bytes().take(usize::from(u8::MAX)));
                bytes.extend(commitment);
            }
        }
        bytes
    }

    /// The leaf of these bytes; `None` for what [`Leaf::to_bytes`] does not give.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let ([VERSION, kind], rest) = bytes.split_first_chunk()? else { return None };
        match *kind {
            EVENT => {
                let (id, rest) = rest.split_first_chunk::<16>()?;
                let (end_s, rest) = rest.split_first_chunk()?;
                Some(Self::Event {
                    id: EventId::from_slice(id)?,
                    end_s: u64::from_be_bytes(*end_s),
                    commitment: rest.try_into().ok()?,
                })
            }
            STATEMENT => {
                let (at_ms, rest) = rest.split_first_chunk()?;
                let ([length], rest) = rest.split_first_chunk()?;
                let (name, rest) = rest.split_at_checked(usize::from(*length))?;
                Some(Self::Statement {
                    at_ms: i64::from_be_bytes(*at_ms),
                    name: String::from_utf8(name.to_vec()).ok()?,
                    commitment: rest.try_into().ok()?,
                })
            }
            _ => None,
        }
    }
}

/// The commitment to an item: SHA-256 of a label and of each attribute, in the order of their names, with its
/// type and the lengths. `None` for an item with an attribute that is neither text, number nor bytes.
#[must_use]
pub fn commit(item: &Item) -> Option<Commitment> {
    let mut names: Vec<_> = item.keys().collect();
    names.sort_unstable();
    let mut bytes = LABEL.to_vec();
    let mut part = |part: &[u8]| {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(part);
    };
    for name in names {
        part(name.as_bytes());
        match item.get(name)? {
            Value::S(text) => {
                part(b"S");
                part(text.as_bytes());
            }
            Value::N(digits) => {
                part(b"N");
                part(digits.as_bytes());
            }
            Value::B(blob) => {
                part(b"B");
                part(blob.as_ref());
            }
            _ => return None,
        }
    }
    Some(suite::hash(&[&bytes]))
}

/// The item of an image in a stream's record, `{"k":{"S":"…"}}`; `None` for what is none, or has an attribute
/// that is neither text, number nor bytes.
#[must_use]
pub fn item_of_image(image: &Json) -> Option<Item> {
    let mut item = HashMap::new();
    for (name, value) in image.as_object()? {
        let mut typed = value.as_object()?.iter();
        let (Some((kind, value)), None) = (typed.next(), typed.next()) else { return None };
        let text = value.as_str()?;
        let value = match kind.as_str() {
            "S" => Value::S(text.to_owned()),
            "N" => Value::N(text.to_owned()),
            "B" => binary(from_base64(text)?),
            _ => return None,
        };
        item.insert(name.clone(), value);
    }
    Some(item)
}

/// An item as a stream's record has it, which [`item_of_image`] reads; `None` for one with an attribute that is
/// neither text, number nor bytes.
#[must_use]
pub fn image_of(item: &Item) -> Option<Json> {
    let mut image = serde_json::Map::new();
    let mut names: Vec<_> = item.keys().collect();
    names.sort_unstable();
    for name in names {
        let typed = match item.get(name)? {
            Value::S(text) => json!({ "S": text }),
            Value::N(digits) => json!({ "N": digits }),
            Value::B(blob) => json!({ "B": base64(blob.as_ref()) }),
            _ => return None,
        };
        image.insert(name.clone(), typed);
    }
    Some(image.into())
}

/// Leaves as the bundle of a tile has them: each behind its length (2 bytes).
#[must_use]
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        bytes.extend(u16::try_from(leaf.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend(leaf);
    }
    bytes
}

/// The leaves of a bundle; `None` for what is none.
#[must_use]
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut leaves = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        leaves.push(leaf.to_vec());
        bytes = rest;
    }
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use store::attributes::{number, string};
    use values::clock::{Clock, rfc3339};

    use super::*;

    fn item() -> Item {
        let clock = Clock::manual(1_796_000_000_000);
        let (id, time) = (EventId::generate(&clock).unwrap(), rfc3339(clock.now_ms()));
        Item::from([
            ("p".to_owned(), string(partition_of(&time, id))),
            ("k".to_owned(), string(format!("{time}#{id}"))),
            ("w".to_owned(), string("signed_in")),
            ("n".to_owned(), binary([7; 16])),
            (EXPIRES_AT.to_owned(), number(1_860_000_000)),
        ])
    }

    #[test]
    fn each_attribute_its_name_and_its_type_are_in_the_commitment() {
        let before = commit(&item()).unwrap();
        for name in ["p", "k", "w", "n", EXPIRES_AT] {
            let mut without = item();
            without.remove(name);
            assert_ne!(commit(&without).unwrap(), before, "{name}");
            let mut changed = item();
            changed.insert(name.to_owned(), string("x"));
            assert_ne!(commit(&changed).unwrap(), before, "{name}");
        }
        let mut more = item();
        more.insert("o".to_owned(), string(""));
        assert_ne!(commit(&more).unwrap(), before);
        let of = |value| commit(&Item::from([("a".to_owned(), value)])).unwrap();
        assert_ne!(of(string("1")), of(number(1)));
        assert_ne!(of(string("1")), of(binary(*b"1")));
    }

    #[test]
    fn a_stream_tells_of_the_same_item() {
        let base64 = values::encoding::base64(&[7; 16]);
        let stored = item();
        let (Value::S(partition), Value::S(key)) = (&stored["p"], &stored["k"]) else {
            panic!("texts")
        };
        let image = json!({
            "p": {"S": partition}, "k": {"S": key}, "w": {"S": "signed_in"},
            "n": {"B": base64}, "expires_at": {"N": "1860000000"},
        });
        let told = item_of_image(&image).unwrap();
        assert_eq!(told, stored);
        assert_eq!(image_of(&stored).unwrap(), image);
        assert!(StoredEvent::read(&told).unwrap().leaf().is_some());
        assert!(item_of_image(&json!({"k": {"L": []}})).is_none());
        assert!(image_of(&Item::from([("k".to_owned(), Value::Bool(true))])).is_none());
        assert!(item_of_image(&json!({"k": {"S": "a", "N": "1"}})).is_none());
    }

    #[test]
    fn an_item_that_no_function_stores_is_no_event() {
        let Value::S(key) = item().remove("k").unwrap() else { panic!("a text") };
        let (time, id) = key.split_once('#').unwrap();
        let edits: [(&str, Option<Value>); 8] = [
            ("p", Some(string("2026-11-30"))),
            ("k", Some(string(time))),
            ("k", Some(string(format!("2026-11-29T12:00:00.000Z#{id}")))),
            ("k", Some(string(format!("1970-01-01T00:00:00.000Z#{id}")))),
            (EXPIRES_AT, None),
            (EXPIRES_AT, Some(number(-1))),
            (EXPIRES_AT, Some(string("1"))),
            ("x", Some(Value::Bool(true))),
        ];
        for (name, value) in edits {
            let mut edited = item();
            edited.remove(name);
            edited.extend(value.map(|value| (name.to_owned(), value)));
            assert_eq!(StoredEvent::read(&edited), None, "{name} {edited:?}");
        }
        // An older release stored no salt: there is no leaf, and nothing wrong.
        for salt in [None, Some(binary([7; 15]))] {
            let mut older = item();
            older.remove("n");
            older.extend(salt.map(|salt| ("n".to_owned(), salt)));
            assert_eq!(StoredEvent::read(&older).unwrap().leaf(), None);
        }
    }

    proptest! {
        #[test]
        fn leaves_and_bundles_are_read_back(
            ends in proptest::collection::vec(any::<u64>(), 0..20), name in "[a-z/]{0,40}",
        ) {
            let clock = Clock::manual(1_796_000_000_000);
            let mut leaves: Vec<_> = ends.iter().map(|end_s| Leaf::Event {
                id: EventId::generate(&clock).unwrap(), end_s: *end_s, commitment: [3; 32],
            }).collect();
            leaves.push(Leaf::Statement { at_ms: 1, name, commitment: [4; 32] });
            let bytes: Vec<_> = leaves.iter().map(Leaf::to_bytes).collect();
            prop_assert_eq!(bytes.iter().map(|leaf| Leaf::read(leaf).unwrap()).collect::<Vec<_>>(), leaves);
            let bundle = bundle(&bytes);
            prop_assert_eq!(unbundle(&bundle).unwrap(), bytes);
            if !bundle.is_empty() {
                prop_assert!(unbundle(&bundle[..bundle.len() - 1]).is_none());
            }
        }

        #[test]
        fn what_is_no_leaf_is_none(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(leaf) = Leaf::read(&bytes) {
                prop_assert_eq!(leaf.to_bytes(), bytes);
            }
        }
    }
}
