//! Second factors and recovery codes, in the partition of their owner ([`super::person`]).

use shared::clock::UnixMillis;
use shared::ids::StaffId;
use shared::seal::suite::hash;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, number, read_number, take_binary,
};
use shared::store::write::{THERE, Write, delete_if, put, put_if, update};
use shared::values::encoding::base64url;

use super::Store;
use super::account::key;
use crate::credential::passkey::{Sealable, StoredPasskey};
use crate::credential::totp::Secret20;
use crate::keys::{Keys, owner};
use shared::store::table::Key;

/// How many passkeys somebody may have.
pub const PASSKEYS: usize = 10;
/// How long a TOTP secret waits for the code that confirms it.
const UNCONFIRMED_MS: UnixMillis = 30 * 60 * 1000;

pub(super) const TOTP: &str = "totp";
pub(super) const PASSKEY: &str = "passkey#";
pub(super) const RECOVERY: &str = "recovery#";
/// Under which a passkey's name is sealed; no passkey's id is so short.
const NAME: &str = "name";

/// A TOTP secret that somebody has enrolled, or is about to.
pub struct Totp {
    /// The secret.
    pub secret: Secret20,
    /// Whether a code has shown that it arrived.
    pub confirmed: bool,
    /// When it was made.
    pub made_at_ms: UnixMillis,
    /// When it was last used.
    pub used_at_ms: Option<UnixMillis>,
    /// The digest of the secret as it is sealed.
    pub digest: String,
}

/// A passkey that somebody has enrolled.
pub struct Passkey {
    /// Its name in routes and rows.
    pub id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// The public half and the counter.
    pub stored: StoredPasskey,
    /// When it was enrolled.
    pub made_at_ms: UnixMillis,
    /// When it was last used.
    pub used_at_ms: Option<UnixMillis>,
}

/// The stored state on which the write of a passkey is conditional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: it is new.
    Nothing,
    /// It, last used then: of two copies that come with one count, one is written.
    UsedAt(Option<UnixMillis>),
}

impl Store {
    /// Keeps the digest of a new recovery code.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_recovery_code(&self, id: StaffId, digest: &[u8; 32]) -> Result<Write, StoreError> {
        put(&self.identity, recovery_key(id, digest).item())
    }

    /// Uses up a recovery code: its row must be there.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_recovery_code(&self, id: StaffId, digest: &[u8; 32]) -> Result<Write, StoreError> {
        delete_if(&self.identity, &recovery_key(id, digest), THERE, [])
    }

    /// Keeps a TOTP secret until a code confirms it; one that waits is replaced, a confirmed one is
    /// not. Whether it was kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_unconfirmed_totp(
        &self,
        keys: &Keys,
        id: StaffId,
        secret: &Secret20,
    ) -> Result<bool, StoreError> {
        let now_ms = self.clock.now_ms();
        let content = Plaintext::new(secret.expose_secret().to_vec());
        let sealed = keys.seal(TOTP, &owner(id), &content)?;
        let mut row = key(id, TOTP).item();
        row.extend([
            ("v".to_owned(), binary(sealed)),
            ("c".to_owned(), number(0)),
            ("t".to_owned(), number(now_ms)),
            (EXPIRES_AT.to_owned(), expiry(now_ms + UNCONFIRMED_MS)),
        ]);
        let unconfirmed = "attribute_not_exists(p) OR attribute_exists(expires_at)";
        let put = put_if(&self.identity, row, unconfirmed, [])?;
        let written = self.transaction().and(put).commit_patiently("put_unconfirmed_totp").await?;
        Ok(written.is_whole())
    }

    /// Confirms the TOTP secret that was made at `made_at_ms`, by a code of `step`; it then stays.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn confirm_totp(
        &self,
        id: StaffId,
        made_at_ms: UnixMillis,
        step: u64,
    ) -> Result<Write, StoreError> {
        update(
            &self.identity,
            &key(id, TOTP),
            (
                "SET c = :c, u = :u, g = :g REMOVE expires_at",
                "t = :t AND attribute_exists(expires_at)",
            ),
            [
                (":c", number(1)),
                (":g", number(step)),
                (":t", number(made_at_ms)),
                (":u", number(self.clock.now_ms())),
            ],
        )
    }

    /// That the confirmed TOTP secret was used, with a code of `step`: of none that is not newer than
    /// the last. The steps of one secret only go forward.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn use_totp(&self, id: StaffId, step: u64) -> Result<Write, StoreError> {
        update(
            &self.identity,
            &key(id, TOTP),
            ("SET u = :u, g = :g", "c = :c AND (attribute_not_exists(g) OR g < :g)"),
            [(":c", number(1)), (":u", number(self.clock.now_ms())), (":g", number(step))],
        )
    }

    /// Removes the TOTP secret.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_totp(&self, id: StaffId) -> Result<Write, StoreError> {
        delete_if(&self.identity, &key(id, TOTP), THERE, [])
    }

    /// Keeps a passkey: a new one, or a known one whose counter or name has changed since.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_passkey(
        &self,
        keys: &Keys,
        id: StaffId,
        passkey: &Passkey,
        expected: Expected,
    ) -> Result<Write, StoreError> {
        let stored = passkey.stored.to_plaintext().map_err(|_| StoreError::Failed)?;
        let name = Plaintext::new(passkey.name.as_bytes().to_vec());
        let mut row = key(id, format!("{PASSKEY}{}", passkey.id)).item();
        row.extend([
            ("v".to_owned(), binary(keys.seal(&passkey.id, &owner(id), &stored)?)),
            ("w".to_owned(), binary(keys.seal(NAME, &owner(id), &name)?)),
            ("t".to_owned(), number(passkey.made_at_ms)),
        ]);
        if let Some(used_at_ms) = passkey.used_at_ms {
            row.insert("u".to_owned(), number(used_at_ms));
        }
        let (condition, values) = match expected {
            Expected::Nothing => ("attribute_not_exists(p)", None),
            Expected::UsedAt(None) => ("attribute_exists(p) AND attribute_not_exists(u)", None),
            Expected::UsedAt(Some(used_at_ms)) => ("u = :u", Some((":u", number(used_at_ms)))),
        };
        put_if(&self.identity, row, condition, values)
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn delete_passkey(&self, id: StaffId, name: &str) -> Result<Write, StoreError> {
        let row = key(id, format!("{PASSKEY}{name}"));
        delete_if(&self.identity, &row, THERE, [])
    }
}

