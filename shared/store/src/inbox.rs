//! The inbox: one row a conversation that a person was asked for, by which the desk finds who waits.
//! The row is a list entry and decides nothing; the log says who has a conversation.
//!
//! Item of the table of conversations, at sequence number 0: `q` list (`waiting#<site>`,
//! `with_agent#<site>#<agent>` or `closed#<site>`) and `w` time in it, the keys of the sparse
//! index `inbox`; `u` subject, `o` language, `f` = 1 for a verified customer, `h` since when it waits,
//! `l` time of the last message, `n` how many messages the visitor has sent since, `g` how many of them are answered, `i` time of the first one that is not, `a` and `d` id
//! and name of the agent, `t` tags (JSON, sealed under the conversation's key),
//! `e` when it was closed, `r` when it was claimed, `expires_at`.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, optional, read_number, string,
    take_binary, take_string,
};
use super::body::{Agent, from_json, to_json};
use super::conversation::{Conversation, Found};
use super::state::Status;
use super::write::{Write, put, update};
use super::{Store, StoreError, fault};
use seal::envelope::Sealed;
use seal::place::Place as Position;
use values::clock::UnixMillis;
use values::ids::{ConversationId, StaffId, SubjectId};
use values::site::Site;

/// The effect of an event on the row by which the desk finds a conversation.
#[derive(Clone, PartialEq, Eq)]
pub enum Inbox {
    /// Nothing.
    Unchanged,
    /// The visitor wrote, while a person has the conversation or is waited for.
    Heard,
    /// The row becomes this one.
    Row(Box<Row>),
    /// The conversation is in no list any more.
    Left,
}

/// A row. No `Debug`: it names an agent.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The conversation.
    pub conversation: ConversationId,
    /// The subject it belongs to; unknown in a row of 0.1.0.
    pub subject: Option<SubjectId>,
    /// In which list it is.
    pub status: Status,
    /// Index of the language in the site's list.
    pub locale: u8,
    /// Whether the site's server has said who the visitor is.
    pub verified: bool,
    /// Since when it waits for a person, or has one.
    pub waiting_since_ms: UnixMillis,
    /// When somebody wrote last.
    pub last_message_ms: UnixMillis,
    /// How many messages the visitor has sent since they asked for a person.
    pub heard: u64,
    /// How many of them the agent has answered.
    pub answered: u64,
    /// When the first one came that is not answered.
    pub unanswered_since_ms: Option<UnixMillis>,
    /// The agent who has it, or has closed it.
    pub agent: Option<Agent>,
    /// When that agent got it; 0 in a row that does not say it.
    pub claimed_ms: UnixMillis,
    /// The tags that an agent gave it, as they are stored.
    pub tags: Option<Sealed>,
    /// When it was closed.
    pub closed_ms: Option<UnixMillis>,
}

impl Row {
    /// The row of a conversation whose visitor asks for a person now.
    #[must_use]
    pub fn entering(conversation: &Conversation, locale: u8, verified: bool, now_ms: i64) -> Self {
        Self {
            conversation: conversation.id,
            subject: Some(conversation.subject),
            status: Status::Waiting,
            locale,
            verified,
            waiting_since_ms: now_ms,
            last_message_ms: now_ms,
            heard: 0,
            answered: 0,
            unanswered_since_ms: None,
            agent: None,
            claimed_ms: 0,
            tags: None,
            closed_ms: None,
        }
    }

    /// The same with a first message, by which they asked.
    #[must_use]
    pub fn with_message(self) -> Self {
        Self { heard: 1, unanswered_since_ms: Some(self.last_message_ms), ..self }
    }

    /// The same in the hands of an agent.
    #[must_use]
    pub fn claimed(self, agent: Agent, now_ms: UnixMillis) -> Self {
        Self { status: Status::WithAgent, agent: Some(agent), claimed_ms: now_ms, ..self }
    }

    /// The same without an agent, waiting for the next one as long as before.
    #[must_use]
    pub fn requeued(self) -> Self {
        Self { status: Status::Waiting, agent: None, claimed_ms: 0, ..self }
    }

    /// The same with one more message of the visitor, as [`Inbox::Heard`] leaves it.
    pub(super) fn heard(self, now_ms: UnixMillis) -> Self {
        let unanswered_since_ms = self.unanswered_since_ms.or(Some(now_ms));
        Self { heard: self.heard + 1, unanswered_since_ms, last_message_ms: now_ms, ..self }
    }

