//! The log of a conversation: append by conditional write, tail, pages, and the cursor that saves a
//! client's next message the read.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{Item, binary, in_table, number, read_number, take_binary};
use super::body::{Body, Rating};
use super::conversation::Conversation;
use super::event::{
    Header, Idempotency, KEY_HASH_LEN, Kind, LINK_LEN, Spoken, StoredEvent, place as event_place,
};
use super::inbox::Inbox;
use super::schema::Noun;
use super::state::State;
use super::write::{Write, Written, put_or_show};
use super::{Store, StoreError, fault};
use seal::envelope::Sealed;
use seal::place::Place;
use values::clock::UnixMillis;
use values::encoding::{base64url, from_base64url};
use values::handover::HandoverReason;
use values::ids::ConversationId;
use values::secret::Plaintext;

/// How many events back a repeated request is still known.
const WINDOW: usize = 32;
/// The label of a cursor's place, one a shape of events, the newest last: a cursor holds a state, so
/// a release that does not know the shape must not open the cursor either. It reads the log instead.
const CURSOR_LABELS: [&str; Noun::Event.newest() as usize] = ["sotto/v1 cursor"];
const NO_KEY: [u8; KEY_HASH_LEN] = [0; KEY_HASH_LEN];

/// The end of a log: what the next event is decided on.
#[derive(Clone, PartialEq, Eq)]
pub struct Tail {
    /// Sequence number of the last event.
    pub seq: u64,
    /// The state after it.
    pub state: State,
    link: [u8; LINK_LEN],
    /// Hashes of the idempotency keys of the last events, the newest first.
    idempotency_keys: Vec<[u8; KEY_HASH_LEN]>,
}

/// An event to append.
pub struct Draft {
    /// The contents of the event.
    pub body: Body,
    /// The state after it.
    pub state: State,
    /// The hashes by which a repetition is known.
    pub idempotency: Option<Idempotency>,
    /// Whether the inbox changes with it.
    pub inbox: Inbox,
    /// Why it asks for a person, if it does.
    pub asked: Option<HandoverReason>,
}

impl Draft {
    /// The number that reports count of the event, in the clear beside it.
    fn number(&self) -> Option<u8> {
        match &self.body {
            Body::Rated(Rating { comment: _, score }) => Some(*score),
            Body::Feedback(feedback) => Some(u8::from(feedback.helpful)),
            Body::Closed(Some(closing)) => closing.number(),
            _ => self.asked.map(HandoverReason::code),
        }
    }
}

/// The result of appending a draft.
pub enum Appended {
    /// It is stored; this is the log's new end.
    Stored(StoredEvent, Tail),
    /// Another event has its place.
    Taken(StoredEvent),
    /// Another writer was at the same place at the same instant, and may or may not have won.
    Contended,
}

/// The obstacle that a conditional write met.
enum Met {
    Nothing,
    Item(Item),
    Writer,
    /// A condition of another write of the transaction does not hold.
    Other,
}

impl Tail {
    /// The sequence number of the event among the last that came with this idempotency key.
    #[must_use]
    pub fn find_repeated(&self, key: &[u8; KEY_HASH_LEN]) -> Option<u64> {
        let back =
            self.idempotency_keys.iter().position(|known| known == key && known != &NO_KEY)?;
        self.seq.checked_sub(u64::try_from(back).ok()?)
    }

    /// Whether it ends with this very event: its link is a hash of all that is stored of it.
    pub(super) fn ends_with(&self, event: &StoredEvent, conversation: &Conversation) -> bool {
        self.seq == event.seq && self.link == event.link(conversation.site.id, conversation.id)
    }

    /// Whether an event stands right behind it.
    pub(super) fn is_followed_by(&self, event: &StoredEvent) -> bool {
        event.seq == self.seq + 1 && event.header.previous == self.link
    }

