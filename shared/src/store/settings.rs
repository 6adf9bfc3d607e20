//! The settings table: wrapped branch keys, and what belongs to the whole stack.
//!
//! Items: `p` the site or `*`, `k` what it is. Branch keys: `k` = `branch#<purpose>#<branch>`, `w`
//! the KMS blob. The published key list: `k` = `key-list`, `j` the JWS, `r` the root's public key.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{Item, binary, string, take_binary, take_string};
use super::transport_key::{self, TransportKey};
use super::{StoreError, fault};
use crate::clock::Clock;
use crate::seal::keyring::{BranchKey, Keyring};
use crate::seal::place::{BranchName, Purpose, STACK};

const KEY_LIST: &str = "key-list";

/// The settings table and the keyring that opens its keys.
pub struct Settings {
    pub(super) dynamo: Client,
    pub(super) table: String,
    pub(super) clock: Clock,
    keyring: Keyring,
}

/// The published list of transport keys.
#[derive(Clone)]
pub struct KeyList {
    /// The signed list, a compact JWS.
    pub jws: String,
    /// The 32 bytes of the root's public key.
    pub root: Vec<u8>,
}

/// All that is stored for the whole stack, read in one go.
#[derive(Default)]
pub struct Stack {
    /// The published list, if one was made.
    pub key_list: Option<KeyList>,
    /// The transport keys that are not past their time.
    pub transport_keys: Vec<TransportKey>,
    branch_keys: HashMap<String, Vec<u8>>,
}

impl Settings {
    /// The settings of a deployment.
    #[must_use]
    pub fn new(dynamo: Client, table: String, keyring: Keyring, clock: Clock) -> Self {
        Self { dynamo, table, clock, keyring }
    }

    /// The branch key of that name; makes it when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn branch_key(&self, name: &BranchName) -> Result<BranchKey, StoreError> {
        self.keyring.cached(name, async || self.find_or_make(name).await).await
    }

    /// The branch key of that name, which must exist: what it wrapped is stored.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is none.
    pub async fn existing_branch_key(&self, name: &BranchName) -> Result<BranchKey, StoreError> {
        self.keyring
            .cached(name, async || {
                let blob = self.find_blob(name).await?.ok_or(StoreError::Corrupt)?;
                Ok(self.keyring.unwrap(name, blob).await?)
            })
            .await
    }

    /// A branch key of the stack, from what [`Settings::stack`] has read already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack_key(
        &self,
        stack: &Stack,
        purpose: Purpose,
        branch: &str,
    ) -> Result<BranchKey, StoreError> {
        let name = BranchName::new(STACK, purpose, branch);
        match stack.branch_keys.get(&sort_key(&name)) {
            Some(blob) => {
                self.keyring
                    .cached(&name, async || Ok(self.keyring.unwrap(&name, blob.clone()).await?))
                    .await
            }
            None => self.branch_key(&name).await,
        }
    }

    /// What the visitors' signing key is derived from; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] before the first rotation.
    pub async fn visitor_seed(&self, stack: &Stack) -> Result<BranchKey, StoreError> {
        let name = visitor_seed();
        let blob = stack.branch_keys.get(&sort_key(&name)).ok_or(StoreError::Unavailable)?;
        self.keyring
            .cached(&name, async || Ok(self.keyring.unwrap(&name, blob.clone()).await?))
            .await
    }

    /// Makes what the visitors' signing key is derived from, if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_visitor_seed(&self, stack: &Stack) -> Result<(), StoreError> {
        let name = visitor_seed();
        if !stack.branch_keys.contains_key(&sort_key(&name)) {
            let (_, blob) = self.keyring.generate(&name).await?;
            self.put_blob(&name, &blob).await?;
        }
        Ok(())
    }

    /// All that is stored for the whole stack.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack(&self) -> Result<Stack, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut stack = Stack::default();
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(STACK))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            stack.add(item.map_err(|error| fault("find_stack", &error))?, now_ms)?;
        }
        Ok(stack)
    }

    /// Publishes a list of transport keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_key_list(&self, list: KeyList) -> Result<(), StoreError> {
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .item("p", string(STACK))
            .item("k", string(KEY_LIST))
            .item("j", string(list.jws))
            .item("r", binary(list.root))
            .send()
            .await
            .map_err(|error| fault("put_key_list", &error))?;
        Ok(())
    }

    async fn find_or_make(&self, name: &BranchName) -> Result<BranchKey, StoreError> {
        if let Some(blob) = self.find_blob(name).await? {
            return Ok(self.keyring.unwrap(name, blob).await?);
        }
        let (key, blob) = self.keyring.generate(name).await?;
        match self.put_blob(name, &blob).await? {
            Some(theirs) => Ok(self.keyring.unwrap(name, theirs).await?),
            None => Ok(key),
        }
    }

    /// Stores the blob of a new branch key; gives the one that another function stored before.
    async fn put_blob(
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
                let mut there = failed.item.clone().ok_or(StoreError::Failed)?;
                // Our own write, repeated after its answer was lost, is in its own way.
                Ok(Some(take_binary(&mut there, "w")?).filter(|stored| stored != blob))
            }
            _ => Err(fault("put_branch_key", &error)),
        }
    }

    async fn find_blob(&self, name: &BranchName) -> Result<Option<Vec<u8>>, StoreError> {
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
        found.item.map(|mut item| take_binary(&mut item, "w")).transpose()
    }
}

impl Stack {
    fn add(&mut self, mut item: Item, now_ms: i64) -> Result<(), StoreError> {
        let kind = take_string(&mut item, "k")?;
        if kind.starts_with("branch#") {
            self.branch_keys.insert(kind, take_binary(&mut item, "w")?);
        } else if kind == KEY_LIST {
            let jws = take_string(&mut item, "j")?;
            self.key_list = Some(KeyList { jws, root: take_binary(&mut item, "r")? });
        } else if let Some(kid) = kind.strip_prefix(transport_key::PREFIX) {
            match TransportKey::from_item(kid, item) {
                Ok(key) if now_ms < key.not_after_ms => self.transport_keys.push(key),
                Ok(_) => {}
                Err(_) => tracing::error!(kid, "the row of a transport key is damaged"),
            }
        }
        Ok(())
    }
}

fn visitor_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "visitor")
}

fn sort_key(name: &BranchName) -> String {
    format!("branch#{}#{}", name.purpose.as_str(), name.branch)
}
