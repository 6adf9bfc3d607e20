//! The change of a key that is compromised: another one takes its place in one transaction, together with
//! what is published of it and the event that tells of it. So a change is there whole or not at all.
//!
//! The key keeps its name, its row and its encryption context. The row says in `t` when it was changed.
//!
//! A site's keys wrap or index what is stored, so the old one stays beside the new one until a pass of the
//! sweep has brought everything under the new one. Ledger item: `p` = `sweep`, `k` = `rewrap`, `t` the time of
//! the change, `u` and `c` the row of the keys table behind which the pass goes on.

use super::attributes::{
    Item, binary, corrupt, in_table, number, read_number, string, take_string,
};
use super::branch_row::BranchRow;
use super::key_row::{Guarded, KeyRow};
use super::keyring::{Held, LIFETIME_MS};
use super::lead::email_index;
use super::settings::{Settings, credential_seed, visitor_seed};
use super::stack::{Stack, list_item};
use super::table::key;
use super::write::{Transaction, Write, Written, put, put_if};
use super::{Store, StoreError, fault};
use seal::BranchKey;
use seal::place::{BranchName, Purpose, STACK};
use seal::sign::Signer;
use values::clock::UnixMillis;
use values::policy::RetentionPolicy;
use values::secret::Secret;
use values::site::Site;

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Another key is in force.
    Now,
    /// Nothing was done: it was changed some minutes ago or by somebody else at the same time, or there is
    /// no such key yet.
    Nothing,
}

impl Settings {
    /// Puts another key in the place of the one of visitors' tokens, unseen. Every visitor's token ends,
    /// in each function within the 300 seconds for which it keeps the key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_visitor_key(
        &self,
        stack: &Stack,
        event: Write,
    ) -> Result<Changed, StoreError> {
        self.change_seed("change_visitor_key", visitor_seed(), stack, event).await
    }

    /// Puts another key in the place of the one of the staff's passwords, factors and sessions, unseen. What
    /// is stored under the old one opens no more, in each function within the 300 seconds for which it
    /// keeps the key: every account ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_credential_key(
        &self,
        stack: &Stack,
        event: Write,
    ) -> Result<Changed, StoreError> {
        self.change_seed("change_credential_key", credential_seed(), stack, event).await
    }

    /// Puts another key in the place of one that nothing is published of.
    async fn change_seed(
        &self,
        operation: &'static str,
        name: BranchName,
        stack: &Stack,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let old = stack.row(&name)?.ok_or(StoreError::KeysMissing)?;
        let now_ms = self.clock.now_ms();
        if old.is_recent(now_ms) {
            return Ok(Changed::Nothing);
        }
        let blob = self.keyring.generate_unseen(&name).await?;
        let writes = Transaction::new(self.dynamo.clone())
            .and(self.replacement(&name, old, &BranchRow::changed(blob, now_ms))?)
            .and(event);
        self.commit_change(operation, writes, &[name]).await
    }

    /// Publishes a list of keys that were made for it, and withdraws all that were made up to
    /// `withdrawn_ms`, in one transaction with the event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_transport_keys(
        &self,
        stack: &Stack,
        (jws, root): (String, &[u8]),
        withdrawn_ms: UnixMillis,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let old = stack.key_list.as_ref().ok_or(StoreError::KeysMissing)?;
        let list = list_item(stack, jws, root, Some(withdrawn_ms));
        let writes = Transaction::new(self.dynamo.clone())
            .and(put_if(&self.table, list, "j = :j", [(":j", string(&*old.jws))])?)
            .and(event);
        self.commit_change("withdraw_transport_keys", writes, &[]).await
    }

    /// The root key that is to follow, if one is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_root(&self, stack: &Stack) -> Result<Option<Signer>, StoreError> {
        let name = root_name();
        let Some(next) = stack.row(&name)?.and_then(|row| row.next.clone()) else {
            return Ok(None);
        };
        let held = self.keyring.unwrap(&name, next).await?;
        Ok(Some(Signer::derive(&held.key)?))
    }

    /// Makes the root key that is to follow, beside the one in force.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when somebody else has changed the row meanwhile.
    pub async fn make_next_root(&self, stack: &Stack, event: Write) -> Result<Signer, StoreError> {
        let name = root_name();
        let old = stack.row(&name)?.ok_or(StoreError::KeysMissing)?;
        let made = self.keyring.generate(&name).await?;
        let signer = Signer::derive(&made.key)?;
        let row = BranchRow { next: Some(made.blob), ..old.clone() };
        Transaction::new(self.dynamo.clone())
            .and(self.replacement(&name, old, &row)?)
            .and(event)
            .commit_or_fail("make_next_root")
            .await?;
        Ok(signer)
    }

    /// Puts the root key that is to follow in force, with the list that it has signed, in one
    /// transaction with the event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_root(
        &self,
        stack: &Stack,
        (jws, root): (String, &[u8]),
        event: Write,
    ) -> Result<Changed, StoreError> {
        let name = root_name();
        let old = stack.row(&name)?.ok_or(StoreError::KeysMissing)?;
        let next = old.next.clone().ok_or(StoreError::KeysMissing)?;
        let withdrawn_ms = stack.key_list.as_ref().and_then(|list| list.withdrawn_ms);
        let list = list_item(stack, jws, root, withdrawn_ms);
        let writes = Transaction::new(self.dynamo.clone())
            .and(self.replacement(&name, old, &BranchRow::changed(next, self.clock.now_ms()))?)
            .and(put(&self.table, list)?)
            .and(event);
        self.commit_change("change_root", writes, &[name]).await
    }

    /// The write that puts a row in the place of one that was read, if that is still there.
    pub(super) fn replacement(
        &self,
        name: &BranchName,
        old: &BranchRow,
        new: &BranchRow,
    ) -> Result<Write, StoreError> {
        let unchanged = [(":w", binary(&*old.blob))];
        put_if(&self.table, new.to_item(name), "w = :w", unchanged)
    }

    /// Commits a change, and forgets the keys that it may have replaced.
    pub(super) async fn commit_change(
        &self,
        operation: &'static str,
        writes: Transaction,
        names: &[BranchName],
    ) -> Result<Changed, StoreError> {
        let written = writes.commit_patiently(operation).await;
        for name in names {
            self.keyring.forget(name);
        }
        Ok(match written? {
            Written::Whole => Changed::Now,
            Written::Refused(_) => Changed::Nothing,
        })
    }
}

