//! Due items: keys past their time, found by the hour in which they end, and the ciphertext that
//! nothing opens any more. Only the sweep uses this.
//!
//! Ledger items: `p` = `purge`, `k` a conversation whose log is to be deleted, `u` whose it was,
//! `expires_at`; and `p` = `touched#<conversation>`, `k` = `touched`, `expires_at`: the
//! announcement that the log is changed on purpose, for the function that watches it.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_string,
};
use super::key_row::{Guarded, KeyRow, Term};
use super::lead;
use super::table::key;
use super::write::{Write, delete_if, put, update};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;
use values::ids::{ConversationId, SubjectId};
use values::policy::{DAY_MS, RetentionPolicy};

/// Items that DynamoDB deletes in one request.
const DELETED_AT_ONCE: usize = 25;
/// Items of a log that are read at once to change their TTL.
const TTLS_READ_AT_ONCE: i32 = 1_000;
/// How often what a throttled table left out is sent again.
const ATTEMPTS: usize = 8;
/// Longer than a stream keeps its records, and a failed batch its place.
pub const TOUCHED_MS: UnixMillis = 7 * DAY_MS;
/// How long a log waits for its deletion at most; by then its TTL has come.
pub const QUEUED_MS: UnixMillis = 400 * DAY_MS;

const PURGE: &str = "purge";
const TOUCHED: &str = "touched";

/// A key row as the scan of the table gives it, and what its item says of its end.
pub struct Scanned {
    /// The row.
    pub row: KeyRow,
    /// Its TTL, in seconds, if it has one.
    pub expires_at: Option<i64>,
    /// Whether the sweep finds it by its hour.
    pub is_indexed: bool,
}

/// A log that is queued for deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The conversation.
    pub id: ConversationId,
    /// Since when, to the second.
    pub since_ms: UnixMillis,
}

