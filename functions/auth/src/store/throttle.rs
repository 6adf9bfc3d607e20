//! How often somebody may try: counters in the watch table, by account and by address.
//!
//! Items: `p` = `throttle#<of>#<name>`, `k` = what is told apart in it, `f` attempts since the last
//! success, `u` when the next may be made (milliseconds), `expires_at` when it is forgotten. An attempt
//! is counted before the password is looked at, so that a hundred at once are a hundred.
//!
//! A stranger's attempts on an account make strangers wait, not its owner: a device on which they
//! have signed in before has a counter of its own.

use futures_util::future::join_all;
use shared::clock::UnixMillis;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, expiry, in_table, number, read_number, take_string,
};
use shared::store::write::{Write, delete};

use super::Store;
use shared::store::table::{Change, Key};

/// The kind of a counter, which sets its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Attempts on an account from devices that it does not know.
    Account,
    /// Attempts on an account from a device that it knows.
    Device,
    /// Attempts from one address.
    Address,
    /// Attempts from one network: an IPv4 /24, an IPv6 /48.
    Network,
}

impl Of {
    /// Everything that is counted.
    pub const ALL: [Self; 4] = [Self::Account, Self::Device, Self::Address, Self::Network];

    /// The word in the key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account | Self::Device => "account",
            Self::Address => "address",
            Self::Network => "network",
        }
    }

    /// Whether the first of many attempts at once wins; else each of them adds one.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Account | Self::Device)
    }

    /// Attempts that need not wait.
    #[must_use]
    pub const fn free(self) -> u32 {
        match self {
            Self::Account => 5,
            Self::Device => 10,
            Self::Address => 30,
            Self::Network => 300,
        }
    }

    /// Seconds after the last attempt in which all are forgotten.
    #[must_use]
    pub const fn memory_seconds(self) -> i64 {
        match self {
            Self::Account | Self::Device => 24 * 60 * 60,
            Self::Address | Self::Network => 60 * 60,
        }
    }
}

/// The longest wait in seconds.
pub const LONGEST_WAIT_SECONDS: i64 = 15 * 60;

/// Seconds to wait after the `attempts`th attempt: none while they are free, then 1, 2, 4 and so on.
#[must_use]
pub const fn wait_seconds(of: Of, attempts: u32) -> i64 {
    let over = attempts.saturating_sub(of.free());
    if over == 0 {
        return 0;
    }
    if over > 10 { LONGEST_WAIT_SECONDS } else { shorter(1 << (over - 1)) }
}

const fn shorter(seconds: i64) -> i64 {
    if seconds < LONGEST_WAIT_SECONDS { seconds } else { LONGEST_WAIT_SECONDS }
}

/// One counter as it was read.
#[derive(Debug, Clone)]
pub struct Counter {
    of: Of,
    key: Key,
    attempts: u32,
    next_ms: UnixMillis,
    /// The stored values (if any) that the write is conditional on: attempts, and when the next may
    /// be made. Forgotten attempts stay stored until the TTL deletes them.
    stored: Option<(u32, UnixMillis)>,
}

impl Counter {
    /// A counter that was not read yet.
    #[must_use]
    pub fn new(of: Of, name: &str, part: &str) -> Self {
        let key = Key::new(format!("throttle#{}#{name}", of.as_str()), part);
        Self { of, key, attempts: 0, next_ms: 0, stored: None }
    }

    /// The counter of an account for attempts without a device that it knows.
    #[must_use]
    pub fn of_strangers(login: &str) -> Self {
        Self::new(Of::Account, login, "anyone")
    }

    /// Whether it counts what a known device does.
    #[must_use]
    pub fn is_of_device(&self) -> bool {
        self.of == Of::Device
    }

    pub(super) fn key(&self) -> Key {
        self.key.clone()
    }

    /// Seconds until the next attempt may be made.
    fn waits_seconds(&self, now_ms: UnixMillis) -> i64 {
        (self.next_ms - now_ms).max(0).saturating_add(999).div_euclid(1000)
    }

