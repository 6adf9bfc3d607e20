//! The change of a key that is compromised: another one takes its place in one transaction, together with
//! what is published of it and the event that tells of it. So a change is there whole or not at all.
//!
//! The key keeps its name, its row and its encryption context. The row says in `t` when it was changed.

use super::StoreError;
use super::attributes::{Item, binary, string};
use super::settings::{Settings, sort_key, visitor_seed};
use super::stack::{BranchRow, Stack, list_item};
use super::write::{Transaction, Write, Written, put, put_if};
use seal::place::{BranchName, Purpose, STACK};
use seal::sign::Signer;
use values::clock::UnixMillis;

/// A key is not changed again so soon: a command that is repeated, because its answer was lost, changes
/// nothing more.
pub const RECENT_MS: UnixMillis = 10 * 60 * 1000;

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Another key is in force.
    Now,
    /// It was changed some minutes ago, or by somebody else at the same time; nothing was done.
    Recently,
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
        let name = visitor_seed();
        let old = stack.row(&name)?.ok_or(StoreError::KeysMissing)?;
        let now_ms = self.clock.now_ms();
        if is_recent(old, now_ms) {
            return Ok(Changed::Recently);
        }
        let blob = self.keyring.generate_unseen(&name).await?;
        let writes = Transaction::new(self.dynamo.clone())
            .and(self.replacement(&name, old, &changed(blob, now_ms))?)
            .and(event);
        self.commit_change("change_visitor_key", writes, &[name]).await
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
            .and(self.replacement(&name, old, &changed(next, self.clock.now_ms()))?)
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
            Written::Refused(_) => Changed::Recently,
        })
    }
}

/// The name of the seed of the key that signs the list.
fn root_name() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "root")
}

/// The row of a key that takes the place of another one.
pub(super) fn changed(blob: Vec<u8>, now_ms: UnixMillis) -> BranchRow {
    BranchRow { blob, changed_ms: Some(now_ms), ..BranchRow::default() }
}

/// Whether the key of a row was changed some minutes ago.
pub(super) fn is_recent(row: &BranchRow, now_ms: UnixMillis) -> bool {
    row.changed_ms.is_some_and(|at_ms| now_ms - at_ms < RECENT_MS)
}

/// The key of the row of a branch key.
pub(super) fn key_of(name: &BranchName) -> Item {
    Item::from([("p".to_owned(), string(&name.site)), ("k".to_owned(), string(sort_key(name)))])
}
