//! A table whose items have the keys `p` and `k`, for a function crate, which names no type of the
//! SDK. Every read is consistent, except those of a handle by [`Table::lately`].

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue, Select};

use super::attributes::{Item, Value, string};
use super::write::{TRIES, Transaction, named};
use super::{StoreError, fault};

/// The key of an item: `p` and `k`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The partition.
    pub partition: String,
    /// Which item in it.
    pub sort: String,
}

impl Key {
    /// The key of that item in that partition.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    /// An item with nothing but the key.
    #[must_use]
    pub fn item(&self) -> Item {
        self.into()
    }
}

/// An item with nothing but the key.
pub(super) fn key(partition: impl Into<String>, sort: impl Into<String>) -> Item {
    Item::from([("p".to_owned(), string(partition)), ("k".to_owned(), string(sort))])
}

impl From<&Key> for Item {
    fn from(Key { partition, sort }: &Key) -> Self {
        key(partition, sort)
    }
}

/// A change of one item. Values are named by `:` and a letter, names of attributes stand as they are.
pub struct Change<'a> {
    /// Which item.
    pub key: &'a Key,
    /// The update expression.
    pub change: &'a str,
    /// The condition, if there is one.
    pub condition: Option<&'a str>,
    /// The values that both name.
    pub values: Vec<(&'static str, Value)>,
}

/// The first items of a partition behind a key.
pub struct Page<'a> {
    /// Which partition.
    pub partition: &'a str,
    /// The last item of the page before.
    pub after: Option<Key>,
    /// How many items at most.
    pub limit: i32,
    /// The attributes to read; nothing for all of them.
    pub only: Option<&'a str>,
}

/// A table.
#[derive(Clone)]
pub struct Table {
    dynamo: Client,
    name: String,
    is_consistent: bool,
}

impl AsRef<str> for Table {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl Table {
    /// The table of that name.
    #[must_use]
    pub fn new(dynamo: Client, name: String) -> Self {
        Self { dynamo, name, is_consistent: true }
    }

    /// The same table, read for half the price as it was a moment ago: for what decides nothing.
    #[must_use]
    pub fn lately(&self) -> Self {
        Self { is_consistent: false, ..self.clone() }
    }

    /// Begins a transaction, upon this table and others.
    pub fn transaction(&self) -> Transaction {
        Transaction::new(self.dynamo.clone())
    }

