//! The keys that clients seal to: a function opens with them what it is sent, and seals its response. They
//! are kept for 300 seconds at most.

use std::collections::HashMap;
use std::sync::Arc;

use seal::SealError;
use seal::cache::Cache;
use seal::transport::PrivateKey;
use store::StoreError;
use store::settings::Settings;
use store::stack::Stack;
use values::clock::{Clock, UnixMillis};
use values::problem::{Code, Problem};

/// How long keys are kept in memory.
pub(crate) const LIFETIME_MS: i64 = 300_000;
/// An unknown key makes the keys be read again, but not more often than this.
const RELOAD_MS: i64 = 1_000;

/// The keys in memory.
pub struct Transport {
    clock: Clock,
    keys: HashMap<String, (UnixMillis, PrivateKey)>,
    loaded_ms: UnixMillis,
}

impl Transport {
    pub(crate) async fn unwrap(
        settings: &Settings,
        stack: &Stack,
        clock: &Clock,
    ) -> Result<Self, StoreError> {
        let mut keys = HashMap::new();
        for key in &stack.transport_keys {
            match settings.unwrap_transport_key(stack, key).await {
                Ok(private) => {
                    keys.insert(key.kid.clone(), (key.not_after_ms, private));
                }
                // One damaged row must not fail all requests: clients that sealed to it seal again.
                Err(StoreError::Corrupt { .. }) => {
                    tracing::error!(kid = key.kid, "a transport key does not open");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { clock: clock.clone(), keys, loaded_ms: clock.now_ms() })
    }

    /// The key of that name, if it still opens.
    fn find(&self, kid: &str) -> Option<&PrivateKey> {
        let (not_after_ms, key) = self.keys.get(kid)?;
        (self.clock.now_ms() < *not_after_ms).then_some(key)
    }

    /// Whether these are the keys that were `known`, and old enough to be read again.
    pub(crate) fn is_stale(&self, known: &Self) -> bool {
        let age_ms = self.clock.now_ms() - known.loaded_ms;
        self.loaded_ms == known.loaded_ms && age_ms >= RELOAD_MS
    }
}

/// The parts of a function that takes sealed requests.
pub trait OpensSealed: Sync {
    /// Whether it takes no others.
    fn sealed_only(&self) -> bool;

    /// The keys, loaded when they are not there or too old.
    fn transport(&self) -> impl Future<Output = Result<Arc<Transport>, StoreError>> + Send;

    /// The keys, read again if these are more than a second old.
    fn newer_transport(
        &self,
        known: &Transport,
    ) -> impl Future<Output = Result<Arc<Transport>, StoreError>> + Send;
}

/// Uses the transport key of that name; reads the keys again when it is not known.
pub(crate) async fn with_key<A: OpensSealed, T>(
    app: &A,
    kid: &str,
    usage: impl FnOnce(&PrivateKey) -> Result<T, SealError>,
) -> Result<T, Problem> {
    let mut keys = app.transport().await?;
    if keys.find(kid).is_none() {
        keys = app.newer_transport(&keys).await?;
    }
    let unknown = || Problem::new(Code::UnknownKey, "GET /v1/keys and seal again.");
    usage(keys.find(kid).ok_or_else(unknown)?).map_err(|_| Code::UnsealingFailed.into())
}

/// Loads and keeps the keys of a function that needs no others of the visitors' functions.
pub struct TransportKeys {
    clock: Clock,
    settings: Arc<Settings>,
    cache: Cache<(), Arc<Transport>>,
}

impl TransportKeys {
    /// The keys of a deployment, not yet loaded.
    #[must_use]
    pub fn new(settings: Arc<Settings>, clock: Clock) -> Self {
        Self { cache: Cache::new(clock.clone(), LIFETIME_MS, 1), clock, settings }
    }

    /// The keys, loaded when they are not there or too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self) -> Result<Arc<Transport>, StoreError> {
        self.cache.get(&(), async || self.load().await).await
    }

    /// The keys, read again if these are more than a second old. When they cannot be read, those that are
    /// known go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newer_than(&self, known: &Transport) -> Result<Arc<Transport>, StoreError> {
        let stale = |kept: &Arc<Transport>| kept.is_stale(known);
        self.cache.refresh(&(), stale, async || self.load().await).await
    }

    async fn load(&self) -> Result<Arc<Transport>, StoreError> {
        let stack = self.settings.stack_for_transport().await?;
        Transport::unwrap(&self.settings, &stack, &self.clock).await.map(Arc::new)
    }
}