impl Store {
    /// Rows that end in this hour of the index and before `now_ms`, `limit` at most. Candidates: each
    /// is read again before anything is done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_in(
        &self,
        hour: &str,
        now_ms: UnixMillis,
        limit: i32,
    ) -> Result<Vec<Item>, StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.keys_table)
            .index_name("due")
            .key_condition_expression("x = :x AND expires_at <= :now")
            .expression_attribute_values(":x", string(hour))
            .expression_attribute_values(":now", number(now_ms.div_euclid(1000)))
            .limit(limit)
            .send()
            .await
            .map_err(|error| fault("find_due", &error))?;
        let key = |item: Item| item.into_iter().filter(|(name, _)| name == "u" || name == "c");
        Ok(found.items.unwrap_or_default().into_iter().map(|item| key(item).collect()).collect())
    }

    /// Destroys the key of a row if its time is up, and says whether it did. A log that would be
    /// left behind is queued in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_due(
        &self,
        key: Item,
        policy: &RetentionPolicy,
    ) -> Result<bool, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .set_key(Some(key.clone()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_due_row", &error))?;
        let Some(row) = found.item.map(KeyRow::from_item).transpose()?.flatten() else {
            return Ok(false);
        };
        let now_ms = self.clock.now_ms();
        let (Some(due_ms), Some(wrapped)) = (row.due_ms(policy), row.wrapped()) else {
            return Ok(false);
        };
        if now_ms < due_ms {
            return Ok(false);
        }
        let condition = "w = :w AND attribute_not_exists(h)";
        let destroyed = delete_if(&self.keys_table, key, condition, [(":w", wrapped)])?;
        let mut writes = self.transaction().and(destroyed);
        match row.guarded {
            // Its items have the end that was promised, which has not come.
            Guarded::Conversation(id)
                if row.term != Term::Promised || now_ms < row.promised_until_ms =>
            {
                writes.push(self.queue_purge(id, row.subject)?);
            }
            Guarded::Conversation(_) => {}
            Guarded::Profile { left_ms } => writes.push(self.deletion_of_lead(&row, left_ms)?),
        }
        Ok(writes.commit("destroy_due").await?.is_whole())
    }

    /// Up to `limit` rows of the keys table behind `after`, of all subjects, and where the next
    /// begin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scan_keys(
        &self,
        after: Option<Item>,
        limit: i32,
    ) -> Result<(Vec<Result<Scanned, StoreError>>, Option<Item>), StoreError> {
        let found = self
            .dynamo
            .scan()
            .table_name(&self.keys_table)
            .limit(limit)
            .set_exclusive_start_key(after)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("scan_keys", &error))?;
        let mut rows = Vec::new();
        for item in found.items.unwrap_or_default() {
            let expires_at = match item.get(EXPIRES_AT) {
                Some(AttributeValue::N(digits)) => digits.parse().ok(),
                _ => None,
            };
            let is_indexed = item.contains_key("x");
            // One that is damaged is told, and does not stop those behind it.
            match KeyRow::from_item(item) {
                Ok(Some(row)) => rows.push(Ok(Scanned { row, expires_at, is_indexed })),
                Ok(None) => {}
                Err(error) => rows.push(Err(error)),
            }
        }
        Ok((rows, found.last_evaluated_key))
    }

    /// Gives a row the TTL that the policy gives it now; false when it has changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn align(
        &self,
        scanned: &Scanned,
        policy: &RetentionPolicy,
    ) -> Result<bool, StoreError> {
        let row = &scanned.row;
        let item = row.to_item(row.end_ms(policy));
        let aligned = self.replaced(row, item, "w = :w AND attribute_not_exists(h)")?;
        let mut writes = self.transaction().and(aligned);
        if let Guarded::Profile { left_ms } = row.guarded {
            writes.push(self.ttl_of_lead(row, left_ms, row.end_ms(policy))?);
        }
        Ok(writes.commit("align").await?.is_whole())
    }

    /// The conversations whose logs are queued for deletion. One that is damaged stands for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queued(&self) -> Result<Vec<Result<Queued, StoreError>>, StoreError> {
        let items = self.ledger_table.query("find_queued", PURGE).await?;
        let read = |mut item: Item| {
            let id = ConversationId::parse(&take_string(&mut item, "k")?);
            let end_seconds: i64 = read_number(&item, EXPIRES_AT)?;
            let since_ms = end_seconds.saturating_mul(1000) - QUEUED_MS;
            Ok(Queued { id: id.ok_or(corrupt("k"))?, since_ms })
        };
        Ok(items.into_iter().map(read).collect())
    }

    /// Takes a conversation out of the queue, when its log is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unqueue(&self, id: ConversationId) -> Result<(), StoreError> {
        self.ledger_table.delete("unqueue", key(PURGE, id)).await
    }

    /// Announces that the log of a conversation is changed on purpose.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce(&self, id: ConversationId) -> Result<(), StoreError> {
        let mut item = touched_key(id);
        item.insert(EXPIRES_AT.to_owned(), expiry(self.clock.now_ms() + TOUCHED_MS));
        self.ledger_table.put("announce", item).await
    }

    /// Deletes items of a log, `budget` at most, and says how many, and whether more are left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_log(
        &self,
        id: ConversationId,
        budget: usize,
    ) -> Result<(usize, bool), StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.conversations_table)
            .key_condition_expression("c = :c")
            .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
            .projection_expression("c, s")
            .limit(i32::try_from(budget.max(1)).unwrap_or(i32::MAX))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_log", &error))?;
        let keys = found.items.unwrap_or_default();
        if keys.is_empty() {
            return Ok((0, false));
        }
        self.announce(id).await?;
        for some in keys.chunks(DELETED_AT_ONCE) {
            let requests = some
                .iter()
                .map(|key| {
                    let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
                    let delete = delete.map_err(|_| StoreError::Failed)?;
                    Ok(WriteRequest::builder().delete_request(delete).build())
                })
                .collect::<Result<Vec<_>, StoreError>>()?;
            self.write_batch(requests).await?;
        }
        Ok((keys.len(), found.last_evaluated_key.is_some()))
    }

    /// Takes the TTL from the items of a log from `seq` on, or gives it back: of one page, and of
    /// `budget` items at most. Says of how many, and where it goes on, if it does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_ttl_of_log(
        &self,
        id: ConversationId,
        seq: u64,
        end_ms: Option<UnixMillis>,
        budget: usize,
    ) -> Result<(usize, Option<u64>), StoreError> {
        let filter = match end_ms {
            None => "attribute_exists(expires_at)",
            Some(_) => "attribute_not_exists(expires_at)",
        };
        let found = self
            .dynamo
            .query()
            .table_name(&self.conversations_table)
            .key_condition_expression("c = :c AND s >= :s")
            .filter_expression(filter)
            .expression_attribute_values(":c", binary(id.as_bytes().to_vec()))
            .expression_attribute_values(":s", number(seq))
            .projection_expression("c, s")
            // Counted before the filter, so it says how much is read and not how much is found.
            .limit(TTLS_READ_AT_ONCE)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_log", &error))?;
        let keys = found.items.unwrap_or_default();
        if !keys.is_empty() {
            self.announce(id).await?;
        }
        for key in keys.iter().take(budget) {
            let item = self.dynamo.update_item().table_name(&self.conversations_table);
            let item = item.set_key(Some(key.clone())).condition_expression("attribute_exists(c)");
            set_ttl("set_ttl_of_log", item, end_ms).await?;
        }
        let next = match keys.get(budget) {
            Some(left_out) => Some(read_number(left_out, "s").map_err(in_table("conversations"))?),
            None => match found.last_evaluated_key {
                Some(last) => {
                    Some(read_number::<u64>(&last, "s").map_err(in_table("conversations"))? + 1)
                }
                None => None,
            },
        };
        Ok((keys.len().min(budget), next))
    }

    /// Takes the TTL from a subject's contact, or gives it back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_ttl_of_lead(
        &self,
        row: &KeyRow,
        end_ms: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        let item = self.dynamo.update_item().table_name(&self.profiles_table);
        let item = item.set_key(Some(lead::key_of(row.subject)));
        set_ttl("set_ttl_of_lead", item.condition_expression("attribute_exists(u)"), end_ms).await
    }

    /// Deletes a subject's contact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_lead(&self, subject: SubjectId) -> Result<(), StoreError> {
        self.dynamo
            .delete_item()
            .table_name(&self.profiles_table)
            .set_key(Some(lead::key_of(subject)))
            .send()
            .await
            .map_err(|error| fault("delete_lead", &error))?;
        Ok(())
    }

    async fn write_batch(&self, mut requests: Vec<WriteRequest>) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let written = self
                .dynamo
                .batch_write_item()
                .request_items(&self.conversations_table, requests)
                .send()
                .await
                .map_err(|error| fault("delete_log", &error))?;
            let mut left = written.unprocessed_items.unwrap_or_default();
            requests = left.remove(&self.conversations_table).unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable)
    }

    fn queue_purge(&self, id: ConversationId, subject: SubjectId) -> Result<Write, StoreError> {
        let mut item = key(PURGE, id);
        item.insert("u".to_owned(), binary(subject.as_bytes().to_vec()));
        item.insert(EXPIRES_AT.to_owned(), expiry(self.clock.now_ms() + QUEUED_MS));
        put(&self.ledger_table, item)
    }

    /// The deletion of the contact that was left then; one left later stays.
    fn deletion_of_lead(&self, row: &KeyRow, left_ms: UnixMillis) -> Result<Write, StoreError> {
        let condition = "attribute_not_exists(u) OR t = :t";
        let values = [(":t", number(left_ms))];
        delete_if(&self.profiles_table, lead::key_of(row.subject), condition, values)
    }

    fn ttl_of_lead(
        &self,
        row: &KeyRow,
        left_ms: UnixMillis,
        end_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        let values = [(":e", expiry(end_ms)), (":t", number(left_ms))];
        let change = ("SET expires_at = :e", "t = :t");
        update(&self.profiles_table, lead::key_of(row.subject), change, values)
    }
}

/// Takes the TTL from an item, or gives it one, if it is still there.
async fn set_ttl(
    operation: &'static str,
    item: UpdateItemFluentBuilder,
    end_ms: Option<UnixMillis>,
) -> Result<(), StoreError> {
    let call = match end_ms {
        None => item.update_expression("REMOVE expires_at"),
        Some(end_ms) => item
            .update_expression("SET expires_at = :e")
            .expression_attribute_values(":e", expiry(end_ms)),
    };
    let Err(error) = call.send().await else { return Ok(()) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
        _ => Err(fault(operation, &error)),
    }
}

/// The key of the announcement that a log is changed on purpose.
#[must_use]
pub fn touched_key(id: ConversationId) -> Item {
    key(format!("{TOUCHED}#{id}"), TOUCHED)
}
