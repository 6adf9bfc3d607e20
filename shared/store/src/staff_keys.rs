//! The data that every function needs to judge a staff token: the public keys and the ended
//! sessions.
//!
//! Items of the settings table, all in the partition `staff`: `k` = `jwks`, `j` the JWK set as JSON, `v`
//! a seal over it, made by the rotation; `k` = `revoked#<id>`, a session
//! that was ended, or a token that was exchanged for another; `k` =
//! `since#<staff id>`, `e` the epoch that somebody's tokens must have at least. The last two are gone
//! (`expires_at`) when every token that they refuse has ended by itself.
//!
//! The set also has the key of receipts, marked as one: no token is judged by it.
//!
//! The private keys are derived from branch keys of the stack, one a month (`signing`,
//! `staff-2026-11`), which only the function that signs people in may open. The seal is one of the
//! branch key `staff-set`, so that somebody who can write the table cannot add a key of their own.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::settings::Settings;
use super::stack::Stack;
use super::write::{Write, put};
use super::{StoreError, fault};
use seal::BranchKey;
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose, STACK};
use seal::sign::{Signer, Verifier};
use values::clock::{self, UnixMillis};
use values::encoding::from_base64url;
use values::ids::{SessionId, StaffId};

const PARTITION: &str = "staff";
/// The branch of the key that signs receipts.
const RECEIPT_BRANCH: &str = "receipt";
/// The member of a JWK that says what it is for, if it is not for staff tokens.
const USE: &str = "sotto_use";
const JWKS: &str = "jwks";
const REVOKED: &str = "revoked#";
const SINCE: &str = "since#";
/// Longer than any access token is valid, and the clocks' difference with it.
const REVOKED_FOR_MS: UnixMillis = 12 * 60 * 1000;
const DAY_MS: UnixMillis = 24 * 60 * 60 * 1000;

/// The public keys and the ended sessions, as they were read.
pub struct StaffKeys {
    /// The keys of staff tokens by their names.
    pub verifiers: Vec<(String, Verifier)>,
    /// The keys of receipts by their names. No token is judged by one.
    pub receipts: Vec<(String, Verifier)>,
    /// The JWK set as it is published.
    pub jwks: String,
    /// Sessions that were ended while a token of theirs may still be in date.
    pub revoked: HashSet<SessionId>,
    /// The least epoch of tokens, of those whose rights have changed a moment ago.
    pub epochs: HashMap<StaffId, u64>,
}

impl Settings {
    /// Reads the keys and the ended sessions (one query).
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn staff_keys(&self) -> Result<StaffKeys, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", string(PARTITION))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let now_ms = self.clock.now_ms();
        let (mut set, mut revoked, mut epochs) = (None, HashSet::new(), HashMap::new());
        while let Some(item) = pages.next().await {
            let mut item = item.map_err(|error| fault("find_staff_keys", &error))?;
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
            if session.is_none() && staff.is_none() {
                continue;
            }
            let end: i64 = read_number(&item, EXPIRES_AT).map_err(in_table("settings"))?;
            if now_ms >= end.saturating_mul(1000) {
                continue;
            }
            revoked.extend(session);
            if let Some(staff) = staff {
                epochs.insert(staff, read_number(&item, "e").map_err(in_table("settings"))?);
            }
        }
        let (jwks, seal) = set.ok_or(StoreError::KeysMissing)?;
        let branch = self.made_by_rotation(&set_branch()).await?;
        set_key(&branch)?
            .open(&set_place(&jwks), &Sealed::from_stored(seal))
            .map_err(in_table("settings"))?;
        let keys = read_jwks(&jwks).ok_or(corrupt("j").in_table("settings"))?;
        let (receipts, verifiers): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| key.of_receipts);
        let named =
            |keys: Vec<Published>| keys.into_iter().map(|key| (key.name, key.verifier)).collect();
        let (verifiers, receipts) = (named(verifiers), named(receipts));
        Ok(StaffKeys { verifiers, receipts, jwks, revoked, epochs })
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
        let branch = BranchName::new(STACK, Purpose::Signing, RECEIPT_BRANCH);
        Ok(Signer::derive(&self.made_by_rotation(&branch).await?)?)
    }

    /// Makes the signing keys of this month and of the next, and publishes them with the last
    /// month's: a key is known everywhere a month before it signs, and a month after.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_staff_keys(&self, stack: &Stack) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let mut listed = Vec::new();
        for (month, make) in months(now_ms) {
            let name = branch(&month);
            let known = stack.knows(&name);
            if known || make {
                let key = self.stack_key(stack, Purpose::Signing, &name.branch).await?;
                listed.push(published(&Signer::derive(&key)?)?);
            }
        }
        // Published for good: a receipt is shown years after it was signed.
        let receipts = self.stack_key(stack, Purpose::Signing, RECEIPT_BRANCH).await?;
        let mut receipts = published(&Signer::derive(&receipts)?)?;
        if let Some(fields) = receipts.as_object_mut() {
            fields.insert(USE.to_owned(), RECEIPT_BRANCH.into());
        }
        listed.push(receipts);
        let jwks = json!({ "keys": listed }).to_string();
        let branch = self.stack_key(stack, Purpose::Signing, &set_branch().branch).await?;
        let seal = set_key(&branch)?.seal(&set_place(&jwks), &[])?;
        let item = Item::from([
            ("p".to_owned(), string(PARTITION)),
            ("k".to_owned(), string(JWKS)),
            ("j".to_owned(), string(jwks)),
            ("v".to_owned(), binary(seal.into_stored())),
        ]);
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| fault("put_staff_keys", &error))?;
        Ok(())
    }
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
pub fn receipt_keys(jwks: &str) -> Option<Vec<(String, Verifier)>> {
    let keys = read_jwks(jwks)?.into_iter().filter(|key| key.of_receipts);
    Some(keys.map(|key| (key.name, key.verifier)).collect())
}

fn branch(month: &str) -> BranchName {
    BranchName::new(STACK, Purpose::Signing, &format!("staff-{month}"))
}

fn published(signer: &Signer) -> Result<Value, StoreError> {
    let verifier = signer.verifier();
    let mut jwk = verifier.jwk();
    if let Some(fields) = jwk.as_object_mut() {
        fields.insert("kid".to_owned(), verifier.thumbprint()?.into());
        fields.insert("alg".to_owned(), "EdDSA".into());
        fields.insert("use".to_owned(), "sig".into());
    }
    Ok(jwk)
}

/// A key of the published set.
struct Published {
    name: String,
    verifier: Verifier,
    of_receipts: bool,
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
                of_receipts: key.get(USE).is_some(),
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
