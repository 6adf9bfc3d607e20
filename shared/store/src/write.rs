//! What transactions are made of, and writing them: whole, or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};

use super::attributes::{EXPIRES_AT, Item, expiry};
use super::{Store, StoreError, fault};
use values::clock::UnixMillis;

/// The condition under which an item of a table with the keys `p` and `k` is new.
pub const NEW: &str = "attribute_not_exists(p)";

/// What is left of an item whose content was erased: its key, until the TTL takes it. A function that may
/// not delete can write this.
pub(super) fn emptied(key: Item, now_ms: UnixMillis) -> Item {
    let mut item = key;
    item.insert(EXPIRES_AT.to_owned(), expiry(now_ms));
    item
}

/// Puts an item, whatever is there.
///
/// # Errors
/// [`StoreError::Failed`] when the library refuses it.
pub fn put(table: &str, item: Item) -> Result<TransactWriteItem, StoreError> {
    finished(Put::builder().table_name(table).set_item(Some(item)))
}

/// Puts an item if a condition with these values holds.
///
/// # Errors
/// As [`put`].
pub fn put_if(
    table: &str,
    item: Item,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder().table_name(table).set_item(Some(item));
    finished(put.condition_expression(condition).set_expression_attribute_values(named(values)))
}

/// Deletes the item of a key if a condition holds.
///
/// # Errors
/// As [`put`].
pub fn delete_if(
    table: &str,
    key: Item,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder().table_name(table).set_key(Some(key));
    let delete = delete.condition_expression(condition);
    let delete = delete.set_expression_attribute_values(named(values));
    let delete = delete.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// The values that a condition names. DynamoDB refuses a map without entries.
fn named(
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<_, _> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Some(values).filter(|values| !values.is_empty())
}

fn finished(
    put: aws_sdk_dynamodb::types::builders::PutBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().put(put).build())
}

impl Store {
    /// Writes all or nothing; false when a condition did not hold or another writer was at it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn write_whole(
        &self,
        operation: &'static str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        let written =
            self.dynamo.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = written else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if cancelled.cancellation_reasons().iter().any(|reason| {
                    matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
                }) =>
            {
                Ok(false)
            }
            _ => Err(fault(operation, &error)),
        }
    }

    /// The same for what is told together with the deed, and has to be: both or an error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn write_both(
        &self,
        operation: &'static str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<(), StoreError> {
        if self.write_whole(operation, writes).await? {
            Ok(())
        } else {
            Err(StoreError::Unavailable)
        }
    }
}
