//! A challenge that a passkey has to sign, and how often a step of signing in was tried.
//!
//! Items of the watch table: `p` = `challenge#<kind>#<hash of the challenge>`, `k` = `challenge`, `v`
//! the sealed state, `expires_at`; and `p` = `tries#<token id>`, `k` = `tries`, `f` how many.

use shared::clock::UnixMillis;
use shared::secret::Plaintext;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, binary, expiry, in_table, number, read_number, take_binary,
};
use shared::store::once::Kind as Once;
use shared::store::write::{THERE, Write, delete, delete_if};
use shared::values::encoding::base64url;

use super::Store;
use crate::keys::Keys;
use shared::store::table::{Change, Key};

/// How long a challenge waits to be signed.
pub const LIFETIME_MS: UnixMillis = 5 * 60 * 1000;
/// How many second factors may be tried with one token.
pub const TRIES: u8 = 5;

/// The use of a challenge: one that was made for one use is refused for the other.
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
    /// Its use.
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
        self.watch.put("put_challenge", row).await
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
        let found = self.watch.get("find_challenge", &challenge.key()).await?;
        let Some(mut row) = found else { return Ok(None) };
        let ends_at: i64 = read_number(&row, EXPIRES_AT).map_err(in_table("watch"))?;
        if self.clock.now_ms() >= ends_at.saturating_mul(1000) {
            return Ok(None);
        }
        let sealed = take_binary(&mut row, "v").map_err(in_table("watch"))?;
        // A challenge that the last release sealed lapses: the browser asks for another one.
        Ok(keys.open_challenge(challenge.kind.as_str(), challenge.bytes, sealed).ok())
    }

    /// Uses a challenge up.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend_challenge(&self, challenge: Challenge<'_>) -> Result<[Write; 2], StoreError> {
        let until_ms = self.clock.now_ms() + LIFETIME_MS;
        let spent = self.once.put(Once::Challenge, &[challenge.name().as_bytes()], until_ms)?;
        Ok([delete_if(&self.watch, &challenge.key(), THERE, [])?, spent])
    }

    /// Counts a try with a token, before it is made; false when there were too many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_try(&self, token: &str, ends_at: i64) -> Result<bool, StoreError> {
        let count = Change {
            key: &tries_key(token),
            change: "SET f = if_not_exists(f, :z) + :o, expires_at = :e",
            condition: Some("attribute_not_exists(f) OR f < :m"),
            values: vec![
                (":z", number(0)),
                (":o", number(1)),
                (":m", number(TRIES)),
                (":e", number(ends_at)),
            ],
        };
        self.watch.update("count_try", count).await
    }

    /// Forgets the tries with a token.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn forget_tries(&self, token: &str) -> Result<Write, StoreError> {
        delete(&self.watch, &tries_key(token))
    }
}

fn tries_key(token: &str) -> Key {
    Key::new(format!("tries#{token}"), "tries")
}
