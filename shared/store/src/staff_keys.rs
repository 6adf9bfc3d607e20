//! The data that every function needs to judge a staff token: the public keys and the ended
//! sessions.
//!
//! Items of the settings table, all in the partition `staff`: `k` = `jwks`, `j` the JWK set as JSON, `v`
//! a seal over it, made by the rotation; `k` = `revoked#<id>`, a session
//! that was ended, or a token that was exchanged for another; `k` =
//! `since#<staff id>`, `e` the epoch that somebody's tokens must have at least; `k` = `sessions`, `t` the
//! time (ms) up to which every session is ended that had begun by then. The last three are gone
//! (`expires_at`) when everything that they refuse has ended by itself.
//!
//! The set also has the keys of receipts, of certificates, of bundles and of the audit log, marked as such: no
//! token is judged by one. A key of receipts that was compromised stays in it, with the time from which on it
//! signs nothing.
//!
//! The private keys are derived from branch keys of the stack, one a month (`signing`,
//! `staff-2026-11`), which only the function that signs people in may open. The seal is one of the
//! branch key `staff-set`, so that somebody who can write the table cannot add a key of their own.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::branch_row::{BranchRow, key_of};
use super::key_change::Changed;
use super::settings::Settings;
use super::stack::Stack;
use super::write::{Transaction, Write, delete, put};
use seal::BranchKey;
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose, STACK};
use seal::sign::{NoteSigner, Signer, Verifier};
use values::clock::{self, UnixMillis, rfc3339};
use values::encoding::{base64url, from_base64url};
use values::ids::{SessionId, StaffId};

const PARTITION: &str = "staff";
/// The branch of the key that signs receipts.
const RECEIPT_BRANCH: &str = "receipt";
/// The branch of the key that signs certificates of a training.
const CERTIFICATE_BRANCH: &str = "certificate";
/// The branch of the key that signs the bundles of audits.
const BUNDLE_BRANCH: &str = "bundle";
/// The branch of the key that signs the audit log's checkpoints.
const LOG_BRANCH: &str = "log";
/// The member of a JWK that says what it is for, if it is not for staff tokens.
const USE: &str = "sotto_use";
const JWKS: &str = "jwks";
const REVOKED: &str = "revoked#";
const SINCE: &str = "since#";
const SESSIONS: &str = "sessions";
/// The member of a JWK that says since when it signs nothing any more.
const RETIRED: &str = "sotto_retired_at";
/// Longer than any session lasts.
const SESSIONS_ENDED_FOR_MS: UnixMillis = 13 * 60 * 60 * 1000;
/// Longer than any access token is valid, and the clocks' difference with it.
const REVOKED_FOR_MS: UnixMillis = 12 * 60 * 1000;
const DAY_MS: UnixMillis = 24 * 60 * 60 * 1000;

/// The public keys and the ended sessions, as they were read.
pub struct StaffKeys {
    /// The keys of staff tokens by their names.
    pub verifiers: Vec<(String, Verifier)>,
    /// The keys of receipts by their names. No token is judged by one.
    pub receipts: Vec<(String, ReceiptKey)>,
    /// The JWK set as it is published.
    pub jwks: String,
    /// Sessions that were ended while a token of theirs may still be in date.
    pub revoked: HashSet<SessionId>,
    /// The least epoch of tokens, of those whose rights have changed a moment ago.
    pub epochs: HashMap<StaffId, u64>,
    /// Sessions that had begun by then are ended.
    pub sessions_ended_ms: UnixMillis,
}

/// A published key of receipts.
#[derive(Clone)]
pub struct ReceiptKey {
    /// The key.
    pub verifier: Verifier,
    /// Since when it signs nothing: somebody else may have it. As it is published.
    pub retired_at: Option<String>,
}

/// The published set, ready to be written.
pub(super) struct KeySet {
    listed: Vec<Value>,
}