    fn read(&mut self, row: &Item, now_ms: UnixMillis) -> Result<(), StoreError> {
        let (attempts, next_ms) = (
            read_number(row, "f").map_err(in_table("watch"))?,
            read_number(row, "u").map_err(in_table("watch"))?,
        );
        let ends_at: i64 = read_number(row, EXPIRES_AT).map_err(in_table("watch"))?;
        let ends_ms = ends_at.saturating_mul(1000);
        self.stored = Some((attempts, next_ms));
        if now_ms < ends_ms {
            self.attempts = attempts;
            self.next_ms = match wait_seconds(self.of, attempts) {
                // Of many at once the last to write may have read few attempts, and stored no wait.
                seconds @ 1.. if !self.of.is_exact() => {
                    next_ms.max(ends_ms - (self.of.memory_seconds() - seconds) * 1000)
                }
                _ => next_ms,
            };
        }
        Ok(())
    }
}

/// The counters of one attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    counters: Vec<Counter>,
    now_ms: UnixMillis,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    May,
    /// Not on this account: answered like a wrong password.
    AccountWaits,
    /// Not from this address, for so many seconds: that says nothing about any account.
    AddressWaits(u32),
}

impl Attempt {
    /// An attempt with these counters.
    #[must_use]
    pub fn new(counters: Vec<Counter>, now_ms: UnixMillis) -> Self {
        Self { counters, now_ms }
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.counters.iter()
    }

    /// The same with what was read.
    pub(super) fn with(mut self, rows: Vec<Item>) -> Result<Self, StoreError> {
        for mut row in rows {
            let (partition, sort) = (
                take_string(&mut row, "p").map_err(in_table("watch"))?,
                take_string(&mut row, "k").map_err(in_table("watch"))?,
            );
            let read = Key { partition, sort };
            for counter in self.counters.iter_mut().filter(|counter| counter.key == read) {
                counter.read(&row, self.now_ms)?;
            }
        }
        Ok(self)
    }

    /// Whether it may be made.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let waiting = |counter: &&Counter| counter.next_ms > self.now_ms;
        let is_of_address = |counter: &&Counter| !counter.of.is_exact();
        let mut addresses = self.counters.iter().filter(waiting).filter(is_of_address);
        if let Some(counter) = addresses.next() {
            let seconds = counter.waits_seconds(self.now_ms);
            return Verdict::AddressWaits(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        let any = self.counters.iter().any(|counter| waiting(&counter));
        if any { Verdict::AccountWaits } else { Verdict::May }
    }

    /// Whether counting this attempt makes the next one wait, where this one did not have to: the
    /// names of what begins to wait.
    #[must_use]
    pub fn begins_to_wait(&self) -> Vec<String> {
        let begins = |counter: &&Counter| counter.attempts == counter.of.free();
        let begun = self.counters.iter().filter(begins);
        begun.map(|counter| counter.key.partition.clone()).collect()
    }
}

impl Store {
    /// Counts an attempt and says whether it may be made: exactly for the account,
    /// where the first of many at once wins, and by addition for the address, from which many may
    /// come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, attempt: &Attempt) -> Result<Verdict, StoreError> {
        let mut verdict = attempt.verdict();
        // An attempt that has to wait for its account is not counted there, but takes as long.
        let counts = attempt
            .counters
            .iter()
            .filter(|counter| verdict == Verdict::May || !counter.of.is_exact());
        let counted = counts.map(|counter| self.count_one(counter, attempt.now_ms));
        for counted in join_all(counted).await {
            match counted? {
                // The verdict on an address says nothing about any account, so it takes precedence.
                told @ Verdict::AddressWaits(_) => verdict = told,
                Verdict::AccountWaits if verdict == Verdict::May => verdict = Verdict::AccountWaits,
                Verdict::May | Verdict::AccountWaits => {}
            }
        }
        Ok(verdict)
    }

