//! Reading and writing items of the table `ledger`, whatever they are: erasures, receipts, holds, cases,
//! what is left to do.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{Item, string};
use super::{Store, StoreError, fault};

/// The key of an item.
pub(super) fn key(partition: impl Into<String>, sort: impl Into<String>) -> Item {
    Item::from([("p".to_owned(), string(partition)), ("k".to_owned(), string(sort))])
}

impl Store {
    /// The item of that key.
    pub(super) async fn ledger_item(
        &self,
        operation: &'static str,
        key: Item,
    ) -> Result<Option<Item>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.ledger_table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(found.item)
    }

    /// All items of a partition, or those that a filter with these values lets through.
    pub(super) async fn ledger_items(
        &self,
        operation: &'static str,
        partition: &str,
        filter: Option<(&str, HashMap<String, AttributeValue>)>,
    ) -> Result<Vec<Item>, StoreError> {
        let (filter, mut values) = filter.unzip();
        let values = values.get_or_insert_default();
        values.insert(":p".to_owned(), string(partition));
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.ledger_table)
            .key_condition_expression("p = :p")
            .set_filter_expression(filter.map(str::to_owned))
            .set_expression_attribute_values(Some(values.clone()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| fault(operation, &error))?);
        }
        Ok(items)
    }

    /// Puts an item, whatever is there.
    pub(super) async fn put_ledger_item(
        &self,
        operation: &'static str,
        item: Item,
    ) -> Result<(), StoreError> {
        self.dynamo
            .put_item()
            .table_name(&self.ledger_table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(())
    }

    /// Deletes an item.
    pub(super) async fn delete_ledger_item(
        &self,
        operation: &'static str,
        key: Item,
    ) -> Result<(), StoreError> {
        self.dynamo
            .delete_item()
            .table_name(&self.ledger_table)
            .set_key(Some(key))
            .send()
            .await
            .map_err(|error| fault(operation, &error))?;
        Ok(())
    }
}
