//! Transactions: all of it or nothing, and what was in the way.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use shared::random;
use shared::store::attributes::{Item, string};
pub(super) use shared::store::write::put_if;
use shared::store::{StoreError, fault};
use shared::values::encoding::base64url;

use super::Store;

type UpdateError = SdkError<UpdateItemError, HttpResponse>;

/// How often a transaction is tried that meets another one at the same items.
const TRIES: usize = 5;

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// All of it is stored.
    Whole,
    /// Nothing is: the conditions of these items, by their place, did not hold.
    Refused(Vec<usize>),
}

impl Store {
    /// Writes all of the items or none.
    ///
    /// # Errors
    /// [`StoreError`], when it is not known or not a matter of conditions.
    pub async fn write(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Written, StoreError> {
        // One token for all tries: a transaction whose answer was lost is not written twice.
        let token = base64url(&random::bytes::<24>()?);
        for _ in 0..TRIES {
            let sent = self
                .dynamo
                .transact_write_items()
                .client_request_token(&token)
                .set_transact_items(Some(items.clone()))
                .send()
                .await;
            let Err(error) = sent else { return Ok(Written::Whole) };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(fault(operation, &error));
            };
            let reasons = cancelled.cancellation_reasons().iter().enumerate();
            let because = |wanted: &'static str| {
                let reasons = reasons.clone();
                reasons.filter(move |(_, reason)| reason.code() == Some(wanted))
            };
            let refused: Vec<_> = because("ConditionalCheckFailed").map(|(at, _)| at).collect();
            if !refused.is_empty() {
                return Ok(Written::Refused(refused));
            }
            if because("TransactionConflict").next().is_none() {
                return Err(fault(operation, &error));
            }
        }
        Err(StoreError::Unavailable)
    }
}

/// Updates an item again while a transaction upon it is under way: on AWS such an update is refused.
pub(super) async fn patiently<T, F>(update: impl Fn() -> F) -> Result<T, UpdateError>
where
    F: Future<Output = Result<T, UpdateError>>,
{
    let mut tries = 1;
    loop {
        match update().await {
            Err(error) if tries < TRIES && is_conflict(&error) => tries += 1,
            ended => return ended,
        }
    }
}

fn is_conflict(error: &UpdateError) -> bool {
    matches!(error.as_service_error(), Some(UpdateItemError::TransactionConflictException(_)))
}

/// Puts an item; with `condition`, only if that holds.
pub(super) fn put(
    table: &str,
    item: Item,
    condition: Option<&str>,
) -> Result<TransactWriteItem, StoreError> {
    match condition {
        None => shared::store::write::put(table, item),
        Some(condition) => put_if(table, item, condition, []),
    }
}

/// Deletes an item; with `condition`, only if that holds.
pub(super) fn delete(
    table: &str,
    key: &Key,
    condition: Option<&str>,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder().table_name(table).set_key(Some(key.item()));
    let delete = delete.set_condition_expression(condition.map(str::to_owned));
    let delete = delete.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Deletes an item if a condition with these values holds.
pub(super) fn delete_if(
    table: &str,
    key: &Key,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key.item()))
        .condition_expression(condition)
        .set_expression_attribute_values(Some(named(values)));
    let delete = delete.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Changes an item if a condition holds; values are named by `:` and a letter, names of attributes
/// stand as they are.
pub(super) fn update(
    table: &str,
    key: &Key,
    (change, condition): (&str, &str),
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<TransactWriteItem, StoreError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(key.item()))
        .update_expression(change)
        .condition_expression(condition)
        .set_expression_attribute_values(Some(named(values)));
    let update = update.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Writes nothing, but lets nothing else be written unless a condition holds.
pub(super) fn check(
    table: &str,
    key: &Key,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key.item()))
        .condition_expression(condition)
        .set_expression_attribute_values(Some(named(values)));
    let check = check.build().map_err(|_| StoreError::Failed)?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

fn named(values: impl IntoIterator<Item = (&'static str, AttributeValue)>) -> Item {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The key of an item: `p` and `k`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The partition.
    pub(crate) partition: String,
    /// Which item in it.
    pub(crate) sort: String,
}

impl Key {
    pub(crate) fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    pub(crate) fn item(&self) -> Item {
        Item::from([
            ("p".to_owned(), string(&self.partition)),
            ("k".to_owned(), string(&self.sort)),
        ])
    }
}
