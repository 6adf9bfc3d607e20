//! A conversation's row in the keys table: the proof that it exists and whose it is.
//!
//! Item: `u` subject, `c` conversation, `i` site, `b` branch key, `w` and `m` the wrapped key and
//! its commitment, `p` the end that the visitor was promised in milliseconds, `expires_at`. A row
//! without `w` is what erasure leaves.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{Put, Select, TransactWriteItem};

use super::attributes::{
    EXPIRES_AT, Item, binary, expiry, number, read_number, string, take_binary, take_string,
};
use super::event::{Header, Kind, LINK_LEN, StoredEvent, place as event_place};
use super::schema::Noun;
use super::state::State;
use super::{Store, StoreError, fault};
use crate::clock::{self, UnixMillis};
use crate::ids::{ConversationId, SubjectId};
use crate::seal::conversation_key::{ConversationKey, WrappedKey};
use crate::seal::place::{BranchName, Place, Purpose};
use crate::secret::Plaintext;
use crate::values::site::Site;

/// A conversation that may be read and written: its row was found under its subject.
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Whose it is.
    pub subject: SubjectId,
    /// The site it belongs to.
    pub site: &'static Site,
    /// The latest end that the visitor was promised.
    pub promised_until_ms: UnixMillis,
    /// What opens and seals it.
    pub key: ConversationKey,
}

/// What a caller finds under an id.
pub enum Found {
    /// A conversation of the caller's.
    Live(Arc<Conversation>),
    /// One of the caller's that was erased.
    Erased,
    /// Nothing, or somebody else's.
    Absent,
}

/// Why a look-up gave no conversation to keep.
enum Missing {
    Erased,
    Absent,
    Fault(StoreError),
}

impl<E: Into<StoreError>> From<E> for Missing {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Conversation {
    /// When it was opened.
    #[must_use]
    pub fn opened_at_ms(&self) -> UnixMillis {
        self.id.made_at_ms()
    }

    /// When it ceases to exist for every route: the earlier of what was promised and what the
    /// site's present policy gives.
    #[must_use]
    pub fn end_ms(&self) -> UnixMillis {
        self.promised_until_ms.min(self.site.transcript_end_ms(self.opened_at_ms()))
    }
}

impl Store {
    /// Opens a conversation: its key row and its first event, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_conversation(
        &self,
        site: &'static Site,
        subject: SubjectId,
        locale: u8,
        consent: &Plaintext,
    ) -> Result<Arc<Conversation>, StoreError> {
        let id = ConversationId::generate(&self.clock)?;
        let opened_ms = id.made_at_ms();
        let promised_until_ms = site.transcript_end_ms(opened_ms);
        let branch = BranchName::new(site.id, Purpose::Transcript, &clock::month(opened_ms));
        let branch_key = self.settings.branch_key(&branch).await?;
        let place = key_place(site.id, subject, id, &branch.branch, promised_until_ms);
        let (key, wrapped) = ConversationKey::generate(&branch_key, &place)?;

        let header = Header {
            kind: Kind::Opened,
            state: State::opened(locale, opened_ms),
            previous: [0; LINK_LEN],
            twin: None,
        };
        let sealed = key.events.seal(&event_place(site.id, id, 1, &header), consent.reveal())?;
        let first = StoredEvent { seq: 1, header, sealed };
        let row = Item::from([
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("c".to_owned(), binary(id.as_bytes().to_vec())),
            ("i".to_owned(), string(site.id)),
            ("b".to_owned(), string(branch.branch)),
            ("w".to_owned(), binary(wrapped.wrapped)),
            ("m".to_owned(), binary(wrapped.commitment)),
            ("p".to_owned(), number(promised_until_ms)),
            (EXPIRES_AT.to_owned(), expiry(promised_until_ms)),
        ]);
        self.dynamo
            .transact_write_items()
            .transact_items(put(&self.keys_table, row)?)
            .transact_items(put(&self.conversations_table, first.to_item(id, promised_until_ms))?)
            .send()
            .await
            .map_err(|error| fault("open_conversation", &error))?;

        let conversation = Arc::new(Conversation { id, subject, site, promised_until_ms, key });
        self.conversations.put(&(subject, id), Arc::clone(&conversation)).await;
        Ok(conversation)
    }

