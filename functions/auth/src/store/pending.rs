//! A password that somebody has chosen with a link, before they have shown the second factor that
//! stayed. It is nobody's password yet: the gate makes it the account's, in the transaction that lets
//! them in. `p` = `invitation#<hash of the secret>`, beside the invitation; `k` = `pending#<random>`, `h`
//! the hash, sealed for this row and this person, `expires_at`. Each acceptance has a row of its own, so
//! another holder of the link changes nothing for the person who finishes.

use shared::access::staff::MFA_SECONDS;
use shared::random;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, binary, corrupt, expiry, in_table, read_number, take_binary, take_string,
};
use shared::store::write::{THERE, Write, delete_if, put};
use shared::values::encoding::base64url;

use super::Store;
use super::account::Account;
use super::invitation::{self, Invitation, Name, Purpose};
use crate::credential::password::StoredHash;
use crate::keys::{Keys, owner_with};
use shared::store::table::Key;

const PENDING: &str = "pending#";

/// A password that waits for the second factor, and the invitation that it was chosen with.
pub struct Pending {
    /// The hash.
    pub hash: StoredHash,
    /// The invitation.
    pub invitation: Invitation,
    name: Name,
    sort: String,
}

impl Store {
    /// Keeps a password for the five minutes that its owner has to show the second factor; gives the
    /// name by which it is found. Nothing when the account or the invitation has changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_pending(
        &self,
        keys: &Keys,
        (name, account): (&Name, &Account),
        hash: &StoredHash,
    ) -> Result<Option<String>, StoreError> {
        let random = base64url(&random::bytes::<16>()?);
        let sort = format!("{PENDING}{random}");
        let owner = owner_with(account.id, &[name.as_str().as_bytes(), sort.as_bytes()]);
        let content = Plaintext::new(hash.to_stored().into_bytes());
        let mut row = Key::new(name.partition(), &*sort).item();
        row.insert("h".to_owned(), binary(keys.seal(PENDING, &owner, &content)?));
        let ends_ms = self.clock.now_ms() + MFA_SECONDS * 1000;
        row.insert(EXPIRES_AT.to_owned(), expiry(ends_ms));
        let writes = self
            .transaction()
            .and(self.unchanged(account)?)
            .and(self.invitation_is_there(name)?)
            .and(put(&self.identity, row)?);
        let written = writes.commit_patiently("put_pending").await?;
        Ok(written.is_whole().then(|| format!("{}.{random}", name.as_str())))
    }

    /// The password of that name, if its invitation is good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self, keys: &Keys, name: &str) -> Result<Option<Pending>, StoreError> {
        self.read_pending(keys, name).await.map_err(in_table("identity"))
    }

    async fn read_pending(&self, keys: &Keys, name: &str) -> Result<Option<Pending>, StoreError> {
        let Some((name, random)) = name.split_once('.') else { return Ok(None) };
        let (name, sort) = (Name::stored(name), format!("{PENDING}{random}"));
        let found = self.identity.query("find_pending", &name.partition()).await?;
        let (mut invitation, mut sealed) = (None, None);
        for mut row in found {
            let kind = take_string(&mut row, "k")?;
            if kind == invitation::INVITATION {
                invitation = Some(invitation::read(keys, &name, row)?);
            } else if kind == sort {
                sealed = Some((read_number::<i64>(&row, EXPIRES_AT)?, take_binary(&mut row, "h")?));
            }
        }
        let now_ms = self.clock.now_ms();
        let good = invitation.filter(|invitation| {
            matches!(invitation.purpose, Purpose::Password { .. }) && now_ms < invitation.ends_at_ms
        });
        let Some((invitation, (ends_at, sealed))) = good.zip(sealed) else { return Ok(None) };
        if ends_at.saturating_mul(1000) <= now_ms {
            return Ok(None);
        }
        let owner = owner_with(invitation.staff, &[name.as_str().as_bytes(), sort.as_bytes()]);
        let content = keys.open(PENDING, &owner, sealed)?;
        let hash = content.reveal_text().and_then(StoredHash::from_stored);
        let hash = hash.ok_or(corrupt("h"))?;
        Ok(Some(Pending { hash, invitation, name, sort }))
    }

    /// Uses the password and its invitation up.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_pending(&self, pending: &Pending) -> Result<Vec<Write>, StoreError> {
        let mut writes = self.spend_invitation(&pending.name, &pending.invitation)?;
        let row = Key::new(pending.name.partition(), &*pending.sort);
        writes.push(delete_if(&self.identity, &row, THERE, [])?);
        Ok(writes)
    }
}
