//! The keys that staff tokens are verified with, and the sessions that were ended; kept for 60 seconds
//! at most, so that an end reaches every function within that time.

use std::sync::Arc;

use seal::cache::Cache;
use seal::sign::Verifier;
use store::StoreError;
use store::lock::Locks;
use store::settings::Settings;
use store::staff_keys::{ReceiptKey, StaffKeys};
use values::clock::{Clock, UnixMillis};
use values::ids::{SessionId, StaffId};
use values::policy::AuditDays;
use values::site::Site;

/// How long an ended session may still be taken for a live one, where nothing asks for more.
pub const LIFETIME_MS: i64 = 60_000;
/// A key that is not known makes the keys be read again, but not more often than this.
const RELOAD_MS: i64 = 1_000;

/// The keys in memory.
pub struct StaffKeychain {
    keys: StaffKeys,
    locks: Locks,
    loaded_ms: UnixMillis,
}

impl StaffKeychain {
    /// The keychain of what was read at `loaded_ms`.
    #[must_use]
    pub fn new(keys: StaffKeys, locks: Locks, loaded_ms: UnixMillis) -> Self {
        Self { keys, locks, loaded_ms }
    }

    /// The locks in force.
    #[must_use]
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The key of that name.
    #[must_use]
    pub fn verifier(&self, name: &str) -> Option<&Verifier> {
        let mut found = self.keys.verifiers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, verifier)| verifier)
    }

    /// Whether tokens of that key are taken.
    #[must_use]
    pub fn publishes(&self, verifier: &Verifier) -> bool {
        self.keys.verifiers.iter().any(|(_, known)| known.as_raw() == verifier.as_raw())
    }

    /// The key of receipts of that name.
    #[must_use]
    pub fn receipt_key(&self, name: &str) -> Option<&ReceiptKey> {
        let mut found = self.keys.receipts.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, key)| key)
    }

    /// Whether every session that began at that time was ended.
    #[must_use]
    pub fn has_ended_sessions_of(&self, began_ms: UnixMillis) -> bool {
        began_ms <= self.keys.sessions_ended_ms
    }

    /// Whether the session is among those that were ended.
    #[must_use]
    pub fn is_revoked(&self, session: SessionId) -> bool {
        self.keys.revoked.contains(&session)
    }

    /// Whether tokens of that epoch are too old for what somebody may do now.
    #[must_use]
    pub fn is_outdated(&self, staff: StaffId, epoch: u64) -> bool {
        self.keys.epochs.get(&staff).is_some_and(|least| epoch < *least)
    }

    /// The JWK set (RFC 7517) as it is published.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.keys.jwks
    }
}

/// Loads and keeps them.
pub struct StaffKeyring {
    settings: Arc<Settings>,
    clock: Clock,
    audit_days: AuditDays,
    cache: Cache<(), Arc<StaffKeychain>>,
}

impl StaffKeyring {
    /// The keys of a deployment, not yet loaded.
    #[must_use]
    pub fn new(settings: Arc<Settings>, clock: Clock) -> Self {
        let cache = Cache::new(clock.clone(), LIFETIME_MS, 1);
        Self { settings, cache, clock, audit_days: AuditDays::default() }
    }

    /// The keys, loaded when they are not there or too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self) -> Result<Arc<StaffKeychain>, StoreError> {
        self.cache.get(&(), async || self.load().await).await
    }

    /// The keys as they stand now: for what must know at once that a session was ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn now(&self) -> Result<Arc<StaffKeychain>, StoreError> {
        let loaded = self.load().await?;
        self.cache.put(&(), Arc::clone(&loaded)).await;
        Ok(loaded)
    }

    /// The keys, read again if these are more than a second old: for a token that names a key which
    /// we do not know. When they cannot be read, those that are known go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newer_than(
        &self,
        known: &StaffKeychain,
    ) -> Result<Arc<StaffKeychain>, StoreError> {
        let known_ms = known.loaded_ms;
        let stale = |kept: &Arc<StaffKeychain>| {
            kept.loaded_ms == known_ms && self.clock.now_ms() - known_ms >= RELOAD_MS
        };
        self.cache.refresh(&(), stale, async || self.load().await).await
    }

    /// How long events are kept, as it was when the keys were read.
    #[must_use]
    pub fn audit_days(&self) -> AuditDays {
        self.audit_days.clone()
    }

    async fn load(&self) -> Result<Arc<StaffKeychain>, StoreError> {
        // As old as the moment before they were read: what was ended after it may be missing.
        let loaded_ms = self.clock.now_ms();
        let policy = self.settings.policy_of_events(Site::SHIPPED);
        let keys = Box::pin(self.settings.staff_keys());
        let (keys, locks, policy) = tokio::try_join!(keys, self.settings.locks(), policy)?;
        self.audit_days.follow(&policy);
        Ok(Arc::new(StaffKeychain::new(keys, locks, loaded_ms)))
    }
}
