//! The writes of a transaction, and the transaction: stored whole, or not at all. No other file
//! names the SDK's type of a write.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use values::encoding::base64url;
use values::random;

use super::attributes::{EXPIRES_AT, Item, Value, expiry};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;

/// The condition under which an item of a table with the keys `p` and `k` is new.
pub const NEW: &str = "attribute_not_exists(p)";
/// The condition under which an item of such a table is there.
pub const THERE: &str = "attribute_exists(p)";
/// The condition of a change that makes the item where it is not there.
pub const ANYWAY: &str = "attribute_exists(p) OR attribute_not_exists(p)";

/// How often a write is tried that meets a transaction at the same items.
pub(super) const TRIES: usize = 5;

/// One write of a transaction. No `Debug`: it holds what is to be stored.
#[derive(Clone)]
pub struct Write(TransactWriteItem);

/// The rest of an item whose content was erased: its key, until the TTL takes it. A function that
/// may not delete can write this.
pub(super) fn emptied(key: Item, now_ms: UnixMillis) -> Item {
    let mut item = key;
    item.insert(EXPIRES_AT.to_owned(), expiry(now_ms));
    item
}

/// Puts an item, whatever is there.
///
/// # Errors
/// [`StoreError::Failed`] when the library refuses it.
pub fn put(table: &(impl AsRef<str> + ?Sized), item: Item) -> Result<Write, StoreError> {
    put_under(table.as_ref(), item, None, None)
}

/// Puts an item if a condition with these values holds.
///
/// # Errors
/// As [`put`].
pub fn put_if(
    table: &(impl AsRef<str> + ?Sized),
    item: Item,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Write, StoreError> {
    put_under(table.as_ref(), item, Some(condition), named(values))
}

fn put_under(
    table: &str,
    item: Item,
    condition: Option<&str>,
    values: Option<Item>,
) -> Result<Write, StoreError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .set_condition_expression(condition.map(str::to_owned))
        .set_expression_attribute_values(values);
    let put = put.build().map_err(|_| StoreError::Failed)?;
    Ok(Write(TransactWriteItem::builder().put(put).build()))
}

/// Puts an item if a condition holds; if it does not, [`Refused::item`] says what is there.
///
/// # Errors
/// As [`put`].
pub(super) fn put_or_show(table: &str, item: Item, condition: &str) -> Result<Write, StoreError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(condition)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let put = put.build().map_err(|_| StoreError::Failed)?;
    Ok(Write(TransactWriteItem::builder().put(put).build()))
}

/// Deletes the item of a key, if there is one.
///
/// # Errors
/// As [`put`].
pub fn delete(
    table: &(impl AsRef<str> + ?Sized),
    key: impl Into<Item>,
) -> Result<Write, StoreError> {
    delete_under(table.as_ref(), key.into(), None, None)
}

/// Deletes the item of a key if a condition with these values holds.
///
/// # Errors
/// As [`put`].
pub fn delete_if(
    table: &(impl AsRef<str> + ?Sized),
    key: impl Into<Item>,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Write, StoreError> {
    delete_under(table.as_ref(), key.into(), Some(condition), named(values))
}

fn delete_under(
    table: &str,
    key: Item,
    condition: Option<&str>,
    values: Option<Item>,
) -> Result<Write, StoreError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .set_condition_expression(condition.map(str::to_owned))
        .set_expression_attribute_values(values);
    let delete = delete.build().map_err(|_| StoreError::Failed)?;
    Ok(Write(TransactWriteItem::builder().delete(delete).build()))
}

/// Changes the item of a key if a condition holds. Values are named by `:` and a letter, names of
/// attributes stand as they are.
///
/// # Errors
/// As [`put`].
pub fn update(
    table: &(impl AsRef<str> + ?Sized),
    key: impl Into<Item>,
    (change, condition): (&str, &str),
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Write, StoreError> {
    let update = Update::builder()
        .table_name(table.as_ref())
        .set_key(Some(key.into()))
        .update_expression(change)
        .condition_expression(condition)
        .set_expression_attribute_values(named(values));
    let update = update.build().map_err(|_| StoreError::Failed)?;
    Ok(Write(TransactWriteItem::builder().update(update).build()))
}

/// Writes nothing, but lets nothing else be written unless a condition holds.
///
/// # Errors
/// As [`put`].
pub fn check(
    table: &(impl AsRef<str> + ?Sized),
    key: impl Into<Item>,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Write, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table.as_ref())
        .set_key(Some(key.into()))
        .condition_expression(condition)
        .set_expression_attribute_values(named(values));
    let check = check.build().map_err(|_| StoreError::Failed)?;
    Ok(Write(TransactWriteItem::builder().condition_check(check).build()))
}

