//! A conversation: found by its row in the keys table, which proves that it exists and whose it is.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
};
use super::body::{Body, Consent};
use super::event::{Header, LINK_LEN, StoredEvent, place as event_place};
use super::identity_key::{self, Registration};
use super::key_row::{Guarded, KeyOwner, KeyRow, Term};
use super::ledger;
use super::policy::POLICY;
use super::session::{LetInBy, Limits, Session};
use super::state::{State, Status};
use super::subject::{self, Subject};
use super::write::{Write, put, put_if};
use super::{Store, StoreError, fault};
use seal::conversation_key::ConversationKey;
use values::clock::UnixMillis;
use values::ids::{ConversationId, SubjectId};
use values::policy::RetentionPolicy;
use values::secret::Secret;
use values::site::Site;

/// How many live rows one subject may have at a time: conversations, and a contact.
pub const ROWS_PER_SUBJECT: usize = 100;
/// A subject with fewer rows opens another without a check for simultaneous openings: ninety would
/// have to fall within the milliseconds of one opening. Hardly any subject has more.
const FEW_ROWS: usize = 10;
/// The sort key of the row by which openings of one subject see each other.
const OPENINGS: &[u8] = b"openings";
/// How long that row is kept; it is of use for as long as an opening takes.
pub const OPENING_MS: UnixMillis = 60 * 60 * 1000;

/// A conversation that may be read and written: its row was found under its subject.
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The subject it belongs to.
    pub subject: SubjectId,
    /// The site it belongs to.
    pub site: &'static Site,
    /// The site's policy, as it was when the row was read.
    pub policy: RetentionPolicy,
    /// The latest end that the visitor was promised.
    pub promised_until_ms: UnixMillis,
    /// Until when it is kept.
    pub term: Term,
    /// The key that opens and seals it.
    pub key: ConversationKey,
    /// The limits that end sessions, as they were when the row was read for its visitor.
    pub limits: Limits,
}

/// The result of opening a conversation.
pub enum Opened {
    /// It is open.
    New(Arc<Conversation>),
    /// The subject was erased.
    Erased,
    /// The session was ended.
    Ended,
    /// The subject has as many as one may have.
    Full,
}

/// The rows and openings that count against the limit of a subject.
struct Standing {
    /// Live rows.
    rows: usize,
    /// The number of the last opening, if it is recent.
    openings: Option<u64>,
}

/// The result of a caller's look-up of an id.
pub enum Found {
    /// A conversation of the caller's.
    Live(Arc<Conversation>),
    /// One of the caller's that was erased.
    Erased,
    /// Nothing, or somebody else's.
    Absent,
}

/// Why a look-up gave no conversation to keep.
pub(super) enum Missing {
    Erased,
    Absent,
    Fault(StoreError),
}

impl<E: Into<StoreError>> From<E> for Missing {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Missing {
    pub(super) fn found(self) -> Result<Found, StoreError> {
        match self {
            Self::Erased => Ok(Found::Erased),
            Self::Absent => Ok(Found::Absent),
            Self::Fault(error) => Err(error),
        }
    }
}

impl Conversation {
    /// When it was opened.
    #[must_use]
    pub fn opened_at_ms(&self) -> UnixMillis {
        self.id.made_at_ms()
    }

    /// When it ceases to exist for its visitor: the earlier of what was promised and what the site's
    /// present policy gives.
    #[must_use]
    pub fn end_ms(&self) -> UnixMillis {
        self.promised_until_ms.min(self.policy.transcript_end_ms(self.opened_at_ms()))
    }

    /// When its items are to be deleted; `None` as long as it is held.
    #[must_use]
    pub fn due_ms(&self) -> Option<UnixMillis> {
        match self.term {
            Term::Promised => Some(self.promised_until_ms),
            Term::Held => None,
            Term::Released(until_ms) => Some(until_ms),
        }
    }

    /// When it stops taking messages.
    #[must_use]
    pub fn last_word_ms(&self) -> UnixMillis {
        self.policy.last_word_ms(self.opened_at_ms())
    }

    /// Whether nothing had ended the session when the conversation's row was read.
    #[must_use]
    pub fn admits(&self, session: &Session) -> bool {
        self.limits.admit(session)
    }