/// The name of the seed of the key that signs the list.
fn root_name() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "root")
}

/// How long a function may go on with a key that was replaced, and a request with what it has read.
const SETTLED_MS: UnixMillis = LIFETIME_MS + 60_000;

/// The kinds of a site's keys that are changed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKeys {
    /// The key of the blind index of addresses.
    Index,
    /// The keys of all months under which the keys of conversations and contacts are.
    Branches,
}

/// The keys of a site that something may still be under.
pub struct Replaced {
    rows: Vec<(BranchName, BranchRow)>,
}

impl Replaced {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When the last of them was replaced.
    #[must_use]
    pub fn changed_ms(&self) -> UnixMillis {
        self.rows.iter().filter_map(|(_, row)| row.changed_ms).max().unwrap_or_default()
    }

    /// Whether nothing is put under any of them any more.
    #[must_use]
    pub fn are_settled(&self, now_ms: UnixMillis) -> bool {
        self.changed_ms() + SETTLED_MS <= now_ms
    }

    fn has(&self, name: &BranchName) -> bool {
        self.rows.iter().any(|(replaced, _)| replaced == name)
    }
}

impl Settings {
    /// Puts other keys in the place of a site's keys of these kinds, unseen, in one transaction with the
    /// event. What is under the old ones stays readable until it is brought under the new ones. While a change
    /// is not at its end there is no second one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_site_keys(
        &self,
        site: &Site,
        kinds: SiteKeys,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let now_ms = self.clock.now_ms();
        let rows = self.site_keys(site, kinds).await?;
        let is_under_way =
            rows.iter().any(|(_, row)| row.before.is_some() || row.is_recent(now_ms));
        if rows.is_empty() || is_under_way {
            return Ok(Changed::Nothing);
        }
        let mut writes = Transaction::new(self.dynamo.clone());
        for (name, old) in &rows {
            let blob = self.keyring.generate_unseen(name).await?;
            let row =
                BranchRow { before: Some(old.blob.clone()), ..BranchRow::changed(blob, now_ms) };
            writes.push(self.replacement(name, old, &row)?);
        }
        let names: Vec<_> = rows.into_iter().map(|(name, _)| name).collect();
        self.commit_change("change_site_keys", writes.and(event), &names).await
    }

    /// The keys of a site under whose predecessors something may still be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replaced_keys(&self, site: &Site) -> Result<Replaced, StoreError> {
        let mut rows = self.site_keys(site, SiteKeys::Index).await?;
        rows.extend(self.site_keys(site, SiteKeys::Branches).await?);
        rows.retain(|(_, row)| row.before.is_some());
        Ok(Replaced { rows })
    }

    /// Destroys the predecessors: nothing is under them any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_replaced_keys(
        &self,
        replaced: &Replaced,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let mut writes = Transaction::new(self.dynamo.clone());
        for (name, row) in &replaced.rows {
            let alone = BranchRow { before: None, ..row.clone() };
            writes.push(self.replacement(name, row, &alone)?);
        }
        let names: Vec<_> = replaced.rows.iter().map(|(name, _)| name.clone()).collect();
        self.commit_change("end_replaced_keys", writes.and(event), &names).await
    }

    async fn site_keys(
        &self,
        site: &Site,
        kinds: SiteKeys,
    ) -> Result<Vec<(BranchName, BranchRow)>, StoreError> {
        let purposes: &[Purpose] = match kinds {
            SiteKeys::Index => &[Purpose::Index],
            SiteKeys::Branches => &[Purpose::Transcript, Purpose::Profile],
        };
        let mut rows = Vec::new();
        for purpose in purposes {
            let prefix = format!("branch#{}#", purpose.as_str());
            let found = self
                .dynamo
                .query()
                .table_name(&self.table)
                .key_condition_expression("p = :p AND begins_with(k, :k)")
                .expression_attribute_values(":p", string(site.id))
                .expression_attribute_values(":k", string(&*prefix))
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| fault("find_site_keys", &error))?;
            for mut item in found.items.unwrap_or_default() {
                let key = take_string(&mut item, "k").map_err(in_table("settings"))?;
                let branch = key.strip_prefix(&prefix).unwrap_or_default();
                let name = BranchName::new(site.id, *purpose, branch);
                // Of the indexes only the one of addresses can be made anew: customers' names are not stored.
                if kinds == SiteKeys::Branches || name == email_index(site) {
                    let row = BranchRow::from_item(item).map_err(in_table("settings"))?;
                    rows.push((name, row));
                }
            }
        }
        Ok(rows)
    }
}