impl Settings {
    /// Reads the keys and the ended sessions (one query).
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn staff_keys(&self) -> Result<StaffKeys, StoreError> {
        let now_ms = self.clock.now_ms();
        let (mut set, mut revoked, mut epochs) = (None, HashSet::new(), HashMap::new());
        let mut sessions_ended_ms = 0;
        for mut item in self.handle().query("find_staff_keys", PARTITION).await? {
            let kind = take_string(&mut item, "k").map_err(in_table("settings"))?;
            if kind == JWKS {
                set = Some((
                    take_string(&mut item, "j").map_err(in_table("settings"))?,
                    take_binary(&mut item, "v").map_err(in_table("settings"))?,
                ));
                continue;
            }
            // A row that names no session and nobody ends nothing: it must not stop every sign-in.
            let session = kind.strip_prefix(REVOKED).and_then(SessionId::parse);
            let staff = kind.strip_prefix(SINCE).and_then(StaffId::parse);
            if session.is_none() && staff.is_none() && kind != SESSIONS {
                continue;
            }
            let end: i64 = read_number(&item, EXPIRES_AT).map_err(in_table("settings"))?;
            if now_ms >= end.saturating_mul(1000) {
                continue;
            }
            if kind == SESSIONS {
                sessions_ended_ms = read_number(&item, "t").map_err(in_table("settings"))?;
            }
            revoked.extend(session);
            if let Some(staff) = staff {
                epochs.insert(staff, read_number(&item, "e").map_err(in_table("settings"))?);
            }
        }
        let (jwks, seal) = set.ok_or(StoreError::KeysMissing)?;
        self.verify_set(&jwks, seal).await?;
        let keys = read_jwks(&jwks).ok_or(corrupt("j").in_table("settings"))?;
        let (mut verifiers, mut receipts) = (Vec::new(), Vec::new());
        for Published { name, verifier, signs, retired_at } in keys {
            match signs.as_deref() {
                None => verifiers.push((name, verifier)),
                Some(RECEIPT_BRANCH) => receipts.push((name, ReceiptKey { verifier, retired_at })),
                Some(_) => {}
            }
        }
        Ok(StaffKeys { verifiers, receipts, jwks, revoked, epochs, sessions_ended_ms })
    }

    /// Whether the rotation has sealed the set. The key of the seal may have been changed since it was
    /// read.
    async fn verify_set(&self, jwks: &str, seal: Vec<u8>) -> Result<(), StoreError> {
        let (place, seal) = (set_place(jwks), Sealed::from_stored(seal));
        let known = self.made_by_rotation(&set_branch()).await?;
        if set_key(&known)?.open(&place, &seal).is_ok() {
            return Ok(());
        }
        self.keyring.forget(&set_branch());
        let present = self.made_by_rotation(&set_branch()).await?;
        set_key(&present)?.open(&place, &seal).map(drop).map_err(in_table("settings"))
    }

    /// The key that signs this month's staff tokens as it is stored now: what is in memory was replaced.
    ///
    /// # Errors
    /// As [`Settings::staff_signing_key`].
    pub async fn present_staff_signing_key(&self) -> Result<BranchKey, StoreError> {
        self.keyring.forget(&branch(&clock::month(self.clock.now_ms())));
        self.staff_signing_key().await
    }

