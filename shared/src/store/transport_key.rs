//! HPKE key pairs of the transport, in the settings table: `k` = `transport#<kid>`, `a` the KEM,
//! `q` the public key, `w` and `m` the wrapped private key and its commitment, `b` the branch key
//! that wraps it, `t` when it was made, `n` when it stops opening, both in milliseconds.

use super::attributes::{
    EXPIRES_AT, Item, binary, expiry, number, read_number, string, take_binary, take_string,
};
use super::settings::{Settings, Stack};
use super::{StoreError, fault};
use crate::clock::{self, UnixMillis};
use crate::random;
use crate::seal::conversation_key::{WrappedKey, unwrap, wrap};
use crate::seal::place::{Place, Purpose, STACK};
use crate::seal::transport::{KemSuite, PrivateKey};
use crate::values::encoding::base64url;

/// What the sort key of a transport key begins with.
pub(super) const PREFIX: &str = "transport#";

/// A transport key as it is stored.
pub struct TransportKey {
    /// Its name in the key list and in requests.
    pub kid: String,
    /// Which suite it is for.
    pub suite: KemSuite,
    /// The public key.
    pub public: Vec<u8>,
    /// When it was made.
    pub made_at_ms: UnixMillis,
    /// When it stops opening anything; its row is deleted then.
    pub not_after_ms: UnixMillis,
    wrapped: WrappedKey,
    branch: String,
}

impl TransportKey {
    pub(super) fn from_item(kid: &str, mut item: Item) -> Result<Self, StoreError> {
        let suite = KemSuite::from_kem(&take_string(&mut item, "a")?).ok_or(StoreError::Corrupt)?;
        let commitment = take_binary(&mut item, "m")?;
        Ok(Self {
            kid: kid.to_owned(),
            suite,
            public: take_binary(&mut item, "q")?,
            made_at_ms: read_number(&item, "t")?,
            not_after_ms: read_number(&item, "n")?,
            wrapped: WrappedKey {
                wrapped: take_binary(&mut item, "w")?,
                commitment: commitment.try_into().map_err(|_| StoreError::Corrupt)?,
            },
            branch: take_string(&mut item, "b")?,
        })
    }

    fn place(&self) -> Place {
        place(&self.kid, self.suite, &self.public, self.not_after_ms, &self.branch)
    }
}

impl Settings {
    /// Makes and stores a key pair that opens until `not_after_ms`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_transport_key(
        &self,
        stack: &Stack,
        suite: KemSuite,
        not_after_ms: UnixMillis,
    ) -> Result<TransportKey, StoreError> {
        let made_at_ms = self.clock.now_ms();
        let branch = clock::month(made_at_ms);
        let branch_key = self.stack_key(stack, Purpose::Transport, &branch).await?;
        let kid = base64url(&random::bytes::<9>()?);
        let (private, public) = PrivateKey::generate(suite)?;
        let place = place(&kid, suite, &public, not_after_ms, &branch);
        let wrapped = wrap(&branch_key, &place, private.secret())?;
        let key = TransportKey { kid, suite, public, made_at_ms, not_after_ms, wrapped, branch };
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .item("p", string(STACK))
            .item("k", string(format!("{PREFIX}{}", key.kid)))
            .item("a", string(key.suite.kem()))
            .item("q", binary(key.public.clone()))
            .item("w", binary(key.wrapped.wrapped.clone()))
            .item("m", binary(key.wrapped.commitment))
            .item("b", string(&key.branch))
            .item("t", number(key.made_at_ms))
            .item("n", number(key.not_after_ms))
            .item(EXPIRES_AT, expiry(key.not_after_ms))
            .send()
            .await
            .map_err(|error| fault("put_transport_key", &error))?;
        Ok(key)
    }

    /// Unwraps the private half of a stored key.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open.
    pub async fn unwrap_transport_key(
        &self,
        stack: &Stack,
        key: &TransportKey,
    ) -> Result<PrivateKey, StoreError> {
        let branch_key = self.stack_key(stack, Purpose::Transport, &key.branch).await?;
        let secret = unwrap(&branch_key, &key.place(), &key.wrapped)?;
        Ok(PrivateKey::from_secret(key.suite, secret))
    }

    /// Deletes every transport key that has stopped opening, and gives their number. DynamoDB's TTL
    /// would take up to days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_ended_transport_keys(&self) -> Result<usize, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p AND begins_with(k, :k)")
            .expression_attribute_values(":p", string(STACK))
            .expression_attribute_values(":k", string(PREFIX))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut destroyed = 0;
        while let Some(item) = pages.next().await {
            let mut item = item.map_err(|error| fault("find_transport_keys", &error))?;
            if now_ms < read_number::<i64>(&item, "n")? {
                continue;
            }
            self.dynamo
                .delete_item()
                .table_name(&self.table)
                .key("p", string(STACK))
                .key("k", string(take_string(&mut item, "k")?))
                .send()
                .await
                .map_err(|error| fault("destroy_transport_key", &error))?;
            destroyed += 1;
        }
        Ok(destroyed)
    }
}

fn place(
    kid: &str,
    suite: KemSuite,
    public: &[u8],
    not_after_ms: UnixMillis,
    branch: &str,
) -> Place {
    Place::new("sotto/v1 transport key")
        .part(kid.as_bytes())
        .part(suite.kem().as_bytes())
        .part(public)
        .number(not_after_ms.unsigned_abs())
        .part(branch.as_bytes())
}