    /// The subject's conversation of that id. Its key is kept in memory for 60 seconds at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_conversation(
        &self,
        subject: SubjectId,
        id: ConversationId,
    ) -> Result<Found, StoreError> {
        let name = (subject, id);
        let found =
            self.conversations.get(&name, async || self.load_conversation(subject, id).await).await;
        match found {
            Ok(live) if self.clock.now_ms() < live.end_ms() => Ok(Found::Live(live)),
            Ok(_) => {
                self.conversations.forget(&name);
                Ok(Found::Absent)
            }
            Err(missing) => {
                self.conversations.forget(&name);
                match missing {
                    Missing::Erased => Ok(Found::Erased),
                    Missing::Absent => Ok(Found::Absent),
                    Missing::Fault(error) => Err(error),
                }
            }
        }
    }

    /// How many live rows the subject has, conversations and profile; 1 MB of rows are looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_of_subject(&self, subject: SubjectId) -> Result<i32, StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.keys_table)
            .key_condition_expression("u = :u")
            .filter_expression("expires_at > :now AND attribute_exists(w)")
            .expression_attribute_values(":u", binary(subject.as_bytes().to_vec()))
            .expression_attribute_values(":now", number(self.clock.now_seconds()))
            .select(Select::Count)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("count_of_subject", &error))?;
        Ok(found.count)
    }

    /// Ids of the subject's conversations that were not erased, the newest first; those opened before
    /// `since_ms` are left out, and 1 MB of rows are looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conversations_of_subject(
        &self,
        subject: SubjectId,
        since_ms: UnixMillis,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.keys_table)
            .key_condition_expression("u = :u")
            .filter_expression("expires_at > :now AND attribute_exists(w)")
            .expression_attribute_values(":u", binary(subject.as_bytes().to_vec()))
            .expression_attribute_values(":now", number(self.clock.now_seconds()))
            .scan_index_forward(false)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_conversations_of_subject", &error))?;
        let mut ids = Vec::new();
        for mut row in found.items.unwrap_or_default() {
            // The row of the profile has a name and no id.
            if let Some(id) = ConversationId::from_slice(&take_binary(&mut row, "c")?)
                && since_ms <= id.made_at_ms()
            {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    async fn load_conversation(
        &self,
        subject: SubjectId,
        id: ConversationId,
    ) -> Result<Arc<Conversation>, Missing> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .key("u", binary(subject.as_bytes().to_vec()))
            .key("c", binary(id.as_bytes().to_vec()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_conversation", &error))?;
        let mut row = found.item.ok_or(Missing::Absent)?;
        Noun::ConversationKey.shape_of(&row)?;
        let promised_until_ms = read_number(&row, "p")?;
        if promised_until_ms <= self.clock.now_ms() {
            return Err(Missing::Absent);
        }
        if !row.contains_key("w") {
            return Err(Missing::Erased);
        }
        let site = Site::find(&take_string(&mut row, "i")?).ok_or(StoreError::Corrupt)?;
        let branch = take_string(&mut row, "b")?;
        let commitment = take_binary(&mut row, "m")?;
        let stored = WrappedKey {
            wrapped: take_binary(&mut row, "w")?,
            commitment: commitment.try_into().map_err(|_| StoreError::Corrupt)?,
        };
        let name = BranchName::new(site.id, Purpose::Transcript, &branch);
        let branch_key = self.settings.existing_branch_key(&name).await?;
        let place = key_place(site.id, subject, id, &branch, promised_until_ms);
        let key = ConversationKey::unwrap(&branch_key, &place, &stored)?;
        Ok(Arc::new(Conversation { id, subject, site, promised_until_ms, key }))
    }
}

/// Where a conversation's key belongs. The promised end is part of it: whoever can edit the row
/// cannot lengthen a life.
fn key_place(
    site: &str,
    subject: SubjectId,
    id: ConversationId,
    branch: &str,
    promised_until_ms: UnixMillis,
) -> Place {
    Place::new("sotto/v1 conversation key")
        .part(site.as_bytes())
        .part(subject.as_bytes())
        .part(id.as_bytes())
        .part(branch.as_bytes())
        .number(promised_until_ms.unsigned_abs())
}

/// An unconditional put inside a transaction, for keys that nobody else can have.
pub(super) fn put(table: &str, item: Item) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .build()
        .map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().put(put).build())
}
