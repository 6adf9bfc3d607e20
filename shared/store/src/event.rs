//! An event: one item of a conversation's log.
//!
//! Item: `c` conversation, `s` sequence number, `m` header in the clear, `v` sealed body,
//! `expires_at`. The header: kind, shape and state (10 bytes), the link to the event before (16), and
//! for what a visitor sent the hashes of its idempotency key and body (12). All of it is in the AAD.

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, take_binary,
};
use super::schema::Noun;
use super::state::State;
use seal::envelope::Sealed;
use seal::place::Place;
use seal::suite;
use serde_json::Value;
use values::clock::UnixMillis;
use values::encoding::from_base64;
use values::ids::ConversationId;
use values::secret::Plaintext;

/// Bytes of the link to the event before: the beginning of its SHA-256.
pub const LINK_LEN: usize = 16;
/// Bytes of the hash of an idempotency key, and of the body that came with it.
pub const KEY_HASH_LEN: usize = 6;

const IDEMPOTENCY_FLAG: u8 = 0x80;
/// Where the shape stands in the header's second byte: two bits, which hold it less one. Three is
/// left to a release that has to put the number elsewhere. The only shape there is has zeros.
const SHAPE_SHIFT: u8 = 5;
const SHAPE_MASK: u8 = 0b11;

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The conversation was opened, with consent.
    Opened,
    /// A message and its instant answer.
    Exchange,
    /// A message that a person will answer.
    Message,
    /// A person was asked for.
    Handover,
    /// The conversation ended.
    Closed,
    /// The conversation was erased.
    Erased,
    /// The visitor rated the conversation.
    Rated,
    /// The visitor left a contact, or tried to.
    LeadOffered,
    /// An agent took the conversation.
    Claimed,
    /// It went back to the queue or to the bot.
    Released,
    /// An agent wrote to the visitor.
    AgentMessage,
    /// An agent left a note for colleagues.
    Annotated,
    /// An answer of the bot helped the visitor, or did not.
    Feedback,
}

impl Kind {
    const ALL: [(u8, Self); 13] = [
        (1, Self::Opened),
        (2, Self::Exchange),
        (3, Self::Message),
        (5, Self::Handover),
        (6, Self::Claimed),
        (7, Self::Released),
        (8, Self::AgentMessage),
        (9, Self::Closed),
        (10, Self::Annotated),
        (11, Self::Erased),
        (12, Self::Rated),
        (13, Self::LeadOffered),
        (14, Self::Feedback),
    ];

    /// How many messages an event of this kind holds.
    #[must_use]
    pub const fn messages(self) -> u64 {
        match self {
            Self::Exchange => 2,
            Self::Message | Self::AgentMessage => 1,
            Self::Opened
            | Self::Handover
            | Self::Claimed
            | Self::Released
            | Self::Closed
            | Self::Annotated
            | Self::Erased
            | Self::Rated
            | Self::LeadOffered
            | Self::Feedback => 0,
        }
    }

    fn code(self) -> u8 {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or(0, |(code, _)| *code)
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
    }
}

/// The hashes that make a repeated request known: of its idempotency key, and of its body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Keyed hash of the idempotency key.
    pub key: [u8; KEY_HASH_LEN],
    /// Keyed hash of key and body.
    pub body: [u8; KEY_HASH_LEN],
}

/// The header of an event, in the clear: metadata, never content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The kind of the event.
    pub kind: Kind,
    /// The state after it.
    pub state: State,
    /// The link to the event before; zero for the first.
    pub previous: [u8; LINK_LEN],
    /// The hashes by which a repetition is known.
    pub idempotency: Option<Idempotency>,
}

impl Header {
    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let [status, flags, rest @ ..] = self.state.encode();
        let idempotency_flag = if self.idempotency.is_some() { IDEMPOTENCY_FLAG } else { 0 };
        let mut out = vec![status | self.kind.code() << 4, flags | idempotency_flag];
        out.extend_from_slice(&rest);
        out.extend_from_slice(&self.previous);
        if let Some(idempotency) = &self.idempotency {
            out.extend_from_slice(&idempotency.key);
            out.extend_from_slice(&idempotency.body);
        }
        out
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`StoreError::OtherVersion`] for a shape, kind or status that this release does not know, and
    /// [`StoreError::Corrupt`] for what is no header.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let (state, rest) = bytes
            .split_first_chunk::<{ State::LEN }>()
            .ok_or(corrupt("m").in_table("conversations"))?;
        let [kind, flags, ..] = *state;
        Noun::Event.known(u64::from(1 + (flags >> SHAPE_SHIFT & SHAPE_MASK)))?;
        let kind = Kind::from_code(kind >> 4).ok_or(StoreError::OtherVersion)?;
        let state = State::decode(state).ok_or(StoreError::OtherVersion)?;
        let (previous, idempotency) =
            read_links(rest, flags).ok_or(corrupt("m").in_table("conversations"))?;
        Ok(Self { kind, state, previous, idempotency })
    }
}

