//! Trying again what another writer was in the way of: after a pause that nobody else takes, and for as
//! long as the caller waits for an answer.

use std::time::Duration;

use super::{Store, StoreError};
use values::clock::{Clock, UnixMillis};
use values::random;

/// A function answers by itself after nine seconds; the try that is under way then has to end.
const WAITED_MS: UnixMillis = 6_000;
/// Tries in that time at most.
const MOST: u32 = 64;
/// The longest pause doubles from about what a try takes, until a crowd is spread so far that most tries
/// meet nobody.
const FIRST_MS: u64 = 32;
const LONGEST_MS: u64 = 1_024;

/// How often something was tried.
pub(super) struct Tries<'a> {
    clock: &'a Clock,
    until_ms: UnixMillis,
    made: u32,
}

impl Store {
    /// Counts tries from now on.
    pub(super) fn tries(&self) -> Tries<'_> {
        Tries { clock: &self.clock, until_ms: self.clock.now_ms() + WAITED_MS, made: 0 }
    }
}

impl Tries<'_> {
    /// Pauses before the next try.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no time for another one.
    pub(super) async fn again(&mut self) -> Result<(), StoreError> {
        self.made += 1;
        if self.made >= MOST || self.clock.now_ms() >= self.until_ms {
            return Err(StoreError::Unavailable);
        }
        pause(longest(self.made)).await
    }
}

/// The longest pause before this try.
fn longest(made: u32) -> u64 {
    FIRST_MS.checked_shl(made - 1).unwrap_or(LONGEST_MS).min(LONGEST_MS)
}

/// Waits between nothing and `longest_ms`: those who met wait for times of their own.
#[expect(clippy::disallowed_methods, reason = "nobody tells when the others are done")]
async fn pause(longest_ms: u64) -> Result<(), StoreError> {
    let [random] = random::bytes::<1>()?;
    let pause_ms = longest_ms * u64::from(random) / u64::from(u8::MAX);
    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_a_bound() {
        let pauses: Vec<_> = (1..MOST).map(longest).collect();
        assert_eq!(pauses[..7], [32, 64, 128, 256, 512, 1_024, 1_024]);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_MS));
    }

    #[tokio::test]
    async fn nobody_tries_for_longer_than_a_caller_waits() {
        let clock = Clock::manual(0);
        let mut tries = Tries { clock: &clock, until_ms: WAITED_MS, made: 0 };
        assert_eq!(tries.again().await, Ok(()));
        clock.advance(Duration::from_secs(6));
        assert_eq!(tries.again().await, Err(StoreError::Unavailable));
    }
}