    /// The status at `now_ms` after an event that left `state`: a conversation also ends by time.
    #[must_use]
    pub fn status_at(&self, state: State, now_ms: UnixMillis) -> Status {
        if self.last_word_ms() <= now_ms { Status::Closed } else { state.status }
    }
}

impl Store {
    /// Opens a conversation: its key row and its first event, in one transaction. Two openings of one
    /// subject at once do not both pass the limit: each numbers itself behind the one that it has seen,
    /// unless the limit is far away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_conversation(
        &self,
        site: &'static Site,
        (subject, session): (SubjectId, &Session),
        locale: u8,
        consent: Consent,
    ) -> Result<Opened, StoreError> {
        let id = ConversationId::generate(&self.clock)?;
        let opened_ms = id.made_at_ms();
        let policy = self.settings.retention_policy(site).await?.policy;
        let promised_until_ms = policy.promised_transcript_end_ms(opened_ms);
        let guarded = Guarded::Conversation(id);
        let branch = KeyRow::branch_of(site, guarded, opened_ms);
        let branch_key = self.settings.branch_key(&branch).await?;
        let secret = Secret::generate()?;
        let key = ConversationKey::from_secret(&secret)?;

        let body = Body::Opened(consent);
        let header = Header {
            kind: body.kind(),
            state: State::opened(locale, opened_ms),
            previous: [0; LINK_LEN],
            idempotency: None,
        };
        let sealed =
            key.events.seal(&event_place(site.id, id, 1, &header), body.encode()?.reveal())?;
        let first = StoredEvent { seq: 1, header, sealed };
        // Most subjects have no row, so we assume none and read it only when the condition fails.
        let mut known = Subject::default();
        let mut tries = self.tries();
        loop {
            let standing = self.standing(subject).await?;
            if standing.rows >= ROWS_PER_SUBJECT {
                return Ok(Opened::Full);
            }
            let owner = KeyOwner { subject, guarded, site };
            let named = (branch.clone(), &branch_key);
            let row = KeyRow::new(owner, promised_until_ms, known.holds.clone(), named, &secret)?;
            let due_ms = (row.term != Term::Held).then_some(promised_until_ms);
            let mut item = first.to_item(id, due_ms);
            // By this the staff find the subject; the row under that subject proves it.
            item.insert("u".to_owned(), binary(subject.as_bytes().to_vec()));
            let mut writes = self
                .transaction()
                .and(put(&self.keys_table, row.to_item(promised_until_ms))?)
                .and(put(&self.conversations_table, item)?)
                .and(self.unless_changed((subject, session.began), &known)?);
            if standing.rows >= FEW_ROWS {
                writes.push(self.opening(subject, &standing)?);
            }
            if writes.commit("open_conversation").await?.is_whole() {
                let term = row.term;
                let identity_key = match session.let_in_by {
                    Some(LetInBy::RegisteredAt(key_ms)) => Some(Registration(key_ms)),
                    Some(LetInBy::RegisteredBy(_)) | None => None,
                };
                let limits = Limits { ended: known.ended, identity_key };
                let conversation = Conversation {
                    id,
                    subject,
                    site,
                    policy,
                    promised_until_ms,
                    term,
                    key,
                    limits,
                };
                let conversation = Arc::new(conversation);
                self.conversations.put(&(subject, id), Arc::clone(&conversation)).await;
                return Ok(Opened::New(conversation));
            }
            known = self.find_subject(subject).await?;
            if known.ended.is_some_and(|ended| session.began <= ended) {
                return Ok(Opened::Ended);
            }
            if known.erased.is_some() {
                return Ok(Opened::Erased);
            }
            tries.again().await?;
        }
    }

