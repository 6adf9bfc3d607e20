//! The one source of time. Everything else takes a [`Clock`]; `clippy.toml` refuses the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since the Unix epoch, UTC.
pub type UnixMillis = i64;

/// A clock whose clones share one instant. It never goes back by [`Clock::advance`].
#[derive(Clone, Debug)]
pub struct Clock {
    ticking: bool,
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock; `advance` shifts it for every clone (the local control port does).
    #[must_use]
    pub fn system() -> Self {
        Self { ticking: true, offset_ms: Arc::default() }
    }

    /// The machine's clock, behind by so much: the demo's past is played on it, until it is advanced
    /// by as much.
    #[must_use]
    pub fn behind(by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self { ticking: true, offset_ms: Arc::new(AtomicI64::new(by.saturating_neg())) }
    }

    /// A clock that stands still at `start_ms` until it is advanced.
    #[must_use]
    pub fn manual(start_ms: UnixMillis) -> Self {
        Self { ticking: false, offset_ms: Arc::new(AtomicI64::new(start_ms)) }
    }

    /// Moves this clock and all its clones forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _previous = self
            .offset_ms
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(by)));
    }

    /// Now, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> UnixMillis {
        let base = if self.ticking { system_ms() } else { 0 };
        base.saturating_add(self.offset_ms.load(Ordering::SeqCst))
    }

    /// Now, in whole seconds since the Unix epoch.
    #[must_use]
    pub fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }
}

/// Formats an instant as RFC 3339 in UTC with milliseconds, as every time in the API is written.
#[must_use]
pub fn rfc3339(at_ms: UnixMillis) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000) else {
        return String::new();
    };
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, milli) = at.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads an instant in RFC 3339, of whatever offset; `None` for anything else, and for what is before
/// 1970.
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<UnixMillis> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let at_ms = i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
    (at_ms >= 0).then_some(at_ms)
}

/// The calendar month of an instant in UTC, `YYYY-MM`: the name of a branch key.
#[must_use]
pub fn month(at_ms: UnixMillis) -> String {
    OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000))
        .map(|at| format!("{:04}-{:02}", at.year(), u8::from(at.month())))
        .unwrap_or_default()
}

/// The hour of an instant in UTC, `YYYY-MM-DDTHH`.
#[must_use]
pub fn hour(at_ms: UnixMillis) -> String {
    rfc3339(at_ms).get(..13).unwrap_or_default().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_ms() -> UnixMillis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_instant() {
        let clock = Clock::manual(1_000);
        let clone = clock.clone();
        clone.advance(Duration::from_secs(2));
        assert_eq!(clock.now_ms(), 3_000);
    }

    #[test]
    fn instants_are_written_as_rfc_3339_utc() {
        assert_eq!(rfc3339(1_763_899_200_123), "2025-11-23T12:00:00.123Z");
        assert_eq!(rfc3339(1_763_899_200_000), "2025-11-23T12:00:00.000Z");
        assert_eq!(month(1_763_899_200_123), "2025-11");
    }
}
