//! Locks: what is refused for as long as an incident asks for it.
//!
//! Items of the settings table: `p` = `locks`, `k` = `<action>#<target>#<id of the action>`, `i` the incident,
//! `t` since when (ms). Every function reads the partition, and only detect and monitor write it. There are
//! a few at most. A person lifts a lock, which deletes its item; those of sessions and networks have an end
//! (`expires_at`), behind which they would refuse nothing. Two actions upon one target are two items, so
//! that lifting one leaves the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use seal::cache::Cache;
use values::clock::{Clock, UnixMillis};
use values::ids::{ActionId, IncidentId, StaffId};
use values::incident::Action;

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, expiry, in_table, number, read_number, string, take_string,
};
use super::settings::Settings;
use super::table::Key;
use super::write::{Write, delete, put};

/// The partition of the locks.
pub const PARTITION: &str = "locks";
/// How long a lock may go unnoticed where nothing asks for more.
const LIFETIME_MS: i64 = 60_000;

/// From so many slowed networks on, no more are slowed without asking: every function reads all locks.
const MANY_NETWORKS: usize = 100;
/// Longer than a session lasts, and until the keyed name of a network is another one.
const ENDS_AFTER_MS: UnixMillis = 24 * 60 * 60 * 1000;

/// The locks in force.
#[derive(Debug, Default)]
pub struct Locks {
    slowed: usize,
    accounts: HashSet<StaffId>,
    sessions: HashMap<StaffId, UnixMillis>,
    others: HashSet<(Action, String)>,
}

impl Locks {
    /// Whether an account is locked.
    #[must_use]
    pub fn has_account(&self, staff: StaffId) -> bool {
        self.accounts.contains(&staff)
    }

    /// Whether a session or a token that somebody was given at that time is over: their account is locked, or
    /// their sessions were ended since.
    #[must_use]
    pub fn end(&self, staff: StaffId, given_ms: UnixMillis) -> bool {
        let ended_ms = self.sessions.get(&staff);
        self.has_account(staff) || ended_ms.is_some_and(|ended_ms| given_ms <= *ended_ms)
    }

    /// Whether the staff of a site may export nothing.
    #[must_use]
    pub fn freezes_exports(&self, site: &str) -> bool {
        self.has(Action::FreezeExports, site)
    }

    /// Whether nobody begins, writes or reads a conversation of a site.
    #[must_use]
    pub fn locks_down(&self, site: &str) -> bool {
        self.has(Action::LockDownSite, site)
    }

    /// Whether the guests of a network work for each thing they do.
    #[must_use]
    pub fn slows(&self, network: &str) -> bool {
        self.has(Action::SlowNetwork, network)
    }

    /// Whether so many networks are slowed that somebody has to look before there are more.
    #[must_use]
    pub const fn slows_many(&self) -> bool {
        self.slowed >= MANY_NETWORKS
    }

    fn has(&self, action: Action, target: &str) -> bool {
        // An empty set is the rule, and asks for no copy of the name.
        !self.others.is_empty() && self.others.contains(&(action, target.to_owned()))
    }

    fn add(&mut self, mut item: Item, now_ms: UnixMillis) -> Result<(), StoreError> {
        let key = take_string(&mut item, "k")?;
        let is_of_network = key.starts_with(Action::SlowNetwork.as_str());
        if item.contains_key(EXPIRES_AT) {
            let end: i64 = read_number(&item, EXPIRES_AT).unwrap_or(i64::MAX);
            if now_ms >= end.saturating_mul(1000) {
                return Ok(());
            }
        }
        self.slowed += usize::from(is_of_network);
        // What this release does not know locks nothing here, and does not stop the others.
        let Some((action, target)) = key.split_once('#') else { return Ok(()) };
        let Some((target, _id)) = target.rsplit_once('#') else { return Ok(()) };
        match (Action::find(action), StaffId::parse(target)) {
            (Some(Action::LockAccount), Some(staff)) => {
                self.accounts.insert(staff);
            }
            (Some(Action::RevokeSessions), Some(staff)) => {
                // A row that says no time ends what there is by now: it must not stop every function.
                self.sessions.insert(staff, read_number(&item, "t").unwrap_or(now_ms));
            }
            (Some(action), _) => {
                self.others.insert((action, target.to_owned()));
            }
            (None, _) => {}
        }
        Ok(())
    }
}

/// A lock to be set.
pub struct Lock<'a> {
    /// The action that it is for.
    pub action: Action,
    /// The account, site or network.
    pub target: &'a str,
    /// Why.
    pub incident: IncidentId,
    /// The action's id.
    pub id: ActionId,
}

/// The key of the lock that an action has set.
#[must_use]
pub fn key_of(action: Action, target: &str, id: ActionId) -> Key {
    let name = format!("{}#{target}#", action.as_str());
    // The last end of somebody's sessions ends all that are before it.
    let id = if action == Action::RevokeSessions { "all".to_owned() } else { id.to_string() };
    Key::new(PARTITION, name + &id)
}

impl Settings {
    /// The locks in force (one query).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn locks(&self) -> Result<Locks, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut locks = Locks::default();
        for item in self.handle().query("find_locks", PARTITION).await? {
            locks.add(item, now_ms).map_err(in_table("settings"))?;
        }
        Ok(locks)
    }

    /// The write that sets a lock.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn lock(&self, lock: &Lock<'_>) -> Result<Write, StoreError> {
        let mut item = key_of(lock.action, lock.target, lock.id).item();
        item.insert("i".to_owned(), string(lock.incident));
        let now_ms = self.clock.now_ms();
        item.insert("t".to_owned(), number(now_ms));
        if matches!(lock.action, Action::RevokeSessions | Action::SlowNetwork) {
            let end = expiry(now_ms.saturating_add(ENDS_AFTER_MS));
            item.insert(EXPIRES_AT.to_owned(), end);
        }
        put(&self.table, item)
    }

    /// The write that ends the lock of an action.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn unlock(&self, action: Action, target: &str, id: ActionId) -> Result<Write, StoreError> {
        delete(&self.table, &key_of(action, target, id))
    }
}

/// The locks, kept for a minute at most.
pub struct LocksInForce {
    settings: Arc<Settings>,
    cache: Cache<(), Arc<Locks>>,
}

impl LocksInForce {
    /// The locks of a deployment, not yet loaded.
    #[must_use]
    pub fn new(settings: Arc<Settings>, clock: Clock) -> Self {
        Self { settings, cache: Cache::new(clock, LIFETIME_MS, 1) }
    }

    /// The locks, loaded when they are not there or too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self) -> Result<Arc<Locks>, StoreError> {
        self.cache.get(&(), async || self.settings.locks().await.map(Arc::new)).await
    }
}