    async fn count_one(
        &self,
        counter: &Counter,
        now_ms: UnixMillis,
    ) -> Result<Verdict, StoreError> {
        let next_ms = now_ms + wait_seconds(counter.of, counter.attempts.saturating_add(1)) * 1000;
        let ends_ms = now_ms + counter.of.memory_seconds() * 1000;
        let exact = counter.of.is_exact();
        let forgotten = counter.attempts == 0 && counter.stored.is_some();
        let mut values = vec![(":u", number(next_ms)), (":e", expiry(ends_ms)), (":f", number(1))];
        // A forgotten counter starts again at one. The condition lets one attempt reset it.
        let change = if forgotten {
            "SET u = :u, expires_at = :e, f = :f"
        } else {
            values.push((":z", number(0)));
            "SET u = :u, expires_at = :e, f = if_not_exists(f, :z) + :f"
        };
        let condition = match counter.stored {
            // Each write moves the time, so one row is met by one attempt.
            Some((attempts, next_ms)) if exact || forgotten => {
                values.extend([(":g", number(attempts)), (":w", number(next_ms))]);
                Some("f = :g AND u = :w")
            }
            None if exact => Some("attribute_not_exists(f)"),
            _ => None,
        };
        let change = Change { key: &counter.key, change, condition, values };
        let Some(row) = self.watch.update_and_read("count_attempt", change).await? else {
            return Ok(if exact { Verdict::AccountWaits } else { Verdict::AddressWaits(1) });
        };
        let attempts: u32 = read_number(&row, "f").map_err(in_table("watch"))?;
        let others = attempts > counter.attempts.saturating_add(1);
        let over = attempts > counter.of.free();
        Ok(if others && over { Verdict::AddressWaits(1) } else { Verdict::May })
    }

    /// Until when the next attempt that it counts has to wait, if it has to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waits_until(
        &self,
        mut counter: Counter,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let found = self.watch.get("find_counter", &counter.key).await?;
        let now_ms = self.clock.now_ms();
        if let Some(row) = found {
            counter.read(&row, now_ms)?;
        }
        Ok(Some(counter.next_ms).filter(|next_ms| *next_ms > now_ms))
    }

    /// Forgets attempts: somebody signed in.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn forget(&self, counter: &Counter) -> Result<Write, StoreError> {
        delete(&self.watch, &counter.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<_> = (0..17).map(|attempts| wait_seconds(Of::Account, attempts)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert_eq!(wait_seconds(Of::Network, u32::MAX), LONGEST_WAIT_SECONDS);
    }

    #[test]
    fn a_late_write_that_stores_no_wait_takes_none_away() {
        let row = Item::from([
            ("f".to_owned(), number(33)),
            ("u".to_owned(), number(5_000)),
            (EXPIRES_AT.to_owned(), number(5 + Of::Address.memory_seconds())),
        ]);
        let mut counter = Counter::new(Of::Address, "x", "all");
        assert_eq!(counter.read(&row, 5_000), Ok(()));
        assert_eq!(counter.waits_seconds(5_000), 4);
        // The end of a row is a whole second, and what is free waits for no part of it.
        let row = Item::from([
            ("f".to_owned(), number(30)),
            ("u".to_owned(), number(4_100)),
            (EXPIRES_AT.to_owned(), number(5 + Of::Address.memory_seconds())),
        ]);
        let mut counter = Counter::new(Of::Address, "x", "all");
        assert_eq!(counter.read(&row, 4_200), Ok(()));
        assert_eq!(counter.waits_seconds(4_200), 0);
    }

    #[test]
    fn an_address_is_told_and_an_account_is_not() {
        let counter = |of, next_ms| Counter { next_ms, ..Counter::new(of, "x", "all") };
        let verdict = |counters| Attempt::new(counters, 1_000).verdict();
        assert_eq!(
            verdict(vec![counter(Of::Account, 1_000), counter(Of::Address, 0)]),
            Verdict::May
        );
        assert_eq!(verdict(vec![counter(Of::Account, 1_001)]), Verdict::AccountWaits);
        let both = vec![counter(Of::Account, 9_000), counter(Of::Network, 2_001)];
        assert_eq!(verdict(both), Verdict::AddressWaits(2));
    }
}