    /// The write that revokes a session, as part of the transaction that ends it.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn revoke(&self, session: SessionId) -> Result<Write, StoreError> {
        let end_ms = self.clock.now_ms() + REVOKED_FOR_MS;
        put(&self.table, row(format!("{REVOKED}{session}"), end_ms))
    }

    /// The write that demands at least this epoch of somebody's tokens, as part of the transaction
    /// that changes what they may do.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn revoke_before(&self, staff: StaffId, epoch: u64) -> Result<Write, StoreError> {
        let mut item = row(format!("{SINCE}{staff}"), self.clock.now_ms() + REVOKED_FOR_MS);
        item.insert("e".to_owned(), number(epoch));
        put(&self.table, item)
    }

    /// The key that signs this month's staff tokens; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn staff_signing_key(&self) -> Result<BranchKey, StoreError> {
        self.made_by_rotation(&branch(&clock::month(self.clock.now_ms()))).await
    }

    /// The key that signs receipts; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn receipt_signer(&self) -> Result<Signer, StoreError> {
        Ok(Signer::derive(&self.made_by_rotation(&receipt_branch()).await?)?)
    }

    /// The key that signs certificates; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn certificate_signer(&self) -> Result<Signer, StoreError> {
        let name = BranchName::new(STACK, Purpose::Signing, CERTIFICATE_BRANCH);
        Ok(Signer::derive(&self.made_by_rotation(&name).await?)?)
    }

    /// The key that signs the bundles of audits; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn bundle_signer(&self) -> Result<Signer, StoreError> {
        let name = BranchName::new(STACK, Purpose::Signing, BUNDLE_BRANCH);
        Ok(Signer::derive(&self.made_by_rotation(&name).await?)?)
    }

    /// The key that signs the checkpoints of the audit log; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn log_signer(&self) -> Result<NoteSigner, StoreError> {
        let name = BranchName::new(STACK, Purpose::Signing, LOG_BRANCH);
        Ok(NoteSigner::derive(&self.made_by_rotation(&name).await?)?)
    }

    /// Makes the signing keys of this month and of the next, and publishes them with the last
    /// month's: a key is known everywhere a month before it signs, and a month after.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_staff_keys(&self, stack: &Stack) -> Result<(), StoreError> {
        let mut set = KeySet { listed: Vec::new() };
        for (month, make) in months(self.clock.now_ms()) {
            let name = branch(&month);
            if make || stack.knows(&name) {
                set.add(&self.stack_key(stack, Purpose::Signing, &name.branch).await?)?;
            }
        }
        let sealing = self.stack_key(stack, Purpose::Signing, &set_branch().branch).await?;
        let receipts = self.stack_key(stack, Purpose::Signing, RECEIPT_BRANCH).await?;
        self.add_lasting(stack, &mut set, (&receipts, &retired(stack, &sealing)?)).await?;
        let mut writes = Transaction::new(self.dynamo.clone());
        writes.push(put(&self.table, set.to_item(&sealing)?)?);
        // A change of a key since the stack was read has published another set.
        for name in [set_branch(), receipt_branch()] {
            if let Some(row) = stack.row(&name)? {
                writes.push(self.replacement(&name, row, row)?);
            }
        }
        writes.commit_or_fail("put_staff_keys").await
    }

    /// Puts another key in the place of the one of receipts, in one transaction with the set that is
    /// published and the event. The public key of the one before stays published, with this time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_receipt_key(
        &self,
        stack: &Stack,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let name = receipt_branch();
        let old = stack.row(&name)?.ok_or(StoreError::KeysMissing)?;
        let now_ms = self.clock.now_ms();
        if old.is_recent(now_ms) {
            return Ok(Changed::Nothing);
        }
        let sealing = self.stack_key(stack, Purpose::Signing, &set_branch().branch).await?;
        let mut retired = retired(stack, &sealing)?;
        let before = self.stack_key(stack, Purpose::Signing, RECEIPT_BRANCH).await?;
        let public = base64url(Signer::derive(&before)?.verifier().as_raw());
        retired.push(Retired { public, at: rfc3339(now_ms) });
        let made = self.keyring.generate(&name).await?;
        let mut set = KeySet { listed: Vec::new() };
        for (month, _) in months(now_ms) {
            if stack.knows(&branch(&month)) {
                set.add(&self.stack_key(stack, Purpose::Signing, &branch(&month).branch).await?)?;
            }
        }
        self.add_lasting(stack, &mut set, (&made.key, &retired)).await?;
        let row = BranchRow {
            blob: made.blob,
            changed_ms: Some(now_ms),
            retired: Some(seal_retired(&sealing, &retired)?),
            ..BranchRow::default()
        };
        let writes = Transaction::new(self.dynamo.clone())
            .and(self.replacement(&name, old, &row)?)
            .and(put(&self.table, set.to_item(&sealing)?)?)
            .and(event);
        self.commit_change("change_receipt_key", writes, &[name]).await
    }

    /// Puts other keys in the place of all that sign staff tokens, and of the one that seals the published
    /// set, in one transaction with that set and the event. Every session that has begun is ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_staff_keys(
        &self,
        stack: &Stack,
        event: Write,
    ) -> Result<Changed, StoreError> {
        let now_ms = self.clock.now_ms();
        let sealed = stack.row(&set_branch())?.ok_or(StoreError::KeysMissing)?;
        if sealed.is_recent(now_ms) {
            return Ok(Changed::Nothing);
        }
        let sealing_before = self.stack_key(stack, Purpose::Signing, &set_branch().branch).await?;
        let retired = retired(stack, &sealing_before)?;
        let mut writes = Transaction::new(self.dynamo.clone());
        let mut names = Vec::new();
        let mut set = KeySet { listed: Vec::new() };
        let sealing = self.keyring.generate(&set_branch()).await?;
        writes.push(self.replacement(
            &set_branch(),
            sealed,
            &BranchRow::changed(sealing.blob, now_ms),
        )?);
        for (month, make) in months(now_ms) {
            let name = branch(&month);
            match (stack.row(&name)?, make) {
                // Its tokens have ended, but for some minutes of the month's first day.
                (Some(_), false) => writes.push(delete(&self.table, key_of(&name))?),
                (Some(old), true) => {
                    let made = self.keyring.generate(&name).await?;
                    set.add(&made.key)?;
                    writes.push(self.replacement(
                        &name,
                        old,
                        &BranchRow::changed(made.blob, now_ms),
                    )?);
                }
                (None, _) => {}
            }
            names.push(name);
        }
        let receipts = self.stack_key(stack, Purpose::Signing, RECEIPT_BRANCH).await?;
        self.add_lasting(stack, &mut set, (&receipts, &retired)).await?;
        if let Some(old) = stack.row(&receipt_branch())?.filter(|row| row.retired.is_some()) {
            let sealed = Some(seal_retired(&sealing.key, &retired)?);
            let row = BranchRow { retired: sealed, ..old.clone() };
            writes.push(self.replacement(&receipt_branch(), old, &row)?);
        }
        let mut ended = row(SESSIONS.to_owned(), now_ms + SESSIONS_ENDED_FOR_MS);
        ended.insert("t".to_owned(), number(now_ms));
        writes.push(put(&self.table, ended)?);
        writes.push(put(&self.table, set.to_item(&sealing.key)?)?);
        names.push(set_branch());
        self.commit_change("change_staff_keys", writes.and(event), &names).await
    }

    /// Adds the keys that are not for tokens and have no month to a set: of receipts, of certificates, of
    /// bundles and of the audit log.
    async fn add_lasting(
        &self,
        stack: &Stack,
        set: &mut KeySet,
        (receipts, retired): (&BranchKey, &[Retired]),
    ) -> Result<(), StoreError> {
        set.add_receipts(receipts, retired)?;
        for branch in [CERTIFICATE_BRANCH, BUNDLE_BRANCH, LOG_BRANCH] {
            let seed = self.stack_key(stack, Purpose::Signing, branch).await?;
            set.listed.push(published_for(branch, Signer::derive(&seed)?.verifier())?);
        }
        Ok(())
    }
}