/// The name of a recovery code in the account.
#[must_use]
pub fn recovery_name(digest: &[u8; 32]) -> String {
    base64url(digest)
}

pub(super) fn recovery_key(id: StaffId, digest: &[u8; 32]) -> Key {
    key(id, format!("{RECOVERY}{}", base64url(digest)))
}

pub(super) fn read_totp(
    keys: &Keys,
    id: StaffId,
    mut row: Item,
    now_ms: UnixMillis,
) -> Result<Option<Totp>, StoreError> {
    let confirmed = read_number::<u8>(&row, "c")? == 1;
    if !confirmed && read_number::<i64>(&row, EXPIRES_AT)?.saturating_mul(1000) <= now_ms {
        return Ok(None);
    }
    let sealed = take_binary(&mut row, "v")?;
    let digest = base64url(&hash(&[b"sotto/v1 factor", &sealed]));
    let secret = keys.open(TOTP, &owner(id), sealed)?;
    Ok(Some(Totp {
        digest,
        secret: Secret20::from_slice(secret.reveal()).ok_or(corrupt("v"))?,
        confirmed,
        made_at_ms: read_number(&row, "t")?,
        used_at_ms: used_at(&row)?,
    }))
}

pub(super) fn read_passkey(
    keys: &Keys,
    id: StaffId,
    name: &str,
    mut row: Item,
) -> Result<Passkey, StoreError> {
    let stored = keys.open(name, &owner(id), take_binary(&mut row, "v")?)?;
    let called = keys.open(NAME, &owner(id), take_binary(&mut row, "w")?)?;
    Ok(Passkey {
        id: name.to_owned(),
        name: called.reveal_text().ok_or(corrupt("w"))?.to_owned(),
        stored: StoredPasskey::from_plaintext(&stored).ok_or(corrupt("v"))?,
        made_at_ms: read_number(&row, "t")?,
        used_at_ms: used_at(&row)?,
    })
}

fn used_at(row: &Item) -> Result<Option<UnixMillis>, StoreError> {
    row.contains_key("u").then(|| read_number(row, "u")).transpose()
}
