//! The settings table: wrapped branch keys, and what belongs to the whole stack.
//!
//! Items: `p` the site or `*`, `k` what it is. Branch keys: `k` = `branch#<purpose>#<branch>`, `w`
//! the KMS blob.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{Item, binary, string, take_binary, take_string};
use super::keyring::Keyring;
use super::policy::StoredPolicy;
use super::schema::Noun;
use super::stack::Stack;
use super::{StoreError, fault};
use seal::BranchKey;
use seal::place::{BranchName, Purpose, STACK};
use values::clock::{self, Clock};
use values::config::Backend;
use values::policy::{DAY_MS, RetentionPolicy};
use values::site::Site;

/// Days that a branch key is kept beyond the last end of what it wraps: what was released from a hold
/// has seven, and a sweep that was down for a day shall find it.
pub const RETIRED_AFTER_DAYS: i64 = 9;

/// The settings table, the transport keys' table, and the keyring that opens what they hold.
pub struct Settings {
    pub(super) dynamo: Client,
    pub(super) table: String,
    pub(super) transport_table: String,
    pub(super) clock: Clock,
    /// The policies that were read last, by site.
    pub(super) policies: Mutex<HashMap<&'static str, RetentionPolicy>>,
    keyring: Keyring,
}

impl Settings {
    /// The settings of a deployment.
    #[must_use]
    pub fn new(dynamo: Client, backend: &Backend, keyring: Keyring, clock: Clock) -> Self {
        let (table, transport_table) =
            (backend.settings_table.clone(), backend.transport_table.clone());
        Self { dynamo, table, transport_table, clock, policies: Mutex::default(), keyring }
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

    /// A branch key of the stack, from what was read of it; makes it when there is none.
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
        match self.read_key(stack, &name).await? {
            Some(key) => Ok(key),
            None => self.branch_key(&name).await,
        }
    }

    /// The branch key of that name, if it is among what was read of the stack.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_key(
        &self,
        stack: &Stack,
        name: &BranchName,
    ) -> Result<Option<BranchKey>, StoreError> {
        let Some(blob) = stack.blob(name)? else { return Ok(None) };
        self.keyring
            .cached(name, async || Ok(self.keyring.unwrap(name, blob).await?))
            .await
            .map(Some)
    }

    /// What the visitors' signing key is derived from; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn visitor_seed(&self, stack: &Stack) -> Result<BranchKey, StoreError> {
        self.read_key(stack, &visitor_seed()).await?.ok_or(StoreError::KeysMissing)
    }

    /// Makes what the visitors' signing key is derived from, and what the staff's sign-in is, if
    /// there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_seeds(&self, stack: &Stack) -> Result<(), StoreError> {
        for name in [visitor_seed(), credential_seed()] {
            if stack.blob(&name)?.is_none() {
                let blob = self.keyring.generate_unseen(&name).await?;
                self.put_blob(&name, &blob).await?;
            }
        }
        Ok(())
    }

    /// What the keys of the staff's sign-in are derived from; the rotation has made it.
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
        self.keyring
            .cached(name, async || {
                let blob = self.find_blob(name).await?.ok_or(StoreError::KeysMissing)?;
                Ok(self.keyring.unwrap(name, blob).await?)
            })
            .await
    }

    /// Deletes the branch keys of a site's months whose conversations and contacts are all gone, unless
    /// one of them is in use, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retire_branches(
        &self,
        site: &Site,
        policy: &StoredPolicy,
        in_use: &[BranchName],
    ) -> Result<usize, StoreError> {
        let mut retired = 0;
        let kinds = [
            (Purpose::Transcript, policy.longest_transcript_days),
            (Purpose::Profile, policy.longest_lead_days),
        ];
        for (purpose, longest_days) in kinds {
            let prefix = format!("branch#{}#", purpose.as_str());
            let last_ms =
                self.clock.now_ms() - (i64::from(longest_days) + RETIRED_AFTER_DAYS) * DAY_MS;
            // What is of this month or later may still wrap something.
            let least = format!("{prefix}{}", clock::month(last_ms));
            let found = self
                .dynamo
                .query()
                .table_name(&self.table)
                .key_condition_expression("p = :p AND k BETWEEN :first AND :least")
                .expression_attribute_values(":p", string(site.id))
                .expression_attribute_values(":first", string(&*prefix))
                .expression_attribute_values(":least", string(&*least))
                .projection_expression("k")
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| fault("find_old_branch_keys", &error))?;
            for mut item in found.items.unwrap_or_default() {
                let key = take_string(&mut item, "k")?;
                if key == least || in_use.iter().any(|name| sort_key(name) == key) {
                    continue;
                }
                self.dynamo
                    .delete_item()
                    .table_name(&self.table)
                    .key("p", string(site.id))
                    .key("k", string(key))
                    .send()
                    .await
                    .map_err(|error| fault("retire_branch_key", &error))?;
                retired += 1;
            }
        }
        Ok(retired)
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
                let there = failed.item.clone().ok_or(StoreError::Failed)?;
                // Our own write, repeated after its answer was lost, is in its own way.
                Ok(Some(take_blob(there)?).filter(|stored| stored != blob))
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
        found.item.map(take_blob).transpose()
    }
}

/// What the visitors' signing key is derived from.
pub(super) fn visitor_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "visitor")
}

/// What the keys of the staff's sign-in are derived from.
fn credential_seed() -> BranchName {
    BranchName::new(STACK, Purpose::Credential, "staff")
}

/// A blob, out of its item.
fn take_blob(mut item: Item) -> Result<Vec<u8>, StoreError> {
    Noun::BranchKey.shape_of(&item)?;
    take_binary(&mut item, "w")
}

/// The sort key of a branch key.
pub(super) fn sort_key(name: &BranchName) -> String {
    format!("branch#{}#{}", name.purpose.as_str(), name.branch)
}