impl KeySet {
    /// Adds a key of staff tokens.
    fn add(&mut self, seed: &BranchKey) -> Result<(), StoreError> {
        self.listed.push(published(Signer::derive(seed)?.verifier())?);
        Ok(())
    }

    /// Adds the key of receipts and those that it has replaced. They are published for good: a receipt is
    /// shown years after it was signed.
    fn add_receipts(&mut self, seed: &BranchKey, retired: &[Retired]) -> Result<(), StoreError> {
        self.listed.push(published_for(RECEIPT_BRANCH, Signer::derive(seed)?.verifier())?);
        for Retired { public, at } in retired {
            let public = from_base64url(public).ok_or(corrupt("v").in_table("settings"))?;
            let mut jwk = published_for(RECEIPT_BRANCH, &Verifier::from_raw(&public)?)?;
            if let Some(fields) = jwk.as_object_mut() {
                fields.insert(RETIRED.to_owned(), at.as_str().into());
            }
            self.listed.push(jwk);
        }
        Ok(())
    }

    /// The set with its seal, as it is stored.
    fn to_item(&self, sealing: &BranchKey) -> Result<Item, StoreError> {
        let jwks = json!({ "keys": self.listed }).to_string();
        let seal = set_key(sealing)?.seal(&set_place(&jwks), &[])?;
        Ok(Item::from([
            ("p".to_owned(), string(PARTITION)),
            ("k".to_owned(), string(JWKS)),
            ("j".to_owned(), string(jwks)),
            ("v".to_owned(), binary(seal.into_stored())),
        ]))
    }
}