    /// The same once the agent has answered what was said, but for the last messages, which they had not
    /// seen: when these came, the first one first.
    #[must_use]
    pub fn answered(self, unseen: &[UnixMillis], now_ms: UnixMillis) -> Self {
        let later = u64::try_from(unseen.len()).unwrap_or(u64::MAX);
        // Another answer may have seen more of them.
        let answered = self.answered.max(self.heard.saturating_sub(later));
        let open = usize::try_from(self.heard - answered).unwrap_or(usize::MAX);
        let first = unseen.len().checked_sub(open).and_then(|first| unseen.get(first));
        Self { answered, unanswered_since_ms: first.copied(), last_message_ms: now_ms, ..self }
    }

    /// The same once the agent has ended the conversation.
    #[must_use]
    pub fn closed(self, tags: Option<Sealed>, now_ms: UnixMillis) -> Self {
        let row = Self { answered: self.heard, unanswered_since_ms: None, ..self };
        Self { status: Status::Closed, tags, closed_ms: Some(now_ms), ..row }
    }

    fn list(&self) -> Option<(List, UnixMillis)> {
        let agent = self.agent.as_ref().map(|agent| agent.id);
        match (self.status, agent, self.closed_ms) {
            (Status::Waiting, ..) => Some((List::Waiting, self.waiting_since_ms)),
            (Status::WithAgent, Some(agent), _) => Some((List::With(agent), self.waiting_since_ms)),
            (Status::Closed, Some(_), Some(at_ms)) => Some((List::Closed, at_ms)),
            _ => None,
        }
    }

    fn to_item(&self, conversation: &Conversation) -> Item {
        let mut item = key_of(self.conversation);
        if let Some(due_ms) = conversation.due_ms() {
            item.insert(EXPIRES_AT.to_owned(), expiry(due_ms));
        }
        if let Some((list, at_ms)) = self.list() {
            item.insert("q".to_owned(), string(list.name(conversation.site)));
            item.insert("w".to_owned(), number(at_ms));
        }
        let mut number_of = |name: &str, value: i128| {
            item.insert(name.to_owned(), number(value));
        };
        number_of("o", self.locale.into());
        number_of("h", self.waiting_since_ms.into());
        number_of("l", self.last_message_ms.into());
        number_of("n", self.heard.into());
        number_of("g", self.answered.into());
        if self.verified {
            number_of("f", 1);
        }
        if let Some(since_ms) = self.unanswered_since_ms {
            number_of("i", since_ms.into());
        }
        if let Some(closed_ms) = self.closed_ms {
            number_of("e", closed_ms.into());
        }
        if self.claimed_ms > 0 {
            number_of("r", self.claimed_ms.into());
        }
        if let Some(subject) = self.subject {
            item.insert("u".to_owned(), binary(subject.as_bytes().to_vec()));
        }
        if let Some(agent) = &self.agent {
            item.insert("a".to_owned(), string(agent.id));
            item.insert("d".to_owned(), string(&*agent.name));
        }
        if let Some(tags) = &self.tags {
            item.insert("t".to_owned(), binary(tags.as_stored().to_vec()));
        }
        item
    }

    /// Reads a row; `None` for one that is in no list.
    fn from_item(mut item: Item) -> Result<Option<Self>, StoreError> {
        let Some(list) = optional(&mut item, "q", take_string)? else { return Ok(None) };
        let since_ms = read_number(&item, "w")?;
        let or = |name: &'static str, other: i64| {
            if item.contains_key(name) { read_number(&item, name) } else { Ok(other) }
        };
        let count = |name| or(name, 0).map(i64::unsigned_abs);
        let some = |name: &'static str| {
            item.contains_key(name).then(|| read_number(&item, name)).transpose()
        };
        let status = match list.split('#').next() {
            Some("waiting") => Status::Waiting,
            Some("with_agent") => Status::WithAgent,
            Some("closed") => Status::Closed,
            _ => return Err(StoreError::OtherVersion),
        };
        let row = Self {
            status,
            locale: u8::try_from(count("o")?).map_err(|_| corrupt("o"))?,
            verified: item.contains_key("f"),
            waiting_since_ms: or("h", since_ms)?,
            last_message_ms: or("l", since_ms)?,
            heard: count("n")?,
            answered: count("g")?,
            unanswered_since_ms: some("i")?,
            claimed_ms: or("r", 0)?,
            closed_ms: some("e")?,
            conversation: ConversationId::from_slice(&take_binary(&mut item, "c")?)
                .ok_or(corrupt("c"))?,
            subject: optional(&mut item, "u", |item, name| {
                SubjectId::from_slice(&take_binary(item, name)?).ok_or(corrupt(name))
            })?,
            tags: optional(&mut item, "t", take_binary)?.map(Sealed::from_stored),
            agent: optional(&mut item, "a", |item, name| {
                let id = StaffId::parse(&take_string(item, name)?).ok_or(corrupt(name))?;
                Ok(Agent { id, name: take_string(item, "d")? })
            })?,
        };
        Ok(Some(row))
    }
}

