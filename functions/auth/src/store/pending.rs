//! A password that somebody has chosen with a link, before they have shown the second factor that
//! stayed. It is nobody's password yet: the gate makes it the account's, in the transaction that lets
//! them in. `p` = `invitation#<hash of the secret>`, beside the invitation; `k` = `pending#<random>`, `h`
//! the hash, sealed for this row and this person, `expires_at`. Each acceptance has a row of its own, so
//! whoever else has the link changes nothing for the person who finishes.

use aws_sdk_dynamodb::types::TransactWriteItem;
use shared::access::staff::MFA_SECONDS;
use shared::random;
use shared::secret::Plaintext;
use shared::store::attributes::{
    EXPIRES_AT, binary, expiry, read_number, string, take_binary, take_string,
};
use shared::store::{StoreError, fault};
use shared::values::encoding::base64url;

use super::invitation::{self, Invitation, Name, Purpose};
use super::person::Account;
use super::write::{self, Key};
use super::{Store, Written};
use crate::credential::password::StoredHash;
use crate::keys::{Keys, owner_with};

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
        let writes = vec![
            self.unchanged(account)?,
            self.invitation_is_there(name)?,
            write::put(&self.identity, row, None)?,
        ];
        let written = self.write("put_pending", writes).await?;
        Ok((written == Written::Whole).then(|| format!("{}.{random}", name.as_str())))
    }

    /// The password of that name, if its invitation is good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self, keys: &Keys, name: &str) -> Result<Option<Pending>, StoreError> {
        let Some((name, random)) = name.split_once('.') else { return Ok(None) };
        let (name, sort) = (Name::stored(name), format!("{PENDING}{random}"));
        let found = self
            .dynamo
            .query()
            .table_name(&self.identity)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(name.partition()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| fault("find_pending", &error))?;
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
        let hash = hash.ok_or(StoreError::Corrupt)?;
        Ok(Some(Pending { hash, invitation, name, sort }))
    }

    /// Uses the password and its invitation up.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_pending(&self, pending: &Pending) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut writes = self.spend_invitation(&pending.name, &pending.invitation)?;
        let row = Key::new(pending.name.partition(), &*pending.sort);
        writes.push(write::delete(&self.identity, &row, Some("attribute_exists(p)"))?);
        Ok(writes)
    }
}