/// A key of receipts that was replaced.
#[derive(Serialize, Deserialize)]
struct Retired {
    /// Its public half, in base64url.
    #[serde(rename = "x")]
    public: String,
    /// When it was replaced.
    at: String,
}

/// The keys that the one of receipts has replaced.
fn retired(stack: &Stack, sealing: &BranchKey) -> Result<Vec<Retired>, StoreError> {
    let Some(sealed) = stack.row(&receipt_branch())?.and_then(|row| row.retired.clone()) else {
        return Ok(Vec::new());
    };
    let opened = set_key(sealing)?
        .open(&retired_place(), &Sealed::from_stored(sealed))
        .map_err(in_table("settings"))?;
    serde_json::from_slice(opened.reveal()).map_err(|_| corrupt("v").in_table("settings"))
}

fn seal_retired(sealing: &BranchKey, retired: &[Retired]) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(retired).map_err(|_| StoreError::Failed)?;
    Ok(set_key(sealing)?.seal(&retired_place(), &json)?.into_stored())
}

fn retired_place() -> Place {
    Place::new("sotto/v1 retired receipt keys")
}

/// The last month, which is published if its key is there; this one and the next, which are made.
fn months(now_ms: UnixMillis) -> [(String, bool); 3] {
    let this = clock::month(now_ms);
    let step = |days: i64| clock::month(now_ms + days * DAY_MS);
    // From any day of a month, the nearest instant of the neighbour is at most 31 days away.
    let other = |days: [i64; 4]| {
        let mut found = days.into_iter().map(step).filter(|month| *month != this);
        found.next().unwrap_or_default()
    };
    let (last, next) = (other([-8, -16, -24, -31]), other([8, 16, 24, 31]));
    [(last, false), (this, true), (next, true)]
}

/// An item of the partition that ends then.
fn row(key: String, end_ms: UnixMillis) -> Item {
    Item::from([
        ("p".to_owned(), string(PARTITION)),
        ("k".to_owned(), string(key)),
        (EXPIRES_AT.to_owned(), expiry(end_ms)),
    ])
}

/// The name of the branch key of receipts.
fn receipt_branch() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, RECEIPT_BRANCH)
}

/// The name of the branch key that seals the published set.
fn set_branch() -> BranchName {
    BranchName::new(STACK, Purpose::Signing, "staff-set")
}

fn set_key(branch: &BranchKey) -> Result<DataKey, StoreError> {
    Ok(DataKey::derive(branch, "sotto/v1 staff keys")?)
}

fn set_place(jwks: &str) -> Place {
    Place::new("sotto/v1 staff keys").part(jwks.as_bytes())
}

/// The keys of receipts in a set as it is published, by their names; `None` for what is no such set.
#[must_use]
pub fn receipt_keys(jwks: &str) -> Option<Vec<(String, ReceiptKey)>> {
    let of_receipts = |key: &Published| key.signs.as_deref() == Some(RECEIPT_BRANCH);
    let keys = read_jwks(jwks)?.into_iter().filter(of_receipts);
    let named =
        |Published { name, verifier, retired_at, .. }| (name, ReceiptKey { verifier, retired_at });
    Some(keys.map(named).collect())
}

/// The keys of certificates in a set as it is published, by their names; `None` for what is no such set.
#[must_use]
pub fn certificate_keys(jwks: &str) -> Option<Vec<(String, Verifier)>> {
    keys_of(jwks, CERTIFICATE_BRANCH)
}