/// An event as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the log, from 1.
    pub seq: u64,
    /// Its header.
    pub header: Header,
    /// Its body.
    pub sealed: Sealed,
}

impl StoredEvent {
    /// Reads an item of the log.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none, [`StoreError::OtherVersion`] when another release
    /// wrote it.
    pub fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("conversations"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let seq = read_number(&item, "s")?;
        let header = take_binary(&mut item, "m")?;
        let sealed = Sealed::from_stored(take_binary(&mut item, "v")?);
        let header = Header::decode(&header)?;
        Ok(Self { seq, header, sealed })
    }

    /// The item to store, to be deleted at `due_ms`, or not as long as it is held.
    #[must_use]
    pub fn to_item(&self, conversation: ConversationId, due_ms: Option<UnixMillis>) -> Item {
        let Self { seq, header, sealed } = self;
        let mut item = Item::from([
            ("c".to_owned(), binary(conversation.as_bytes().to_vec())),
            ("s".to_owned(), number(*seq)),
            ("m".to_owned(), binary(header.encode())),
            ("v".to_owned(), binary(sealed.as_stored())),
        ]);
        if let Some(due_ms) = due_ms {
            item.insert(EXPIRES_AT.to_owned(), expiry(due_ms));
        }
        item
    }

    /// The link that the next event must carry to follow this one: the beginning of the hash over
    /// place, header and ciphertext.
    #[must_use]
    pub fn link(&self, site: &str, conversation: ConversationId) -> [u8; LINK_LEN] {
        let place = place(site, conversation, self.seq, &self.header);
        let hash = suite::hash(&[place.as_bytes(), self.sealed.as_stored()]);
        let mut link = [0; LINK_LEN];
        link.copy_from_slice(&hash[..LINK_LEN]);
        link
    }
}

/// Reads the part of a header behind the state.
fn read_links(rest: &[u8], flags: u8) -> Option<([u8; LINK_LEN], Option<Idempotency>)> {
    let (previous, rest) = rest.split_first_chunk::<LINK_LEN>()?;
    if flags & IDEMPOTENCY_FLAG == 0 {
        return rest.is_empty().then_some((*previous, None));
    }
    let (key, body) = rest.split_first_chunk::<KEY_HASH_LEN>()?;
    Some((*previous, Some(Idempotency { key: *key, body: body.try_into().ok()? })))
}

/// The conversation and the place in its log that a record of the table's stream names; place 0 is the row
/// of the inbox. `None` for a key that no conversation has.
#[must_use]
pub fn place_in_stream(record: &Value) -> Option<(ConversationId, u64)> {
    let keys = record.pointer("/dynamodb/Keys")?;
    let conversation = from_base64(keys.pointer("/c/B")?.as_str()?)?;
    let seq = keys.pointer("/s/N")?.as_str()?.parse().ok()?;
    Some((ConversationId::from_slice(&conversation)?, seq))
}

/// Where an event's body belongs.
#[must_use]
pub fn place(site: &str, conversation: ConversationId, seq: u64, header: &Header) -> Place {
    Place::new("sotto/v1 event")
        .part(site.as_bytes())
        .part(conversation.as_bytes())
        .number(seq)
        .part(&header.encode())
}

/// An answer of the bot. No `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Answered {
    /// The text.
    pub text: String,
    /// The ids of the entries that it cites.
    pub sources: Vec<String>,
    /// The ids of the entries that the visitor may choose from.
    pub choices: Vec<String>,
}

/// Set in the number of sources where choices follow them.
const CHOICES_FLAG: usize = 0x40;

/// The contents of an event's body that holds messages. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Spoken {
    /// The visitor's message.
    pub message: String,
    /// The bot's answer.
    pub reply: Option<Answered>,
}