    /// The item of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(
        &self,
        operation: &'static str,
        key: impl Into<Item>,
    ) -> Result<Option<Item>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.into()))
            .consistent_read(self.is_consistent)
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(found.item)
    }

    /// The items of `keys` and of `others`, which are keys of another table, in one request.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when DynamoDB left some of them out.
    pub async fn get_with(
        &self,
        operation: &'static str,
        keys: &[Key],
        (other, others): (&Self, &[Key]),
    ) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        let all = |keys: &[Key]| {
            KeysAndAttributes::builder()
                .consistent_read(self.is_consistent)
                .set_keys(Some(keys.iter().map(Key::item).collect()))
                .build()
                .map_err(|_| StoreError::Failed)
        };
        let mut request = self.dynamo.batch_get_item();
        for (table, keys) in [(self, keys), (other, others)] {
            if !keys.is_empty() {
                request = request.request_items(&table.name, all(keys)?);
            }
        }
        let found = request.send().await.map_err(|error| fault(operation, &error))?;
        if found.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable);
        }
        let mut tables: HashMap<String, Vec<Item>> = found.responses.unwrap_or_default();
        let [ours, theirs] =
            [self, other].map(|table| tables.remove(&table.name).unwrap_or_default());
        Ok((ours, theirs))
    }

    /// All items of a partition, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query(
        &self,
        operation: &'static str,
        partition: &str,
    ) -> Result<Vec<Item>, StoreError> {
        self.query_where(operation, partition, None).await
    }

    /// The items of a partition that a filter with these values lets through, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn query_where(
        &self,
        operation: &'static str,
        partition: &str,
        filter: Option<(&str, Item)>,
    ) -> Result<Vec<Item>, StoreError> {
        let (filter, values) = filter.unzip();
        self.all(operation, "p = :p", partition, (filter, values.unwrap_or_default())).await
    }

    /// The items of a partition from one sort key to another, both included, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn between(
        &self,
        operation: &'static str,
        partition: &str,
        (from, to): (&str, &str),
    ) -> Result<Vec<Item>, StoreError> {
        let bounds = [(":a".to_owned(), string(from)), (":b".to_owned(), string(to))];
        let keys = "p = :p AND k BETWEEN :a AND :b";
        self.all(operation, keys, partition, (None, bounds.into())).await
    }

    async fn all(
        &self,
        operation: &'static str,
        keys: &str,
        partition: &str,
        (filter, mut values): (Option<&str>, Item),
    ) -> Result<Vec<Item>, StoreError> {
        values.insert(":p".to_owned(), string(partition));
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.name)
            .key_condition_expression(keys)
            .set_filter_expression(filter.map(str::to_owned))
            .set_expression_attribute_values(Some(values))
            .consistent_read(self.is_consistent)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| fault(operation, &error))?);
        }
        Ok(items)
    }

    /// Some items of a partition, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        operation: &'static str,
        page: Page<'_>,
    ) -> Result<Vec<Item>, StoreError> {
        Ok(self.turn(operation, page, true).await?.0)
    }

    /// The same from the end of the partition, the last key first; true where there may be more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_back(
        &self,
        operation: &'static str,
        page: Page<'_>,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        self.turn(operation, page, false).await
    }

    async fn turn(
        &self,
        operation: &'static str,
        page: Page<'_>,
        is_forward: bool,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.name)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(page.partition))
            .set_projection_expression(page.only.map(str::to_owned))
            // A role that may read some attributes only is asked for it by name.
            .set_select(page.only.map(|_| Select::SpecificAttributes))
            .set_exclusive_start_key(page.after.as_ref().map(Key::item))
            .consistent_read(self.is_consistent)
            .scan_index_forward(is_forward)
            .limit(page.limit)
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key.is_some()))
    }

    /// The first items of a partition from a sort key on, which need not be there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_from(
        &self,
        operation: &'static str,
        (partition, from): (&str, &str),
        limit: i32,
    ) -> Result<Vec<Item>, StoreError> {
        let found = self
            .dynamo
            .query()
            .table_name(&self.name)
            .key_condition_expression("p = :p AND k >= :k")
            .expression_attribute_values(":p", string(partition))
            .expression_attribute_values(":k", string(from))
            .consistent_read(self.is_consistent)
            .limit(limit)
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(found.items.unwrap_or_default())
    }

    /// Puts an item, whatever is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, operation: &'static str, item: Item) -> Result<(), StoreError> {
        self.dynamo
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(())
    }

    /// Deletes an item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn delete(
        &self,
        operation: &'static str,
        key: impl Into<Item>,
    ) -> Result<(), StoreError> {
        self.dynamo
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.into()))
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(())
    }

    /// Changes an item; false when the condition does not hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update(
        &self,
        operation: &'static str,
        change: Change<'_>,
    ) -> Result<bool, StoreError> {
        Ok(self.send(operation, change, None).await?.is_some())
    }

    /// Changes an item and gives the attributes that it changed; nothing when the condition does not
    /// hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_and_read(
        &self,
        operation: &'static str,
        change: Change<'_>,
    ) -> Result<Option<Item>, StoreError> {
        let changed = self.send(operation, change, Some(ReturnValue::UpdatedNew)).await?;
        Ok(changed.map(|changed| changed.attributes.unwrap_or_default()))
    }

    /// Changes an item, again while a transaction upon it is under way: on AWS such an update is
    /// refused.
    async fn send(
        &self,
        operation: &'static str,
        change: Change<'_>,
        wanted: Option<ReturnValue>,
    ) -> Result<Option<UpdateItemOutput>, StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.name)
            .set_key(Some(change.key.item()))
            .update_expression(change.change)
            .set_condition_expression(change.condition.map(str::to_owned))
            .set_expression_attribute_values(named(change.values))
            .set_return_values(wanted);
        let mut tries = 1;
        loop {
            let error = match update.clone().send().await {
                Ok(changed) => return Ok(Some(changed)),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(None),
                Some(UpdateItemError::TransactionConflictException(_)) if tries < TRIES => {
                    tries += 1;
                }
                _ => return Err(fault(operation, &error)),
            }
        }
    }
}