    /// The tail as an opaque text that only this conversation's key makes and reads.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn to_cursor(&self, conversation: &Conversation) -> Result<String, StoreError> {
        let mut out = self.seq.to_be_bytes().to_vec();
        out.extend_from_slice(&self.state.encode());
        out.extend_from_slice(&self.link);
        out.extend(self.idempotency_keys.iter().flatten());
        let sealed = conversation.key.cursors.seal(&cursor_place(conversation, "tail"), &out)?;
        Ok(base64url(sealed.as_stored()))
    }

    /// Reads a cursor; `None` for everything that [`Tail::to_cursor`] did not make here.
    #[must_use]
    pub fn from_cursor(conversation: &Conversation, cursor: &str) -> Option<Self> {
        let sealed = Sealed::from_stored(from_base64url(cursor)?);
        let opened =
            conversation.key.cursors.open(&cursor_place(conversation, "tail"), &sealed).ok()?;
        let (seq, rest) = opened.reveal().split_first_chunk::<8>()?;
        let (state, rest) = rest.split_first_chunk::<{ State::LEN }>()?;
        let (link, rest) = rest.split_first_chunk::<LINK_LEN>()?;
        let (idempotency_keys, []) = rest.as_chunks::<KEY_HASH_LEN>() else { return None };
        Some(Self {
            seq: u64::from_be_bytes(*seq),
            state: State::decode(state)?,
            link: *link,
            idempotency_keys: idempotency_keys.to_vec(),
        })
    }

    fn followed_by(&self, event: &StoredEvent, conversation: &Conversation) -> Self {
        let mut idempotency_keys = Vec::with_capacity(WINDOW);
        idempotency_keys
            .push(event.header.idempotency.map_or(NO_KEY, |idempotency| idempotency.key));
        idempotency_keys.extend_from_slice(&self.idempotency_keys);
        idempotency_keys.truncate(WINDOW);
        Self {
            seq: event.seq,
            state: event.header.state,
            link: event.link(conversation.site.id, conversation.id),
            idempotency_keys,
        }
    }
}

/// Events read newest first, before the conversation they belong to is known to be the caller's.
pub struct RawTail(Vec<StoredEvent>);

impl RawTail {
    /// The sequence number of the last event; 0 when there is none.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.0.first().map_or(0, |event| event.seq)
    }

    /// How many of the last answers in a row the bot did not know, as the headers say.
    #[must_use]
    pub fn unknown_in_a_row(&self) -> usize {
        let answers = self.0.iter().filter(|event| event.header.kind == Kind::Exchange);
        answers.take_while(|event| event.header.state.unknown).count()
    }

    /// The last exchange of the visitor with the bot.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open.
    pub fn last_exchange(&self, conversation: &Conversation) -> Result<Option<Spoken>, StoreError> {
        let last = self.0.iter().find(|event| event.header.kind == Kind::Exchange);
        let Some(event) = last else { return Ok(None) };
        Spoken::decode(Kind::Exchange, &conversation.open(event)?)
    }

    /// The events.
    pub(super) fn into_events(self) -> Vec<StoredEvent> {
        self.0
    }

    /// The tail; `None` when there is no event. The last event is opened, so that a decision never
    /// rests on a header that somebody else wrote.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open.
    pub fn of(&self, conversation: &Conversation) -> Result<Option<Tail>, StoreError> {
        let Some(last) = self.0.first() else { return Ok(None) };
        conversation.open(last)?;
        Ok(Some(Tail {
            seq: last.seq,
            state: last.header.state,
            link: last.link(conversation.site.id, conversation.id),
            idempotency_keys: self
                .0
                .iter()
                .map(|event| event.header.idempotency.map_or(NO_KEY, |idempotency| idempotency.key))
                .collect(),
        }))
    }
}

impl Conversation {
    /// Opens an event's body.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what was stored there.
    pub fn open(&self, event: &StoredEvent) -> Result<Plaintext, StoreError> {
        let place = event_place(self.site.id, self.id, event.seq, &event.header);
        self.key.events.open(&place, &event.sealed).map_err(in_table("conversations"))
    }
}