impl Spoken {
    /// The compact encoding: length and text of the message; for an exchange the number of sources
    /// with length and id each, the same for choices if there are any, then the reply to the end.
    #[must_use]
    pub fn encode(&self) -> Plaintext {
        let mut out = Vec::with_capacity(self.message.len() + 512);
        push_length(&mut out, self.message.len());
        out.extend_from_slice(self.message.as_bytes());
        if let Some(Answered { text, sources, choices }) = &self.reply {
            let flag = if choices.is_empty() { 0 } else { CHOICES_FLAG };
            push_length(&mut out, sources.len() | flag);
            push_all(&mut out, sources);
            if !choices.is_empty() {
                push_length(&mut out, choices.len());
                push_all(&mut out, choices);
            }
            out.extend_from_slice(text.as_bytes());
        }
        Plaintext::new(out)
    }

    /// Reads the body of an event; `None` when it holds no messages.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what [`Spoken::encode`] made.
    pub fn decode(kind: Kind, body: &Plaintext) -> Result<Option<Self>, StoreError> {
        if !matches!(kind, Kind::Exchange | Kind::Message) {
            return Ok(None);
        }
        let mut rest = body.reveal();
        let read = |rest: &mut &[u8]| -> Option<String> {
            let length = take_length(rest)?;
            let (text, after) = rest.split_at_checked(length)?;
            *rest = after;
            String::from_utf8(text.to_vec()).ok()
        };
        let mut parse = || {
            let message = read(&mut rest)?;
            if kind == Kind::Message {
                return rest.is_empty().then_some(Self { message, reply: None });
            }
            let count = take_length(&mut rest)?;
            let ids = |rest: &mut &[u8], count: usize| {
                (0..count).map(|_| read(rest)).collect::<Option<Vec<_>>>()
            };
            let sources = ids(&mut rest, count & !CHOICES_FLAG)?;
            let choices = if count & CHOICES_FLAG == 0 {
                Vec::new()
            } else {
                let count = take_length(&mut rest)?;
                ids(&mut rest, count)?
            };
            let text = String::from_utf8(rest.to_vec()).ok()?;
            Some(Self { message, reply: Some(Answered { text, sources, choices }) })
        };
        parse().map(Some).ok_or(corrupt("v").in_table("conversations"))
    }
}

fn push_all(out: &mut Vec<u8>, ids: &[String]) {
    for id in ids {
        push_length(out, id.len());
        out.extend_from_slice(id.as_bytes());
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow (LEB128).
fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or(0));
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let mut length = 0_usize;
    for shift in [0, 7, 14] {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_are_read_back_and_nothing_else_is_one() {
        let header = Header {
            kind: Kind::Exchange,
            state: State::opened(1, 1_763_899_200_123),
            previous: [3; LINK_LEN],
            idempotency: Some(Idempotency { key: [1; 6], body: [2; 6] }),
        };
        let bytes = header.encode();
        assert_eq!(bytes.len(), 38);
        assert!(Header::decode(&bytes) == Ok(header));
        for length in 0..bytes.len() {
            assert!(Header::decode(&bytes[..length]).is_err(), "length {length}");
        }
        let without = Header { idempotency: None, ..header }.encode();
        assert_eq!(without.len(), 26);
        assert!(Header::decode(&[&without[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_header_of_another_release_is_known_for_one() {
        let state = State::opened(1, 1_763_899_200_123);
        let header =
            Header { kind: Kind::Rated, state, previous: [3; LINK_LEN], idempotency: None };
        for (byte, bits) in [(1, 1 << 5), (1, 1 << 6), (1, 3 << 5), (0, 3 << 4), (0, 5)] {
            let mut bytes = header.encode();
            bytes[byte] |= bits;
            let read = Header::decode(&bytes);
            assert!(read == Err(StoreError::OtherVersion), "bits {bits:#x} of byte {byte}");
        }
    }

    proptest! {
        #[test]
        fn what_was_said_is_read_back(
            message in ".{1,300}", reply in ".{0,300}",
            sources in prop::collection::vec("[a-z-]{1,32}", 0..3),
            choices in prop::collection::vec("[a-z-]{1,32}", 0..4), answered: bool,
        ) {
            let kind = if answered { Kind::Exchange } else { Kind::Message };
            let spoken = Spoken {
                message,
                reply: answered.then_some(Answered { text: reply, sources, choices }),
            };
            let read = Spoken::decode(kind, &spoken.encode()).unwrap().unwrap();
            prop_assert_eq!(read, spoken);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _read = Spoken::decode(Kind::Exchange, &Plaintext::new(bytes.clone()));
            let _header = Header::decode(&bytes);
        }
    }
}
