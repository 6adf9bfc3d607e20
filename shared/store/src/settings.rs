//! The settings table: wrapped branch keys, and what belongs to the whole stack.
//!
//! Items: `p` the site or `*`, `k` what it is. Branch keys: `k` = `branch#<purpose>#<branch>`, `w`
//! the KMS blob.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{Item, binary, corrupt, in_table, string, take_binary};
use super::branch_row::{BranchRow, sort_key};
use super::keyring::{Held, Keyring};
use super::schema::Noun;
use super::table::Table;
use super::{StoreError, fault};
use seal::BranchKey;
use seal::place::{BranchName, Purpose, STACK};
use values::clock::Clock;
use values::policy::RetentionPolicy;

/// The settings table, the transport keys' table, and the keyring that opens what they hold.
pub struct Settings {
    pub(super) dynamo: Client,
    pub(super) table: String,
    pub(super) transport_table: String,
    pub(super) clock: Clock,
    /// The policies that were read last, by site.
    pub(super) policies: Mutex<HashMap<&'static str, RetentionPolicy>>,
    pub(super) keyring: Keyring,
}

impl Settings {
    /// The settings of a deployment, in the table of settings and in that of transport keys.
    #[must_use]
    pub fn new(
        dynamo: Client,
        (table, transport_table): (String, String),
        keyring: Keyring,
        clock: Clock,
    ) -> Self {
        Self { dynamo, table, transport_table, clock, policies: Mutex::default(), keyring }
    }

    /// The branch key of that name; makes it when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn branch_key(&self, name: &BranchName) -> Result<BranchKey, StoreError> {
        Ok(self.keyring.cached(name, async || self.find_or_make(name).await).await?.key)
    }

    /// The branch key of that name, which must exist: what it wrapped is stored.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is none.
    pub async fn existing_branch_key(&self, name: &BranchName) -> Result<BranchKey, StoreError> {
        Ok(self.branch_keys(name).await?.key)
    }

    /// The same, with the key that it has replaced, while something may still be under that.
    ///
    /// # Errors
    /// As [`Settings::existing_branch_key`].
    pub async fn branch_keys(&self, name: &BranchName) -> Result<Held, StoreError> {
        let missing = corrupt("w").in_table("settings");
        self.keyring.cached(name, async || self.find(name, missing).await).await
    }

    /// The same as they are stored now: what is in memory may have been replaced.
    ///
    /// # Errors
    /// As [`Settings::existing_branch_key`].
    pub async fn present_branch_keys(&self, name: &BranchName) -> Result<Held, StoreError> {
        self.keyring.forget(name);
        self.branch_keys(name).await
    }

    /// The branch key of that name, made when there is none, and the one that it has replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn branch_keys_or_new(&self, name: &BranchName) -> Result<Held, StoreError> {
        self.keyring.cached(name, async || self.find_or_make(name).await).await
    }

    /// The seed of the keys of the staff's sign-in; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn credential_seed(&self) -> Result<BranchKey, StoreError> {
        self.made_by_rotation(&credential_seed()).await
    }

    /// A branch key that the rotation makes.
    pub(super) async fn made_by_rotation(
        &self,
        name: &BranchName,
    ) -> Result<BranchKey, StoreError> {
        let missing = StoreError::KeysMissing;
        Ok(self.keyring.cached(name, async || self.find(name, missing).await).await?.key)
    }

    async fn find(&self, name: &BranchName, missing: StoreError) -> Result<Held, StoreError> {
        let row = self.find_row(name).await?.ok_or(missing)?;
        self.keyring.unwrap_row(name, &row).await.map_err(in_table("settings"))
    }

    /// Where transport keys of a shape are.
    pub(super) fn transport_table(&self, shape: u8) -> &str {
        if shape == 1 { &self.table } else { &self.transport_table }
    }

    /// The stack's rows whose sort key begins with `prefix`, of a table that has a partition for it.
    pub(super) async fn rows(
        &self,
        table: &str,
        prefix: &str,
        operation: &'static str,
    ) -> Result<Vec<Item>, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(table)
            .key_condition_expression("p = :p AND begins_with(k, :k)")
            .expression_attribute_values(":p", string(STACK))
            .expression_attribute_values(":k", string(prefix))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while let Some(item) = pages.next().await {
            rows.push(item.map_err(|error| fault(operation, &error))?);
        }
        Ok(rows)
    }

    /// The table, to be asked for whole partitions.
    pub(super) fn handle(&self) -> Table {
        Table::new(self.dynamo.clone(), self.table.clone())
    }

    async fn find_or_make(&self, name: &BranchName) -> Result<Held, StoreError> {
        if let Some(row) = self.find_row(name).await? {
            return self.keyring.unwrap_row(name, &row).await.map_err(in_table("settings"));
        }
        let made = self.keyring.generate(name).await?;
        match self.put_blob(name, &made.blob).await? {
            Some(theirs) => self.keyring.unwrap(name, theirs).await.map_err(in_table("settings")),
            None => Ok(made),
        }
    }

    /// Stores the blob of a new branch key; gives the one that another function stored before.
    pub(super) async fn put_blob(
        &self,
        name: &BranchName,
        blob: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .item("p", string(&name.site))
            .item("k", string(sort_key(name)))
            .item("w", binary(blob))
            .condition_expression("attribute_not_exists(p)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(None) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let there = failed.item.clone().ok_or(StoreError::Failed)?;
                // Our own write, repeated after its answer was lost, is in its own way.
                Ok(Some(take_blob(there)?).filter(|stored| stored != blob))
            }
            _ => Err(fault("put_branch_key", &error)),
        }
    }

    async fn find_row(&self, name: &BranchName) -> Result<Option<BranchRow>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.table)
            .key("p", string(&name.site))
            .key("k", string(sort_key(name)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_branch_key", &error))?;
        found.item.map(BranchRow::from_item).transpose().map_err(in_table("settings"))
    }
}

/// The name of the seed of the visitors' signing key.
pub(super) fn visitor_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "visitor")
}

/// The name of the seed of the keys of the staff's sign-in.
pub(super) fn credential_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Credential, "staff")
}

/// The name of the seed of the codes over rows.
pub(super) fn evidence_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Evidence, "rows")
}

/// The name of the seed of the codes over security events.
pub(super) fn events_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Evidence, "events")
}

/// A blob, out of its item.
fn take_blob(mut item: Item) -> Result<Vec<u8>, StoreError> {
    Noun::BranchKey.shape_of(&item)?;
    take_binary(&mut item, "w").map_err(in_table("settings"))
}
