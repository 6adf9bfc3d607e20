//! Read records: who has read data of a subject, and why. An export tells the subject of them.
//!
//! Ledger item: `p` = `subject#<id>`, `k` = `read#<time>#<event>`, `a` who, `o` in which role, `d` for
//! what purpose, `v` why in their words, sealed, `c` the conversation, `f` = `contact` for the contact and
//! the list of conversations, or neither if it was all; `expires_at`. The event of the same id is in the
//! table of events.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, optional, string, take_binary, take_string,
};
use super::write::{Write, put};
use super::{Store, StoreError, fault};
use seal::envelope::Sealed;
use values::clock::{UnixMillis, rfc3339};
use values::ids::{ConversationId, EventId, StaffId, SubjectId};
use values::role::Role;

/// Why a transcript is read (the header `Sotto-Purpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPurpose {
    /// To answer the visitor.
    Support,
    /// To see how well it was answered.
    Quality,
    /// The subject has asked for something.
    SubjectRequest,
    /// Something has happened.
    Incident,
    /// A court or an authority asks for it.
    Legal,
}

impl ReadPurpose {
    const ALL: [Self; 5] =
        [Self::Support, Self::Quality, Self::SubjectRequest, Self::Incident, Self::Legal];

    /// Its name in the header and in items.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Quality => "quality",
            Self::SubjectRequest => "subject_request",
            Self::Incident => "incident",
            Self::Legal => "legal",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// The extent of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadScope {
    /// All that is held about the subject.
    Everything,
    /// How they may be reached, and which conversations there are; nothing of what was said.
    Contact,
    /// One conversation.
    Conversation(ConversationId),
}

/// One reading.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct ReadRecord {
    /// The event that tells of it.
    pub event: EventId,
    /// When.
    pub at: String,
    /// The staff member.
    pub staff: StaffId,
    /// The role in which they read.
    pub role: Role,
    /// The read purpose.
    pub purpose: ReadPurpose,
    /// Why, in their words, sealed.
    pub words: Option<Sealed>,
    /// The extent of the read.
    pub scope: ReadScope,
}

impl ReadRecord {
    /// The key of it, behind which [`Store::reads_of`] goes on.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{READ}{}#{}", self.at, self.event)
    }

    pub(super) fn to_item(&self, subject: SubjectId, end_ms: UnixMillis) -> Item {
        // When and by which event it is told stands in the key.
        let Self { event: _, at: _, staff, role, purpose, words, scope } = self;
        let mut item = Item::from([
            ("p".to_owned(), string(partition(subject))),
            ("k".to_owned(), string(self.key())),
            ("a".to_owned(), string(*staff)),
            ("o".to_owned(), string(role.as_str())),
            ("d".to_owned(), string(purpose.as_str())),
            (EXPIRES_AT.to_owned(), expiry(end_ms)),
        ]);
        if let Some(words) = words {
            item.insert("v".to_owned(), binary(words.as_stored()));
        }
        match scope {
            ReadScope::Everything => {}
            ReadScope::Contact => {
                item.insert("f".to_owned(), string(CONTACT));
            }
            ReadScope::Conversation(id) => {
                item.insert("c".to_owned(), string(*id));
            }
        }
        item
    }

    pub(super) fn from_item(item: Item) -> Result<Self, StoreError> {
        Self::read_item(item).map_err(in_table("ledger"))
    }

    fn read_item(mut item: Item) -> Result<Self, StoreError> {
        let key = take_string(&mut item, "k")?;
        let named = key.strip_prefix(READ).and_then(|key| key.split_once('#'));
        let (at, event) = named.ok_or(corrupt("k"))?;
        let words = optional(&mut item, "v", take_binary)?;
        let conversation = optional(&mut item, "c", |item, name| {
            ConversationId::parse(&take_string(item, name)?).ok_or(corrupt(name))
        })?;
        let of = optional(&mut item, "f", take_string)?;
        Ok(Self {
            event: EventId::parse(event).ok_or(corrupt("k"))?,
            at: at.to_owned(),
            staff: StaffId::parse(&take_string(&mut item, "a")?).ok_or(corrupt("a"))?,
            role: Role::find(&take_string(&mut item, "o")?).ok_or(StoreError::OtherVersion)?,
            purpose: ReadPurpose::find(&take_string(&mut item, "d")?)
                .ok_or(StoreError::OtherVersion)?,
            words: words.map(Sealed::from_stored),
            scope: match (conversation, of.as_deref()) {
                (Some(id), None) => ReadScope::Conversation(id),
                (None, Some(CONTACT)) => ReadScope::Contact,
                (None, None) => ReadScope::Everything,
                _ => return Err(StoreError::OtherVersion),
            },
        })
    }
}

impl Store {
    /// A reading, as part of the transaction that tells of it.
    pub(crate) async fn put_read(
        &self,
        subject: SubjectId,
        record: &ReadRecord,
        end_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        put(&self.ledger_table, self.with_code(record.to_item(subject, end_ms)).await?)
    }

    /// The read records of the subject, oldest first: up to 1 MB of them behind `after`, the key
    /// that the page before ended with, and where the next begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reads_of(
        &self,
        subject: SubjectId,
        after: Option<&str>,
    ) -> Result<(Vec<ReadRecord>, Option<String>), StoreError> {
        let start = after.map(|after| {
            Item::from([
                ("p".to_owned(), string(partition(subject))),
                ("k".to_owned(), string(after)),
            ])
        });
        let found = self
            .dynamo
            .query()
            .table_name(self.ledger_table.as_ref())
            .key_condition_expression("p = :p AND begins_with(k, :k)")
            .expression_attribute_values(":p", string(partition(subject)))
            .expression_attribute_values(":k", string(READ))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_reads", &error))?;
        let next = found.last_evaluated_key.and_then(|mut key| match key.remove("k") {
            Some(AttributeValue::S(key)) => Some(key),
            _ => None,
        });
        let items = found.items.unwrap_or_default();
        let reads = self.settings.proven(items, ReadRecord::from_item).await?;
        Ok((reads.into_iter().collect::<Result<_, _>>()?, next))
    }

    /// The time of a reading that happens now.
    #[must_use]
    pub fn now(&self) -> String {
        rfc3339(self.clock.now_ms())
    }
}

const READ: &str = "read#";
const CONTACT: &str = "contact";

fn partition(subject: SubjectId) -> String {
    format!("subject#{subject}")
}