impl Conversation {
    fn tags_place(&self) -> Position {
        Position::new("sotto/v1 tags").part(self.site.id.as_bytes()).part(self.id.as_bytes())
    }

    /// Seals the tags that an agent gives it; nothing for none.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn seal_tags(&self, tags: &[String]) -> Result<Option<Sealed>, StoreError> {
        if tags.is_empty() {
            return Ok(None);
        }
        let sealed = self.key.events.seal(&self.tags_place(), to_json(&tags)?.reveal())?;
        Ok(Some(sealed))
    }

    fn open_tags(&self, tags: &Sealed) -> Result<Vec<String>, StoreError> {
        let opened = self.key.events.open(&self.tags_place(), tags);
        from_json(&opened.map_err(in_table("conversations"))?)
    }
}

/// A list of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Conversations that wait for anybody, the longest first.
    Waiting,
    /// Those that an agent has, the longest first.
    With(StaffId),
    /// Those that agents have closed, the last first.
    Closed,
}

impl List {
    fn name(self, site: &Site) -> String {
        match self {
            Self::Waiting => format!("waiting#{}", site.id),
            Self::With(agent) => format!("with_agent#{}#{agent}", site.id),
            Self::Closed => format!("closed#{}", site.id),
        }
    }
}

/// Where a page of a list ended.
pub type Place = (UnixMillis, ConversationId);

fn key_of(id: ConversationId) -> Item {
    Item::from([("c".to_owned(), binary(id.as_bytes().to_vec())), ("s".to_owned(), number(0))])
}

impl Store {
    /// The write that follows an event of that time; nothing for an event that no list shows.
    pub(super) fn inbox_write(
        &self,
        conversation: &Conversation,
        at_ms: UnixMillis,
        inbox: &Inbox,
    ) -> Result<Option<Write>, StoreError> {
        let table = &self.conversations_table;
        Ok(Some(match inbox {
            Inbox::Unchanged => return Ok(None),
            Inbox::Heard => {
                let change = "SET l = :l, i = if_not_exists(i, :l) ADD n :n";
                let values = [(":l", number(at_ms)), (":n", number(1))];
                // Without its end a row would stay for ever, so none is made here.
                update(table, key_of(conversation.id), (change, "attribute_exists(c)"), values)?
            }
            Inbox::Row(row) => put(table, row.to_item(conversation))?,
            Inbox::Left => {
                let mut item = key_of(conversation.id);
                if let Some(due_ms) = conversation.due_ms() {
                    item.insert(EXPIRES_AT.to_owned(), expiry(due_ms));
                }
                put(table, item)?
            }
        }))
    }

