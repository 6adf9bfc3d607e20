//! Things that may be used once: one helper for all, so that there is one place to get it wrong in.
//!
//! Watch item: `p` = `once#<kind>#<hash>`, where the hash is base64url of SHA-256 over the parts, each
//! with its length before it; `k` = `once`; `r` a random token of the writer; `expires_at`. The key
//! begins with the kind, so that nothing of one kind is in the way of another, and a role can be
//! limited to the kinds of its job.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{EXPIRES_AT, Item, binary, expiry, string, take_binary};
use super::write::{NEW, Write, put_if};
use super::{StoreError, fault};
use seal::place::Place;
use seal::suite;
use values::clock::{Clock, UnixMillis};
use values::encoding::base64url;
use values::random;

/// How long an item is kept beyond its use: a function whose clock is late must still find it.
pub const MARGIN_MS: i64 = 60 * 60 * 1000;
/// How often a write is tried again after a conflict with another writer of the same item.
const ATTEMPTS: usize = 16;

/// The kind of thing that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The `jti` by which a site's server says who a customer is.
    IdentityJti,
    /// A time step of somebody's TOTP.
    TotpStep,
    /// A recovery code.
    RecoveryCode,
    /// A challenge to a passkey.
    Challenge,
    /// An invitation.
    Invitation,
    /// The token that a password was exchanged for, until the second factor.
    MfaToken,
    /// The token that an invitation was exchanged for, until the second factor is enrolled.
    Enrolment,
    /// A challenge to a guest whose network is over its limit.
    GuestProof,
    /// The minute in which a network went over its limit, so that it is recorded once.
    Flood,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 9] = [
        Self::IdentityJti,
        Self::TotpStep,
        Self::RecoveryCode,
        Self::Challenge,
        Self::Invitation,
        Self::MfaToken,
        Self::Enrolment,
        Self::GuestProof,
        Self::Flood,
    ];

    /// The kind as it stands in the key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityJti => "identity-jti",
            Self::TotpStep => "totp-step",
            Self::RecoveryCode => "recovery-code",
            Self::Challenge => "challenge",
            Self::Invitation => "invitation",
            Self::MfaToken => "mfa-token",
            Self::Enrolment => "enrolment",
            Self::GuestProof => "guest-proof",
            Self::Flood => "flood",
        }
    }
}

/// Uses things up.
pub struct Once {
    dynamo: Client,
    table: String,
    clock: Clock,
}

impl Once {
    /// Over the table `watch`.
    #[must_use]
    pub fn new(dynamo: Client, table: String, clock: Clock) -> Self {
        Self { dynamo, table, clock }
    }

    /// Uses it up: true for exactly one caller, however many there are at once. `parts` say what it
    /// is, among all of its kind; `until_ms` is when it can be used no more in any case. The item
    /// that stays counts as used until it is deleted, past its time or not.
    ///
    /// # Errors
    /// [`StoreError`]; then it may be used up or not, and nobody can be let in by it.
    pub async fn consume(
        &self,
        kind: Kind,
        parts: &[&[u8]],
        until_ms: UnixMillis,
    ) -> Result<bool, StoreError> {
        let token: [u8; 16] = random::bytes()?;
        let item = self.item(kind, parts, until_ms, &token);
        for _ in 0..ATTEMPTS {
            let put = self
                .dynamo
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item.clone()))
                .condition_expression(NEW)
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .send()
                .await;
            let Err(error) = put else { return Ok(true) };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let mut there = failed.item.clone().ok_or(StoreError::Failed)?;
                    // Our own write, repeated by the SDK after its answer was lost, is in its own way.
                    return Ok(take_binary(&mut there, "r")? == token);
                }
                // A transaction upon the same item is under way, and may or may not win.
                Some(PutItemError::TransactionConflictException(_)) => {}
                _ => return Err(fault("consume_once", &error)),
            }
        }
        Err(StoreError::Unavailable)
    }

    /// The same as part of a transaction, which fails at this item when it was used before.
    /// DynamoDB knows a transaction that the SDK repeats by the token that the SDK sends along.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn put(
        &self,
        kind: Kind,
        parts: &[&[u8]],
        until_ms: UnixMillis,
    ) -> Result<Write, StoreError> {
        put_if(&self.table, self.item(kind, parts, until_ms, &random::bytes()?), NEW, [])
    }

    fn item(&self, kind: Kind, parts: &[&[u8]], until_ms: UnixMillis, token: &[u8; 16]) -> Item {
        let kept_until_ms = until_ms.max(self.clock.now_ms()).saturating_add(MARGIN_MS);
        Item::from([
            ("p".to_owned(), string(partition(kind, parts))),
            ("k".to_owned(), string("once")),
            ("r".to_owned(), binary(*token)),
            (EXPIRES_AT.to_owned(), expiry(kept_until_ms)),
        ])
    }
}

fn partition(kind: Kind, parts: &[&[u8]]) -> String {
    let place = Place::new("sotto/v1 once");
    let place = parts.iter().fold(place, |place, part| place.part(part));
    format!("once#{}#{}", kind.as_str(), base64url(&suite::hash(&[place.as_bytes()])))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_things_share_a_key() {
        let parts: [&[&[u8]]; 6] =
            [&[], &[b""], &[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[b"ab", b""]];
        let keys: HashSet<String> = Kind::ALL
            .iter()
            .flat_map(|kind| parts.iter().map(|parts| partition(*kind, parts)))
            .collect();
        assert_eq!(keys.len(), Kind::ALL.len() * parts.len());
    }

    #[test]
    fn a_key_begins_with_its_kind_and_no_kind_with_another() {
        for kind in Kind::ALL {
            let prefix = format!("once#{}#", kind.as_str());
            assert!(partition(kind, &[b"x"]).starts_with(&prefix));
            let others = Kind::ALL.iter().filter(|other| **other != kind);
            for other in others {
                assert!(!partition(*other, &[b"x"]).starts_with(&prefix), "{prefix}");
            }
        }
    }
}
