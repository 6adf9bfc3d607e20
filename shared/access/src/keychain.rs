//! The keys that every request needs: the visitors' signing key, the transport's private keys and
//! the published list. Loaded in two reads, kept for 300 seconds at most.

use std::collections::HashMap;
use std::sync::Arc;

use crate::token::Refused;
use seal::SealError;
use seal::cache::Cache;
use seal::network::NetworkNames;
use seal::place::{BranchName, Purpose};
use seal::puzzle::Puzzles;
use seal::sign::{Signer, Verifier, named_key};
use seal::transport::PrivateKey;
use store::settings::Settings;
use store::stack::KeyList;
use store::{Store, StoreError};
use values::clock::{Clock, UnixMillis, month};
use values::problem::{Code, Problem};
use values::secret::Secret;
use values::site::Site;

const LIFETIME_MS: i64 = 300_000;
/// An unknown key makes the keys be read again, but not more often than this.
const RELOAD_MS: i64 = 1_000;

/// The keys in memory.
pub struct Keychain {
    /// Signs and verifies visitors' tokens.
    pub visitors: Signer,
    /// The keys that limit guests by their network.
    pub guests: GuestKeys,
    /// The published key list, if the rotation has made one.
    pub key_list: Option<KeyList>,
    transport: HashMap<String, (UnixMillis, PrivateKey)>,
    loaded_ms: UnixMillis,
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
    /// The transport key of that name, if it still opens.
    #[must_use]
    pub fn transport(&self, kid: &str, now_ms: UnixMillis) -> Option<&PrivateKey> {
        let (not_after_ms, key) = self.transport.get(kid)?;
        (now_ms < *not_after_ms).then_some(key)
    }

    async fn load(settings: &Settings, clock: &Clock) -> Result<Arc<Self>, StoreError> {
        // The next message in a new conversation needs the transcripts' key of the month: it is read
        // with the others, and unwrapped while the keys of every request are.
        let month = month(clock.now_ms());
        let transcripts = BranchName::new(Site::SHIPPED.id, Purpose::Transcript, &month);
        let stack = settings.stack_for_visitors(&transcripts).await?;
        let seed = settings.visitor_seed(&stack).await?;
        let (visitors, guests) = (Signer::derive(&seed)?, GuestKeys::derive(&seed)?);
        let mut transport = HashMap::new();
        for key in &stack.transport_keys {
            match settings.unwrap_transport_key(&stack, key).await {
                Ok(private) => {
                    transport.insert(key.kid.clone(), (key.not_after_ms, private));
                }
                // One damaged row must not fail all requests: clients that sealed to it seal again.
                Err(StoreError::Corrupt { .. }) => {
                    tracing::error!(kid = key.kid, "a transport key does not open");
                }
                Err(error) => return Err(error),
            }
        }
        // A failure is ignored: a request that needs this key reads it again and answers the error.
        let _kept = settings.read_key(&stack, &transcripts).await;
        let loaded_ms = clock.now_ms();
        let key_list = stack.key_list;
        Ok(Arc::new(Self { visitors, guests, key_list, transport, loaded_ms }))
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
    ) -> Result<(Arc<Keychain>, T), Problem> {
        let keys = self.get().await?;
        let refused = match verify(keys.visitors.verifier()) {
            Ok(verified) => return Ok((keys, verified)),
            Err(refused) => refused,
        };
        let known = keys.visitors.verifier().thumbprint().map_err(|_| Code::Internal)?;
        if refused != Refused::Invalid || named_key(token).is_none_or(|named| named == known) {
            return Err(refused.into());
        }
        let keys = self.newer_than(&keys).await?;
        let verified = verify(keys.visitors.verifier())?;
        Ok((keys, verified))
    }

    /// The keys, read again if these are more than a second old: for a caller who knows a key that we
    /// do not. When they cannot be read, those that are known go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newer_than(&self, known: &Keychain) -> Result<Arc<Keychain>, StoreError> {
        let known_ms = known.loaded_ms;
        let stale = |kept: &Arc<Keychain>| {
            kept.loaded_ms == known_ms && self.clock.now_ms() - known_ms >= RELOAD_MS
        };
        let load = async || Keychain::load(&self.store.settings, &self.clock).await;
        self.cache.refresh(&(), stale, load).await
    }
}
