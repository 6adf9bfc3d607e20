//! The keys that every request needs: the visitors' signing key, the transport's private keys and
//! the published list. Loaded in two reads, kept for 300 seconds at most.

use std::sync::Arc;

use crate::token::Refused;
use crate::transport::{LIFETIME_MS, Transport};
use seal::SealError;
use seal::cache::Cache;
use seal::network::NetworkNames;
use seal::place::{BranchName, Purpose};
use seal::puzzle::Puzzles;
use seal::sign::{Signer, Verifier, named_key};
use store::settings::Settings;
use store::stack::KeyList;
use store::{Store, StoreError};
use values::clock::{Clock, month};
use values::problem::{Code, Problem};
use values::secret::Secret;
use values::site::Site;

/// The keys in memory.
pub struct Keychain {
    /// Signs and verifies visitors' tokens.
    pub visitors: Signer,
    /// The keys that limit guests by their network.
    pub guests: GuestKeys,
    /// The published key list, if the rotation has made one.
    pub key_list: Option<KeyList>,
    /// The keys that clients seal to.
    pub transport: Arc<Transport>,
}

/// The keys by which guests are counted and challenged.
pub struct GuestKeys {
    /// Names their networks.
    pub networks: NetworkNames,
    /// Issues challenges to those over the limit.
    pub puzzles: Puzzles,
}

impl GuestKeys {
    fn derive(seed: &Secret) -> Result<Self, SealError> {
        let networks = NetworkNames::derive(seed, "sotto/v1 guest network")?;
        Ok(Self { networks, puzzles: Puzzles::derive(seed)? })
    }
}

/// Loads and keeps the keys.
pub struct Keys {
    clock: Clock,
    store: Arc<Store>,
    cache: Cache<(), Arc<Keychain>>,
}

impl Keychain {
    async fn load(settings: &Settings, clock: &Clock) -> Result<Arc<Self>, StoreError> {
        // The next message in a new conversation needs the transcripts' key of the month: it is read
        // with the others, and unwrapped while the keys of every request are.
        let month = month(clock.now_ms());
        let transcripts = BranchName::new(Site::SHIPPED.id, Purpose::Transcript, &month);
        let stack = settings.stack_for_visitors(&transcripts).await?;
        let seed = settings.visitor_seed(&stack).await?;
        let (visitors, guests) = (Signer::derive(&seed)?, GuestKeys::derive(&seed)?);
        let transport = Transport::unwrap(settings, &stack, clock).await?;
        // A failure is ignored: a request that needs this key reads it again and answers the error.
        let _kept = settings.read_key(&stack, &transcripts).await;
        let key_list = stack.key_list;
        Ok(Arc::new(Self { visitors, guests, key_list, transport: Arc::new(transport) }))
    }
}

impl Keys {
    /// The keys of a deployment, not yet loaded.
    #[must_use]
    pub fn new(store: Arc<Store>, clock: Clock) -> Self {
        Self { cache: Cache::new(clock.clone(), LIFETIME_MS, 1), clock, store }
    }

    /// The keys, loaded when they are not there or too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self) -> Result<Arc<Keychain>, StoreError> {
        let load = async || Keychain::load(&self.store.settings, &self.clock).await;
        self.cache.get(&(), load).await
    }

    /// The result of `verify` for a token. If the token does not fit, and names another key than the one that we
    /// have kept, the keys are read again: the key of tokens may have been changed.
    ///
    /// # Errors
    /// Those of `verify`, and [`StoreError`].
    pub async fn verify<T>(
        &self,
        token: &str,
        verify: impl Fn(&Verifier) -> Result<T, Refused>,
    ) -> Result<T, Problem> {
        let keys = self.get().await?;
        let refused = match verify(keys.visitors.verifier()) {
            Ok(verified) => return Ok(verified),
            Err(refused) => refused,
        };
        let known = keys.visitors.verifier().thumbprint().map_err(|_| Code::Internal)?;
        if refused != Refused::Invalid || named_key(token).is_none_or(|named| named == known) {
            return Err(refused.into());
        }
        let keys = self.newer_than(&keys.transport).await?;
        Ok(verify(keys.visitors.verifier())?)
    }

    /// The keys, read again if these are more than a second old: for a caller who knows a key that we
    /// do not. When they cannot be read, those that are known go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newer_than(&self, known: &Transport) -> Result<Arc<Keychain>, StoreError> {
        let stale = |kept: &Arc<Keychain>| kept.transport.is_stale(known);
        let load = async || Keychain::load(&self.store.settings, &self.clock).await;
        self.cache.refresh(&(), stale, load).await
    }
}