    /// The row of a conversation, if it is in a list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_row(&self, id: ConversationId) -> Result<Option<Row>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.conversations_table)
            .set_key(Some(key_of(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_inbox_row", &error))?;
        let row = found.item.map(Row::from_item).transpose();
        row.map(Option::flatten).map_err(in_table("conversations"))
    }

    /// Up to `limit` conversations of a list behind a place, and the place where the next page begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox(
        &self,
        site: &Site,
        list: List,
        (behind, limit): (Option<Place>, usize),
    ) -> Result<(Vec<Row>, Option<Place>), StoreError> {
        let name = list.name(site);
        let start = behind.map(|(at_ms, id)| {
            let mut key = key_of(id);
            key.insert("q".to_owned(), string(&*name));
            key.insert("w".to_owned(), number(at_ms));
            key
        });
        let found = self
            .dynamo
            .query()
            .table_name(&self.conversations_table)
            .index_name("inbox")
            .key_condition_expression("q = :q")
            .expression_attribute_values(":q", string(name))
            .scan_index_forward(!matches!(list, List::Closed))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| fault("list_inbox", &error))?;
        let mut next = None;
        let mut keys = Vec::new();
        for mut item in found.items.unwrap_or_default() {
            let at_ms = read_number(&item, "w").map_err(in_table("conversations"))?;
            let id = take_binary(&mut item, "c").map_err(in_table("conversations"))?;
            let id =
                ConversationId::from_slice(&id).ok_or(corrupt("c").in_table("conversations"))?;
            next = Some((at_ms, id));
            keys.push(id);
        }
        let next = next.filter(|_| found.last_evaluated_key.is_some());
        // The index follows a moment later, so a row may be in another list by now.
        let mut rows = self.listed(&keys).await?;
        rows.retain(|row| row.list().is_some_and(|(of, _)| of == list));
        Ok((rows, next))
    }

    /// The rows of these conversations, in this order; those that are in no list are left out.
    async fn listed(&self, ids: &[ConversationId]) -> Result<Vec<Row>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(ids.iter().map(|id| key_of(*id)).collect()))
            .build()
            .map_err(|_| StoreError::Failed)?;
        let found = self
            .dynamo
            .batch_get_item()
            .request_items(&self.conversations_table, keys)
            .send()
            .await
            .map_err(|error| fault("list_inbox_rows", &error))?;
        if found.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable);
        }
        let items = found.responses.unwrap_or_default().remove(&self.conversations_table);
        let mut rows = HashMap::new();
        for item in items.unwrap_or_default() {
            if let Some(row) = Row::from_item(item).map_err(in_table("conversations"))? {
                rows.insert(row.conversation, row);
            }
        }
        Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
    }

    /// The tags of a row, opened with its conversation's key; none once that was destroyed. They are kept
    /// for a minute, since lists are asked for again and again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tags_of(&self, row: &Row) -> Result<Vec<String>, StoreError> {
        let (Some(tags), Some(subject)) = (&row.tags, row.subject) else { return Ok(Vec::new()) };
        let load = async || self.opened_tags(row, subject, tags).await.map(Arc::new);
        Ok(self.tags.get(&row.conversation, load).await?.to_vec())
    }

    async fn opened_tags(
        &self,
        row: &Row,
        subject: SubjectId,
        tags: &Sealed,
    ) -> Result<Vec<String>, StoreError> {
        let found = self.row_for_staff(subject, row.conversation).await?;
        let Some((key, policy)) = found else { return Ok(Vec::new()) };
        match self.open_for_staff((&key, policy), false).await? {
            Found::Live(conversation) => conversation.open_tags(tags),
            Found::Erased | Found::Absent => Ok(Vec::new()),
        }
    }

    /// The place of a conversation among those that wait, from 1, by the time since when it does; as it was
    /// some seconds ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_lately(
        &self,
        conversation: &Conversation,
        since_ms: UnixMillis,
    ) -> Result<u64, StoreError> {
        let count =
            async || self.count_inbox(conversation.site, List::Waiting, Some(since_ms)).await;
        Ok(self.places.get(&(conversation.id, since_ms), count).await? + 1)
    }

    /// How many conversations are in a list, of those that were in it before `before_ms` if it is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_inbox(
        &self,
        site: &Site,
        list: List,
        before_ms: Option<UnixMillis>,
    ) -> Result<u64, StoreError> {
        let (condition, before): (_, Option<AttributeValue>) = match before_ms {
            None => ("q = :q", None),
            Some(before_ms) => ("q = :q AND w < :w", Some(number(before_ms))),
        };
        let (mut count, mut start) = (0, None);
        loop {
            let mut query = self
                .dynamo
                .query()
                .table_name(&self.conversations_table)
                .index_name("inbox")
                .key_condition_expression(condition)
                .expression_attribute_values(":q", string(list.name(site)))
                .select(Select::Count)
                .set_exclusive_start_key(start);
            if let Some(before) = &before {
                query = query.expression_attribute_values(":w", before.clone());
            }
            let found = query.send().await.map_err(|error| fault("count_inbox", &error))?;
            count += u64::try_from(found.count).unwrap_or_default();
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }
}