impl Store {
    /// Opens the key of a row under the branch key of its name, or under the one that this has replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn open_key_row(&self, row: &KeyRow) -> Result<Option<Secret>, StoreError> {
        row.open(&self.key_that_opens(row).await?)
    }

    /// The branch key that a row is under. The one in memory may have been replaced.
    pub(super) async fn key_that_opens(&self, row: &KeyRow) -> Result<BranchKey, StoreError> {
        let opening = |held: &Held| held.keys().find(|key| row.open(key).is_ok()).cloned();
        let name = row.branch();
        let known = self.settings.branch_keys(&name).await?;
        if let Some(key) = opening(&known) {
            return Ok(key);
        }
        let present = self.settings.present_branch_keys(&name).await?;
        opening(&present).ok_or(corrupt("w").in_table("keys"))
    }

    /// Brings what a row guards under the present keys, where those of `replaced` were in use; false when it
    /// has changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn follow_key_change(
        &self,
        row: &KeyRow,
        replaced: &Replaced,
        policy: &RetentionPolicy,
    ) -> Result<bool, StoreError> {
        if row.is_destroyed() {
            return Ok(true);
        }
        if replaced.has(&row.branch()) {
            let held = self.settings.branch_keys(&row.branch()).await?;
            if row.open(&held.key).is_err() {
                let anew = row.under(&self.key_that_opens(row).await?, &held.key)?;
                let write = self.replaced(row, anew.to_item(row.end_ms(policy)), "w = :w")?;
                return Ok(self.transaction().and(write).commit("rewrap").await?.is_whole());
            }
        }
        if matches!(row.guarded, Guarded::Profile { .. }) && replaced.has(&email_index(row.site)) {
            return self.index_lead_anew(row).await;
        }
        Ok(true)
    }

    /// How far the pass has come that follows the change of that time; from the beginning, if another
    /// change was followed until now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_change_progress(
        &self,
        changed_ms: UnixMillis,
    ) -> Result<Option<Item>, StoreError> {
        let found = self.ledger_table.get("find_rewrap", key(SWEEP, REWRAP)).await?;
        let Some(mut item) = found else { return Ok(None) };
        if read_number::<UnixMillis>(&item, "t").map_err(in_table("ledger"))? != changed_ms {
            return Ok(None);
        }
        item.retain(|name, _| ["u", "c"].contains(&name.as_str()));
        Ok(Some(item).filter(|item| !item.is_empty()))
    }

    /// Stores how far it has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_key_change_progress(
        &self,
        changed_ms: UnixMillis,
        after: Option<Item>,
    ) -> Result<(), StoreError> {
        let mut item = key(SWEEP, REWRAP);
        item.insert("t".to_owned(), number(changed_ms));
        item.extend(after.unwrap_or_default());
        self.ledger_table.put("put_rewrap", item).await
    }
}

const SWEEP: &str = "sweep";
const REWRAP: &str = "rewrap";