/// The values that a condition names. DynamoDB refuses a map without entries.
pub(super) fn named(values: impl IntoIterator<Item = (&'static str, Value)>) -> Option<Item> {
    let values: Item = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Some(values).filter(|values| !values.is_empty())
}

/// Writes that are stored together or not at all.
#[must_use = "nothing is written before it is committed"]
pub struct Transaction {
    dynamo: Client,
    writes: Vec<Write>,
}

/// The result of a transaction.
pub enum Written {
    /// All of it is stored.
    Whole,
    /// Nothing is.
    Refused(Refused),
}

impl Written {
    /// Whether all of it is stored.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// The writes of a transaction whose conditions did not hold, each with what is there if the write
/// asked for it. None when another writer was at one of the items.
#[derive(Default)]
pub struct Refused(Vec<(usize, Option<Item>)>);

impl Refused {
    /// Whether the condition of the write at this place did not hold.
    #[must_use]
    pub fn at(&self, place: usize) -> bool {
        self.0.iter().any(|(refused, _)| *refused == place)
    }

    /// Whether every condition held, but another writer was at one of the items.
    #[must_use]
    pub fn is_contended(&self) -> bool {
        self.0.is_empty()
    }

    /// The item that is there where the write at this place was to go.
    #[must_use]
    pub fn item(self, place: usize) -> Option<Item> {
        self.0.into_iter().find(|(refused, _)| *refused == place)?.1
    }
}

impl Transaction {
    pub(super) fn new(dynamo: Client) -> Self {
        Self { dynamo, writes: Vec::new() }
    }

    /// The same with one more write.
    pub fn and(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// The same with more writes.
    pub fn and_all(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.extend(writes);
        self
    }

    /// Adds a write.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Writes all or nothing. One try: another writer at one of the items refuses it as well.
    ///
    /// # Errors
    /// [`StoreError`], when it is not known or not a matter of conditions.
    pub async fn commit(self, operation: &'static str) -> Result<Written, StoreError> {
        self.send(operation, None).await
    }

    /// Writes all or nothing, for who can do nothing with a refusal.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when it was refused.
    pub async fn commit_or_fail(self, operation: &'static str) -> Result<(), StoreError> {
        match self.commit(operation).await? {
            Written::Whole => Ok(()),
            Written::Refused(_) => Err(StoreError::Unavailable),
        }
    }

    /// Writes all or nothing, and tries again while another writer is at one of the items: only a
    /// condition refuses it.
    ///
    /// # Errors
    /// As [`Transaction::commit`]; [`StoreError::Unavailable`] after some tries.
    pub async fn commit_patiently(self, operation: &'static str) -> Result<Written, StoreError> {
        // One token for all tries: a transaction whose answer was lost is not written twice.
        let token = base64url(&random::bytes::<24>()?);
        for _ in 0..TRIES {
            match self.send(operation, Some(&token)).await? {
                Written::Refused(refused) if refused.is_contended() => {}
                written => return Ok(written),
            }
        }
        Err(StoreError::Unavailable)
    }

    async fn send(
        &self,
        operation: &'static str,
        token: Option<&str>,
    ) -> Result<Written, StoreError> {
        let writes = self.writes.iter().map(|write| write.0.clone()).collect();
        let sent = self
            .dynamo
            .transact_write_items()
            .set_client_request_token(token.map(str::to_owned))
            .set_transact_items(Some(writes))
            .send()
            .await;
        let Err(error) = sent else { return Ok(Written::Whole) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(fault(operation, &error));
        };
        let reasons = cancelled.cancellation_reasons();
        let refused: Vec<_> = reasons
            .iter()
            .enumerate()
            .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
            .map(|(place, reason)| (place, reason.item.clone()))
            .collect();
        let contended =
            || reasons.iter().any(|reason| reason.code() == Some("TransactionConflict"));
        if refused.is_empty() && !contended() {
            return Err(fault(operation, &error));
        }
        Ok(Written::Refused(Refused(refused)))
    }
}

impl Extend<Write> for Transaction {
    fn extend<T: IntoIterator<Item = Write>>(&mut self, writes: T) {
        self.writes.extend(writes);
    }
}

impl Store {
    /// Begins a transaction.
    pub(super) fn transaction(&self) -> Transaction {
        Transaction::new(self.dynamo.clone())
    }
}
