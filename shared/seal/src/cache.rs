//! A bounded cache of keys with a lifetime and single flight: however many ask at once, one loads.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use values::clock::{Clock, UnixMillis};

/// How often values past their time are looked for.
const SWEEP_MS: i64 = 1_000;

type Slot<V> = Arc<tokio::sync::Mutex<Option<(UnixMillis, V)>>>;

/// Values by name, each kept for at most `lifetime_ms`, at most `bound` of them.
pub struct Cache<K, V> {
    clock: Clock,
    lifetime_ms: i64,
    bound: usize,
    swept_ms: AtomicI64,
    slots: Mutex<HashMap<K, Slot<V>>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache.
    #[must_use]
    pub fn new(clock: Clock, lifetime_ms: i64, bound: usize) -> Self {
        Self { clock, lifetime_ms, bound, swept_ms: AtomicI64::new(0), slots: Mutex::default() }
    }

    /// The value of that name; loads it when it is not there or too old. A failure is not kept.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn get<E>(&self, name: &K, load: impl AsyncFnOnce() -> Result<V, E>) -> Result<V, E> {
        let slot = self.slot(name);
        let mut slot = slot.lock().await;
        let now = self.clock.now_ms();
        if let Some((at, value)) = slot.as_ref()
            && now - at < self.lifetime_ms
        {
            return Ok(value.clone());
        }
        *slot = None;
        let value = load().await?;
        *slot = Some((now, value.clone()));
        Ok(value)
    }

    /// Puts a value that was just made, so that its maker need not load it.
    pub async fn put(&self, name: &K, value: V) {
        let slot = self.slot(name);
        *slot.lock().await = Some((self.clock.now_ms(), value));
    }

    /// The value of that name, loaded again if it is `stale`. When that fails, the old value goes on
    /// to its end.
    ///
    /// # Errors
    /// Those of `load`, when there is no value either.
    pub async fn refresh<E>(
        &self,
        name: &K,
        stale: impl FnOnce(&V) -> bool,
        load: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let slot = self.slot(name);
        let mut slot = slot.lock().await;
        let now = self.clock.now_ms();
        let kept = slot.as_ref().filter(|(at, _)| now - at < self.lifetime_ms);
        let kept = kept.map(|(_, value)| value.clone());
        if let Some(value) = kept.as_ref().filter(|value| !stale(value)) {
            return Ok(value.clone());
        }
        match (load().await, kept) {
            (Ok(value), _) => {
                *slot = Some((now, value.clone()));
                Ok(value)
            }
            (Err(_), Some(value)) => Ok(value),
            (Err(error), None) => Err(error),
        }
    }

    /// Forgets the value of that name.
    pub fn forget(&self, name: &K) {
        self.slots().remove(name);
    }

    /// Forgets every value whose name is one of `these`.
    pub fn forget_all(&self, these: impl Fn(&K) -> bool) {
        self.slots().retain(|name, _| !these(name));
    }

    fn slot(&self, name: &K) -> Slot<V> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        let now = self.clock.now_ms();
        // A key past its time is not used any more, and not kept in memory either.
        let due = now - self.swept_ms.load(Ordering::Relaxed) >= SWEEP_MS;
        if due || slots.len() >= self.bound {
            self.swept_ms.store(now, Ordering::Relaxed);
            slots.retain(|_, slot| match slot.try_lock() {
                Ok(value) => value.as_ref().is_some_and(|(at, _)| now - at < self.lifetime_ms),
                Err(_) => true,
            });
        }
        if slots.len() >= self.bound {
            let age = |slot: &Slot<V>| slot.try_lock().ok()?.as_ref().map(|(at, _)| *at);
            let oldest = slots.iter().min_by_key(|(_, slot)| age(slot).unwrap_or(i64::MAX));
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                slots.remove(&oldest);
            }
        }
        let slot = Slot::default();
        slots.insert(name.clone(), Arc::clone(&slot));
        slot
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<K, Slot<V>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn eight_at_once_share_one_load() {
        let cache = Cache::new(Clock::manual(0), 1_000, 10);
        let loads = Cell::new(0);
        let one = || {
            cache.get(&"k", async || {
                loads.set(loads.get() + 1);
                tokio::task::yield_now().await;
                Ok::<_, ()>(7)
            })
        };
        let all = tokio::join!(one(), one(), one(), one(), one(), one(), one(), one());
        assert_eq!((all.0, all.7, loads.get()), (Ok(7), Ok(7), 1));
    }

    #[tokio::test]
    async fn a_value_ends_and_a_failure_is_not_kept() {
        let clock = Clock::manual(0);
        let cache = Cache::new(clock.clone(), 1_000, 10);
        assert_eq!(cache.get(&1, async || Err::<u8, _>("down")).await, Err("down"));
        assert_eq!(cache.get(&1, async || Ok::<_, ()>(1)).await, Ok(1));
        clock.advance(Duration::from_millis(999));
        assert_eq!(cache.get(&1, async || Ok::<_, ()>(2)).await, Ok(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(cache.get(&1, async || Ok::<_, ()>(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn a_stale_value_is_loaded_once_and_kept_when_that_fails() {
        let cache = Cache::new(Clock::manual(0), 1_000, 10);
        cache.put(&"k", 1).await;
        let stale = |value: &i32| *value == 1;
        assert_eq!(cache.refresh(&"k", stale, async || Err("down")).await, Ok(1));
        let loads = Cell::new(0);
        let one = || {
            cache.refresh(&"k", stale, async || {
                loads.set(loads.get() + 1);
                tokio::task::yield_now().await;
                Ok::<_, ()>(2)
            })
        };
        assert_eq!(tokio::join!(one(), one(), one()), (Ok(2), Ok(2), Ok(2)));
        assert_eq!(loads.get(), 1);
    }

    #[tokio::test]
    async fn what_is_past_its_time_does_not_stay_in_memory() {
        let clock = Clock::manual(0);
        let cache = Cache::new(clock.clone(), 1_000, 10);
        let value = Arc::new(());
        cache.put(&1, Arc::clone(&value)).await;
        clock.advance(Duration::from_secs(2));
        cache.put(&2, Arc::default()).await;
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[tokio::test]
    async fn what_is_forgotten_is_loaded_again_and_nothing_else() {
        let cache = Cache::new(Clock::manual(0), 1_000, 10);
        for name in 0..4 {
            cache.put(&name, 1).await;
        }
        cache.forget_all(|name| *name > 1);
        for (name, value) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
            assert_eq!(cache.get(&name, async || Ok::<_, ()>(2)).await, Ok(value));
        }
    }

    #[tokio::test]
    async fn it_stays_within_its_bound() {
        let cache = Cache::new(Clock::manual(0), 1_000, 3);
        for name in 0..20 {
            cache.get(&name, async || Ok::<_, ()>(name)).await.unwrap();
        }
        assert_eq!(cache.slots().len(), 3);
    }
}