/// The keys of bundles in a set as it is published, by their names; `None` for what is no such set.
#[must_use]
pub fn bundle_keys(jwks: &str) -> Option<Vec<(String, Verifier)>> {
    keys_of(jwks, BUNDLE_BRANCH)
}

fn keys_of(jwks: &str, branch: &str) -> Option<Vec<(String, Verifier)>> {
    let keys = read_jwks(jwks)?.into_iter().filter(|key| key.signs.as_deref() == Some(branch));
    Some(keys.map(|Published { name, verifier, .. }| (name, verifier)).collect())
}

/// The part of a set as it is published by which a bundle is verified: the keys of bundles and of the audit
/// log; `None` for what is no such set.
#[must_use]
pub fn keys_for_bundles(jwks: &str) -> Option<String> {
    let mut set: Value = serde_json::from_str(jwks).ok()?;
    let is_for_bundles = |key: &Value| {
        let signs = key.get(USE).and_then(Value::as_str);
        signs.is_some_and(|signs| [BUNDLE_BRANCH, LOG_BRANCH].contains(&signs))
    };
    set.get_mut("keys")?.as_array_mut()?.retain(is_for_bundles);
    Some(set.to_string())
}

/// The key of the audit log in a set as it is published; `None` where there is none.
#[must_use]
pub fn log_key(jwks: &str) -> Option<Verifier> {
    let keys = read_jwks(jwks)?.into_iter();
    keys.filter(|key| key.signs.as_deref() == Some(LOG_BRANCH)).map(|key| key.verifier).next()
}

fn branch(month: &str) -> BranchName {
    BranchName::new(STACK, Purpose::Signing, &format!("staff-{month}"))
}

fn published(verifier: &Verifier) -> Result<Value, StoreError> {
    let mut jwk = verifier.jwk();
    if let Some(fields) = jwk.as_object_mut() {
        fields.insert("kid".to_owned(), verifier.thumbprint()?.into());
        fields.insert("alg".to_owned(), "EdDSA".into());
        fields.insert("use".to_owned(), "sig".into());
    }
    Ok(jwk)
}

/// A key that is not for staff tokens, with what it signs.
fn published_for(signs: &str, verifier: &Verifier) -> Result<Value, StoreError> {
    let mut jwk = published(verifier)?;
    if let Some(fields) = jwk.as_object_mut() {
        fields.insert(USE.to_owned(), signs.into());
    }
    Ok(jwk)
}

/// A key of the published set.
struct Published {
    name: String,
    verifier: Verifier,
    /// The word for its use, if not staff tokens.
    signs: Option<String>,
    retired_at: Option<String>,
}

fn read_jwks(jwks: &str) -> Option<Vec<Published>> {
    let set: Value = serde_json::from_str(jwks).ok()?;
    let keys = set.get("keys")?.as_array()?;
    keys.iter()
        .map(|key| {
            let raw = from_base64url(key.get("x")?.as_str()?)?;
            Some(Published {
                name: key.get("kid")?.as_str()?.to_owned(),
                verifier: Verifier::from_raw(&raw).ok()?,
                signs: key.get(USE).map(|signs| signs.as_str().unwrap_or_default().to_owned()),
                retired_at: key.get(RETIRED).and_then(Value::as_str).map(str::to_owned),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbours_of_a_month_are_found_from_every_day_of_years() {
        let start_ms = 1_767_225_600_000; // 2026-01-01
        for day in 0..1_500 {
            let now_ms = start_ms + day * DAY_MS + 1;
            let [(last, _), (this, _), (next, _)] = months(now_ms);
            let number = |month: &str| {
                let (year, month) = month.split_once('-').unwrap();
                year.parse::<i64>().unwrap() * 12 + month.parse::<i64>().unwrap()
            };
            assert_eq!(number(&last) + 1, number(&this), "{last} {this}");
            assert_eq!(number(&this) + 1, number(&next), "{this} {next}");
        }
    }
}
