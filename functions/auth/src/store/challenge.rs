//! A challenge that a passkey has to sign, and how often a step of signing in was tried.
//!
//! Items of the watch table: `p` = `challenge#<kind>#<hash of the challenge>`, `k` = `challenge`, `v`
//! the sealed state, `expires_at`; and `p` = `tries#<token id>`, `k` = `tries`, `f` how many.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use shared::clock::UnixMillis;
use shared::secret::Plaintext;
use shared::store::attributes::{EXPIRES_AT, binary, expiry, number, read_number, take_binary};
use shared::store::once::Kind as Once;
use shared::store::{StoreError, fault};
use shared::values::encoding::base64url;

use super::Store;
use super::write::{self, Key, patiently};
use crate::keys::Keys;

/// How long a challenge waits to be signed.
pub const LIFETIME_MS: UnixMillis = 5 * 60 * 1000;
/// How many second factors may be tried with one token.
pub const TRIES: u8 = 5;

/// What a challenge is for; one for the one is none for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To enrol a passkey.
    Registration,
    /// To sign in, or to show it again.
    Assertion,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Assertion => "assertion",
        }
    }
}

/// A challenge by what it is: its bytes are in what the browser signs.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    /// What for.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Challenge<'_> {
    fn name(&self) -> String {
        base64url(&shared::seal::suite::hash(&[b"sotto/v1 challenge", self.bytes]))
    }

    fn key(&self) -> Key {
        Key::new(format!("challenge#{}#{}", self.kind.as_str(), self.name()), "challenge")
    }
}

impl Store {
    /// Keeps a challenge with the state that it is verified by.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_challenge(
        &self,
        keys: &Keys,
        challenge: Challenge<'_>,
        state: &Plaintext,
    ) -> Result<(), StoreError> {
        let sealed = keys.seal_challenge(challenge.kind.as_str(), challenge.bytes, state)?;
        let mut row = challenge.key().item();
        row.insert("v".to_owned(), binary(sealed));
        row.insert(EXPIRES_AT.to_owned(), expiry(self.clock.now_ms() + LIFETIME_MS));
        self.dynamo
            .put_item()
            .table_name(&self.watch)
            .set_item(Some(row))
            .send()
            .await
            .map_err(|error| fault("put_challenge", &error))?;
        Ok(())
    }

    /// The state of a challenge, if it is one of ours and in date.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenge(
        &self,
        keys: &Keys,
        challenge: Challenge<'_>,
    ) -> Result<Option<Plaintext>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.watch)
            .set_key(Some(challenge.key().item()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_challenge", &error))?;
        let Some(mut row) = found.item else { return Ok(None) };
        let ends_at: i64 = read_number(&row, EXPIRES_AT)?;
        if self.clock.now_ms() >= ends_at.saturating_mul(1000) {
            return Ok(None);
        }
        let sealed = take_binary(&mut row, "v")?;
        // A challenge that the last release sealed lapses: the browser asks for another one.
        Ok(keys.open_challenge(challenge.kind.as_str(), challenge.bytes, sealed).ok())
    }

    /// Uses a challenge up.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_challenge(
        &self,
        challenge: Challenge<'_>,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let until_ms = self.clock.now_ms() + LIFETIME_MS;
        let spent = self.once.put(Once::Challenge, &[challenge.name().as_bytes()], until_ms)?;
        Ok([write::delete(&self.watch, &challenge.key(), Some("attribute_exists(p)"))?, spent])
    }

    /// Counts a try with a token, before it is made; false when there were too many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_try(&self, token: &str, ends_at: i64) -> Result<bool, StoreError> {
        let count = self
            .dynamo
            .update_item()
            .table_name(&self.watch)
            .set_key(Some(Key::new(format!("tries#{token}"), "tries").item()))
            .update_expression("SET f = if_not_exists(f, :z) + :o, expires_at = :e")
            .condition_expression("attribute_not_exists(f) OR f < :m")
            .expression_attribute_values(":z", number(0))
            .expression_attribute_values(":o", number(1))
            .expression_attribute_values(":m", number(TRIES))
            .expression_attribute_values(":e", number(ends_at));
        match patiently(|| count.clone().send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(fault("count_try", &error)),
            },
        }
    }

    /// Forgets the tries with a token.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn forget_tries(&self, token: &str) -> Result<TransactWriteItem, StoreError> {
        write::delete(&self.watch, &Key::new(format!("tries#{token}"), "tries"), None)
    }
}