    async fn standing(&self, subject: SubjectId) -> Result<Standing, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.keys_table)
            .key_condition_expression("u = :u")
            .filter_expression(format!("attribute_exists(o) OR ({LIVE})"))
            .expression_attribute_values(":u", binary(subject.as_bytes().to_vec()))
            .expression_attribute_values(":now", number(self.clock.now_seconds()))
            .projection_expression("c, o")
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut standing = Standing { rows: 0, openings: None };
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("count_rows_of_subject", &error))?;
            if item.contains_key("o") {
                standing.openings = Some(read_number(&item, "o")?);
            } else {
                standing.rows += 1;
            }
        }
        Ok(standing)
    }

    /// Numbers an opening, behind the one that was seen.
    fn opening(&self, subject: SubjectId, standing: &Standing) -> Result<Write, StoreError> {
        let item = Item::from([
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("c".to_owned(), binary(OPENINGS)),
            ("o".to_owned(), number(standing.openings.unwrap_or_default() + 1)),
            (EXPIRES_AT.to_owned(), expiry(self.clock.now_ms() + OPENING_MS)),
        ]);
        match standing.openings {
            None => put_if(&self.keys_table, item, "attribute_not_exists(o)", []),
            Some(seen) => put_if(&self.keys_table, item, "o = :o", [(":o", number(seen))]),
        }
    }

    /// The subject's conversation of that id, with what may have ended this session, or any. Its key is kept
    /// in memory for 60 seconds at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_conversation(
        &self,
        (subject, session): (SubjectId, Option<&Session>),
        id: ConversationId,
    ) -> Result<Found, StoreError> {
        let name = (subject, id);
        let load = async || self.load_conversation(subject, session, id).await;
        let found = self.conversations.get(&name, load).await;
        match found {
            Ok(live) if self.clock.now_ms() < live.end_ms() => Ok(Found::Live(live)),
            Ok(_) => {
                self.conversations.forget(&name);
                Ok(Found::Absent)
            }
            Err(missing) => {
                self.conversations.forget(&name);
                missing.found()
            }
        }
    }

    /// The same as its row and the policy stand now: for what gives out texts, so that what was erased
    /// elsewhere a moment ago is not read from memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_conversation_now(
        &self,
        (subject, session): (SubjectId, Option<&Session>),
        id: ConversationId,
    ) -> Result<Found, StoreError> {
        self.conversations.forget(&(subject, id));
        self.find_conversation((subject, session), id).await
    }

    /// The subject of a conversation, as its first event says; the row under that subject proves
    /// it. `None` when there is none, or when a release opened it that did not store the subject.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owner_of(&self, id: ConversationId) -> Result<Option<SubjectId>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.conversations_table)
            .key("c", binary(id.as_bytes().to_vec()))
            .key("s", number(1))
            .projection_expression("u")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_owner", &error))?;
        let Some(mut item) = found.item.filter(|item| item.contains_key("u")) else {
            return Ok(None);
        };
        SubjectId::from_slice(&take_binary(&mut item, "u").map_err(in_table("conversations"))?)
            .map(Some)
            .ok_or(corrupt("u").in_table("conversations"))
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
            .filter_expression(LIVE)
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
            .filter_expression(LIVE)
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
            if let Some(id) =
                ConversationId::from_slice(&take_binary(&mut row, "c").map_err(in_table("keys"))?)
                && since_ms <= id.made_at_ms()
            {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// A conversation whose promised end has come is absent, held or not: the staff have other ways.
    async fn load_conversation(
        &self,
        subject: SubjectId,
        session: Option<&Session>,
        id: ConversationId,
    ) -> Result<Arc<Conversation>, Missing> {
        let guarded = Guarded::Conversation(id);
        let reader = match session {
            Some(Session { let_in_by: None, .. }) => Reader::Guest,
            _ => Reader::Customer,
        };
        let (row, policy, limits) = self.read_row(subject, guarded.sort_key(), reader).await?;
        let row = row.ok_or(Missing::Absent)?;
        if row.promised_until_ms <= self.clock.now_ms() {
            return Err(Missing::Absent);
        }
        self.open_row(&row, policy, limits).await
    }

    /// The row of a conversation and the policy with it, for staff who may have a reason to read
    /// it; nothing of it is opened. `None` when there is none, or none that is kept any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn row_for_staff(
        &self,
        subject: SubjectId,
        id: ConversationId,
    ) -> Result<Option<(KeyRow, RetentionPolicy)>, StoreError> {
        let sort_key = Guarded::Conversation(id).sort_key();
        let (row, policy) = self.row_and_policy(subject, sort_key).await?;
        let now_ms = self.clock.now_ms();
        let is_kept = |row: &KeyRow| {
            // An erased one is told as erased until it would have ended.
            (row.is_destroyed() && now_ms < row.promised_until_ms) || row.is_kept(&policy, now_ms)
        };
        Ok(row.filter(is_kept).map(|row| (row, policy)))
    }

    /// Opens a row for the holder of a permit. A conversation that has ended for its visitor, and
    /// that a hold still keeps, opens only with `beyond_its_end`.
    pub(crate) async fn open_for_staff(
        &self,
        (row, policy): (&KeyRow, RetentionPolicy),
        beyond_its_end: bool,
    ) -> Result<Found, StoreError> {
        if row.end_ms(&policy) <= self.clock.now_ms() && !beyond_its_end {
            return Ok(Found::Absent);
        }
        match self.open_row(row, policy, Limits::default()).await {
            Ok(conversation) => Ok(Found::Live(conversation)),
            Err(missing) => missing.found(),
        }
    }

    /// The conversation of a row.
    async fn open_row(
        &self,
        row: &KeyRow,
        policy: RetentionPolicy,
        limits: Limits,
    ) -> Result<Arc<Conversation>, Missing> {
        let Guarded::Conversation(id) = row.guarded else { return Err(Missing::Absent) };
        if row.is_destroyed() {
            return Err(Missing::Erased);
        }
        let secret = self.open_key_row(row).await?.ok_or(Missing::Erased)?;
        Ok(Arc::new(Conversation {
            id,
            subject: row.subject,
            site: row.site,
            policy,
            promised_until_ms: row.promised_until_ms,
            term: row.term,
            key: ConversationKey::from_secret(&secret).map_err(StoreError::from)?,
            limits,
        }))
    }

    /// A row of the subject's and the policy of its site, read together; refused when the table is an
    /// old copy in which erased keys may be.
    pub(super) async fn row_and_policy(
        &self,
        subject: SubjectId,
        sort_key: AttributeValue,
    ) -> Result<(Option<KeyRow>, RetentionPolicy), StoreError> {
        let (row, policy, _) = self.read_row(subject, sort_key, Reader::Other).await?;
        Ok((row, policy))
    }

    /// The same, for a visitor with what ends sessions, in the same request.
    async fn read_row(
        &self,
        subject: SubjectId,
        sort_key: AttributeValue,
        reader: Reader,
    ) -> Result<(Option<KeyRow>, RetentionPolicy, Limits), StoreError> {
        let site = Site::SHIPPED;
        let row = HashMap::from([
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("c".to_owned(), sort_key),
        ]);
        let policy =
            HashMap::from([("p".to_owned(), string(site.id)), ("k".to_owned(), string(POLICY))]);
        let mut of_keys = vec![row, ledger::position_in_keys()];
        let mut of_settings = vec![ledger::head_key(), policy];
        if reader != Reader::Other {
            of_keys.push(subject::key_of(subject));
        }
        if reader == Reader::Customer {
            of_settings.extend(identity_key::keys_of(site));
        }
        let asked = |keys| {
            KeysAndAttributes::builder()
                .consistent_read(true)
                .set_keys(Some(keys))
                .build()
                .map_err(|_| StoreError::Failed)
        };
        let found = self
            .dynamo
            .batch_get_item()
            .request_items(&self.keys_table, asked(of_keys)?)
            .request_items(&self.settings.table, asked(of_settings)?)
            .send()
            .await
            .map_err(|error| fault("find_row", &error))?;
        // A throttled table leaves some out; what is missing then is not absent.
        if found.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable);
        }
        let mut found = found.responses.unwrap_or_default();
        let (mut row, mut position, mut limits) = (None, None, Limits::default());
        for item in found.remove(&self.keys_table).unwrap_or_default() {
            if ledger::is_position_in_keys(&item) {
                position = Some(item);
            } else if subject::is_row(&item) {
                limits.ended = Subject::from_item(item)?.ended;
            } else {
                row = KeyRow::from_item(item)?;
            }
        }
        let (mut head, mut policy, mut of_identity) = (None, None, Vec::new());
        for item in found.remove(&self.settings.table).unwrap_or_default() {
            if ledger::is_head(&item) {
                head = Some(item);
            } else if identity_key::is_row(&item) {
                of_identity.push(item);
            } else {
                policy = Some(item);
            }
        }
        let identity_key = identity_key::newest(of_identity);
        limits.identity_key = identity_key.as_ref().map(Registration::from_item).transpose()?;
        let head = ledger::number_of(head.as_ref()).map_err(in_table("settings"))?;
        // The items of a batch are not read at one instant: an erasure may have come in between, and
        // then the position that is read now has followed.
        if ledger::number_of(position.as_ref()).map_err(in_table("keys"))? < head
            && self.position_of_keys().await? < head
        {
            return Err(StoreError::LedgerBehind);
        }
        Ok((row, self.settings.policy_in(site, policy).await?.policy, limits))
    }
}

/// The reader of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// A guest, whose session may be ended.
    Guest,
    /// A customer, whom the site's identity key has let in: where it was not read, none is admitted.
    Customer,
    /// The staff, a job, or a visitor whose session was looked at before.
    Other,
}

/// Rows whose key is there and whose time is not up.
const LIVE: &str = "(expires_at > :now OR attribute_exists(h)) AND attribute_exists(w)";