impl Store {
    /// The last events of a log, by one consistent read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tail(&self, id: ConversationId) -> Result<RawTail, StoreError> {
        let found = self
            .newest(id, i32::try_from(WINDOW).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault("find_tail", &error))?;
        let events = found.items.unwrap_or_default();
        Ok(RawTail(events.into_iter().map(StoredEvent::from_item).collect::<Result<_, _>>()?))
    }

    /// Asks for so many events of a log at most, the newest first.
    fn newest(&self, id: ConversationId, limit: i32) -> QueryFluentBuilder {
        self.dynamo
            .query()
            .table_name(&self.conversations_table)
            .key_condition_expression("c = :c AND s >= :s")
            .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
            .expression_attribute_values(":s", number(1))
            .scan_index_forward(false)
            .limit(limit)
            .consistent_read(true)
    }

    /// The last event of a log as it was a moment ago; nothing is opened or verified.
    pub(super) async fn last_event_lately(
        &self,
        id: ConversationId,
    ) -> Result<Option<StoredEvent>, StoreError> {
        let found = self.newest(id, 1).consistent_read(false).send().await;
        let found = found.map_err(|error| fault("glance_at_end", &error))?;
        found.items.unwrap_or_default().into_iter().next().map(StoredEvent::from_item).transpose()
    }

    /// Events of a log before `seq`, the newest first.
    pub(super) async fn newest_before(
        &self,
        id: ConversationId,
        seq: u64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let found = self
            .newest(id, i32::try_from(WINDOW).unwrap_or(i32::MAX))
            .key_condition_expression("c = :c AND s BETWEEN :s AND :e")
            .expression_attribute_values(":e", number(seq.saturating_sub(1)))
            .send()
            .await
            .map_err(|error| fault("find_earlier", &error))?;
        found.items.unwrap_or_default().into_iter().map(StoredEvent::from_item).collect()
    }

    /// When the last event of a log happened, as its header says: nothing is opened or verified.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_event_ms(
        &self,
        id: ConversationId,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let found =
            self.newest(id, 1).send().await.map_err(|error| fault("find_last_event", &error))?;
        let last = found.items.unwrap_or_default().into_iter().next();
        last.map(|item| StoredEvent::from_item(item).map(|event| event.header.state.at_ms))
            .transpose()
    }

    /// The event at `seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_event(
        &self,
        id: ConversationId,
        seq: u64,
    ) -> Result<Option<StoredEvent>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.conversations_table)
            .key("c", binary(id.as_bytes().to_vec()))
            .key("s", number(seq))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_event", &error))?;
        found.item.map(StoredEvent::from_item).transpose()
    }

    /// The event among the last that came with this idempotency key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_repeated(
        &self,
        id: ConversationId,
        tail: &Tail,
        key: &[u8; KEY_HASH_LEN],
    ) -> Result<Option<StoredEvent>, StoreError> {
        let Some(seq) = tail.find_repeated(key) else { return Ok(None) };
        self.find_event(id, seq).await
    }

    /// Up to `limit` events from `seq` on, in order, and whether the log goes on behind them. DynamoDB
    /// gives at most 1 MB at once, which may be fewer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_from(
        &self,
        id: ConversationId,
        seq: u64,
        limit: i32,
    ) -> Result<(Vec<StoredEvent>, bool), StoreError> {
        self.query_events(id, seq, Some(limit)).await
    }

    /// As many events from `seq` on as DynamoDB gives at once, which is 1 MB of them, and whether the
    /// log goes on behind them: so a whole log takes no more reads than it has megabytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_from(
        &self,
        id: ConversationId,
        seq: u64,
    ) -> Result<(Vec<StoredEvent>, bool), StoreError> {
        self.query_events(id, seq, None).await
    }

    /// When the messages came that the visitor sent to a person behind that event, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messages_behind(
        &self,
        id: ConversationId,
        seq: u64,
    ) -> Result<Vec<UnixMillis>, StoreError> {
        let (mut times, mut from) = (Vec::new(), seq + 1);
        loop {
            let (events, goes_on) = self.page_from(id, from).await?;
            let said = events.iter().filter(|event| event.header.kind == Kind::Message);
            times.extend(said.map(|event| event.header.state.at_ms));
            match events.last() {
                Some(last) if goes_on => from = last.seq + 1,
                _ => return Ok(times),
            }
        }
    }

    async fn query_events(
        &self,
        id: ConversationId,
        seq: u64,
        limit: Option<i32>,
    ) -> Result<(Vec<StoredEvent>, bool), StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.conversations_table)
            .key_condition_expression("c = :c AND s >= :s")
            .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
            .expression_attribute_values(":s", number(seq.max(1)))
            .set_limit(limit)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_events", &error))?;
        let goes_on = found.last_evaluated_key.is_some();
        let events = found.items.unwrap_or_default();
        let events = events.into_iter().map(StoredEvent::from_item).collect::<Result<_, _>>()?;
        Ok((events, goes_on))
    }

    /// How many messages a log holds: read in the clear from the headers, as far as `pages` of 1 MB
    /// are left. Each event that is not read counts as one message.
    pub(super) async fn count_messages_of(
        &self,
        id: ConversationId,
        pages: &mut usize,
    ) -> Result<u64, StoreError> {
        let (mut messages, mut start) = (0, None);
        let mut last = 0;
        while *pages > 0 {
            *pages -= 1;
            let found = self
                .dynamo
                .query()
                .table_name(&self.conversations_table)
                .key_condition_expression("c = :c AND s >= :s")
                .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
                .expression_attribute_values(":s", number(1))
                .projection_expression("s, m")
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| fault("count_messages", &error))?;
            for mut item in found.items.unwrap_or_default() {
                last = read_number(&item, "s").map_err(in_table("conversations"))?;
                messages += Header::decode(
                    &take_binary(&mut item, "m").map_err(in_table("conversations"))?,
                )?
                .kind
                .messages();
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(messages);
            }
        }
        let tail = self.tail(id).await?;
        Ok(messages + tail.last_seq().saturating_sub(last))
    }

    /// Appends a draft behind `tail`: one conditional write, which is at once the append, the
    /// sequence number and the check that what it was decided on is still true.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append(
        &self,
        conversation: &Conversation,
        tail: &Tail,
        draft: &Draft,
    ) -> Result<Appended, StoreError> {
        self.append_with(conversation, tail, draft, Vec::new()).await
    }

    /// The same together with other writes, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when one of the others was refused.
    pub async fn append_with(
        &self,
        conversation: &Conversation,
        tail: &Tail,
        draft: &Draft,
        beside: Vec<Write>,
    ) -> Result<Appended, StoreError> {
        let header = Header {
            kind: draft.body.kind(),
            state: draft.state,
            previous: tail.link,
            idempotency: draft.idempotency,
        };
        let seq = tail.seq.checked_add(1).ok_or(StoreError::Failed)?;
        let place = event_place(conversation.site.id, conversation.id, seq, &header);
        let sealed = conversation.key.events.seal(&place, draft.body.encode()?.reveal())?;
        let event = StoredEvent { seq, header, sealed };
        let mut item = event.to_item(conversation.id, conversation.due_ms());
        item.extend(draft.number().map(|counted| ("z".to_owned(), number(counted))));
        let met = match self.inbox_write(conversation, draft.state.at_ms, &draft.inbox)? {
            None if beside.is_empty() => self.put_event(item).await?,
            inbox => {
                let with = inbox.into_iter().chain(beside);
                match self.put_event_with(item.clone(), with).await? {
                    // The row of the inbox is gone. A message is not lost with it.
                    Met::Other if draft.inbox == Inbox::Heard => self.put_event(item).await?,
                    met => met,
                }
            }
        };
        let other = match met {
            Met::Nothing => None,
            Met::Item(item) => Some(StoredEvent::from_item(item)?),
            Met::Writer => return Ok(Appended::Contended),
            Met::Other => return Err(StoreError::Unavailable),
        };
        match other {
            // Our own write, repeated by the SDK after its answer was lost, is in its own way.
            Some(other) if other != event => Ok(Appended::Taken(other)),
            _ => {
                let tail = tail.followed_by(&event, conversation);
                Ok(Appended::Stored(event, tail))
            }
        }
    }

    async fn put_event(&self, item: Item) -> Result<Met, StoreError> {
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.conversations_table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(c)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(Met::Nothing) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                failed.item.clone().map(Met::Item).ok_or(StoreError::Failed)
            }
            Some(PutItemError::TransactionConflictException(_)) => Ok(Met::Writer),
            _ => Err(fault("append", &error)),
        }
    }

    /// Puts an event with what belongs to it; the first that refuses is the event, or another writer.
    async fn put_event_with(
        &self,
        item: Item,
        beside: impl IntoIterator<Item = Write>,
    ) -> Result<Met, StoreError> {
        let written = self
            .transaction()
            .and(put_or_show(&self.conversations_table, item, "attribute_not_exists(c)")?)
            .and_all(beside)
            .commit("append_with_others")
            .await?;
        match written {
            Written::Whole => Ok(Met::Nothing),
            Written::Refused(refused) if refused.is_contended() => Ok(Met::Writer),
            Written::Refused(refused) => Ok(refused.item(0).map_or(Met::Other, Met::Item)),
        }
    }
}

/// Where a cursor belongs: its use and its conversation.
#[must_use]
pub fn cursor_place(conversation: &Conversation, usage: &str) -> Place {
    let [label] = CURSOR_LABELS;
    Place::new(label).part(usage.as_bytes()).part(conversation.id.as_bytes())
}
