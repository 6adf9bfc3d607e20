//! A bounded cache of keys with a lifetime and single flight: however many ask at once, one loads.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, UnixMillis};

type Slot<V> = Arc<tokio::sync::Mutex<Option<(UnixMillis, V)>>>;

/// Values by name, each kept for at most `lifetime_ms`, at most `bound` of them.
pub struct Cache<K, V> {
    clock: Clock,
    lifetime_ms: i64,
    bound: usize,
    slots: Mutex<HashMap<K, (UnixMillis, Slot<V>)>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache.
    #[must_use]
    pub fn new(clock: Clock, lifetime_ms: i64, bound: usize) -> Self {
        Self { clock, lifetime_ms, bound, slots: Mutex::default() }
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

    /// Forgets the value of that name.
    pub fn forget(&self, name: &K) {
        self.slots().remove(name);
    }

    fn slot(&self, name: &K) -> Slot<V> {
        let now = self.clock.now_ms();
        let mut slots = self.slots();
        if !slots.contains_key(name) && slots.len() >= self.bound {
            let lifetime = self.lifetime_ms;
            slots.retain(|_, (at, _)| now - *at < lifetime);
            if slots.len() >= self.bound {
                let oldest =
                    slots.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
                if let Some(oldest) = oldest {
                    slots.remove(&oldest);
                }
            }
        }
        let (at, slot) = slots.entry(name.clone()).or_insert_with(|| (now, Slot::default()));
        *at = now;
        Arc::clone(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<K, (UnixMillis, Slot<V>)>> {
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
    async fn it_stays_within_its_bound() {
        let cache = Cache::new(Clock::manual(0), 1_000, 3);
        for name in 0..20 {
            cache.get(&name, async || Ok::<_, ()>(name)).await.unwrap();
        }
        assert_eq!(cache.slots().len(), 3);
    }
}
