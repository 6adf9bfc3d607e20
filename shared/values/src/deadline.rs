//! Deadlines that a law sets for the answer to a subject's request: calendar dates, counted from
//! the day on which the request came.
//!
//! A deadline is counted in UTC and keeps the time of day of the receipt, so it ends within the
//! last day that the law gives and not at its very end. A deadline on a weekend is not put off to
//! the next working day either. Business days are Monday to Friday; public holidays, which differ
//! from place to place, are not counted as days off. Each of these rules makes a deadline earlier,
//! never later.

use time::{Date, Month, OffsetDateTime, UtcOffset, Weekday};

use super::clock::UnixMillis;
use super::policy::DAY_MS;

/// The law under which a subject asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// The General Data Protection Regulation of the European Union.
    Gdpr,
    /// The California Consumer Privacy Act.
    Ccpa,
    /// Another law, or none.
    Other,
}

/// Calendar months to answer in (GDPR, Art. 12(3)), and further ones after an extension.
const GDPR_MONTHS: [u32; 2] = [1, 2];
/// Business days to confirm that the request came (11 CCR § 7021(a)).
const CCPA_BUSINESS_DAYS: u32 = 10;
/// Calendar days to answer in (§ 7021(b)), and further ones after an extension.
const CCPA_DAYS: [i64; 2] = [45, 45];
/// The same where no law says it.
const OTHER_DAYS: [i64; 2] = [30, 30];

impl Law {
    const ALL: [Self; 3] = [Self::Gdpr, Self::Ccpa, Self::Other];

    /// Its name in requests and items.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gdpr => "gdpr",
            Self::Ccpa => "ccpa",
            Self::Other => "other",
        }
    }

    /// The law of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|law| law.as_str() == name)
    }

    /// By when it has to be confirmed that a request came, where the law asks for that.
    #[must_use]
    pub fn confirm_by_ms(self, received_ms: UnixMillis) -> Option<UnixMillis> {
        match self {
            Self::Ccpa => Some(business_days_after(received_ms, CCPA_BUSINESS_DAYS)),
            Self::Gdpr | Self::Other => None,
        }
    }

    /// By when a request has to be answered. An extension is counted from the receipt as well: the
    /// two periods are one.
    #[must_use]
    pub fn due_ms(self, received_ms: UnixMillis, extended: bool) -> UnixMillis {
        let days = |[first, further]: [i64; 2]| {
            received_ms.saturating_add((first + if extended { further } else { 0 }) * DAY_MS)
        };
        match self {
            Self::Gdpr => {
                let [first, further] = GDPR_MONTHS;
                months_after(received_ms, first + if extended { further } else { 0 })
            }
            Self::Ccpa => days(CCPA_DAYS),
            Self::Other => days(OTHER_DAYS),
        }
    }
}

/// The same day of a later month, or its last day if it has no such day (Regulation 1182/71, Art.
/// 3(2)(c)), at the same time of day.
#[must_use]
pub fn months_after(at_ms: UnixMillis, months: u32) -> UnixMillis {
    let later = date_of(at_ms).and_then(|date| {
        let count = u32::from(u8::from(date.month())) - 1 + months;
        let year = date.year() + i32::try_from(count / 12).ok()?;
        let month = Month::try_from(u8::try_from(count % 12 + 1).ok()?).ok()?;
        let day = date.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).ok()
    });
    match later {
        Some(date) => {
            let midnight = date.midnight().assume_offset(UtcOffset::UTC).unix_timestamp() * 1000;
            midnight + at_ms.rem_euclid(DAY_MS)
        }
        // Beyond the calendar; no month is shorter.
        None => at_ms.saturating_add(i64::from(months) * 28 * DAY_MS),
    }
}

/// The same time of the day that is the `days`th business day behind this one.
#[must_use]
pub fn business_days_after(at_ms: UnixMillis, days: u32) -> UnixMillis {
    let (mut at_ms, mut left) = (at_ms, days);
    while left > 0 {
        at_ms = at_ms.saturating_add(DAY_MS);
        let day = date_of(at_ms).map(Date::weekday);
        if !matches!(day, Some(Weekday::Saturday | Weekday::Sunday)) {
            left -= 1;
        }
    }
    at_ms
}

fn date_of(at_ms: UnixMillis) -> Option<Date> {
    OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)).ok().map(OffsetDateTime::date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::{from_rfc3339, rfc3339};

    /// From the receipt to the answer and to the extended answer, day for day.
    fn due(law: Law, received: &str) -> [String; 2] {
        let received_ms = from_rfc3339(received).unwrap();
        [false, true].map(|extended| rfc3339(law.due_ms(received_ms, extended)))
    }

    #[test]
    fn a_month_is_the_same_day_or_the_last_one() {
        // By hand, with a calendar; 2028 is a leap year.
        for (received, month, quarter) in [
            ("2026-11-02T09:00:00Z", "2026-12-02T09:00:00.000Z", "2027-02-02T09:00:00.000Z"),
            ("2026-12-05T00:00:00Z", "2027-01-05T00:00:00.000Z", "2027-03-05T00:00:00.000Z"),
            ("2027-01-31T23:59:59Z", "2027-02-28T23:59:59.000Z", "2027-04-30T23:59:59.000Z"),
            ("2028-01-31T12:00:00Z", "2028-02-29T12:00:00.000Z", "2028-04-30T12:00:00.000Z"),
            ("2028-01-29T12:00:00Z", "2028-02-29T12:00:00.000Z", "2028-04-29T12:00:00.000Z"),
            ("2027-02-28T12:00:00Z", "2027-03-28T12:00:00.000Z", "2027-05-28T12:00:00.000Z"),
            ("2027-11-30T12:00:00Z", "2027-12-30T12:00:00.000Z", "2028-02-29T12:00:00.000Z"),
            ("2027-05-31T12:00:00Z", "2027-06-30T12:00:00.000Z", "2027-08-31T12:00:00.000Z"),
        ] {
            assert_eq!(due(Law::Gdpr, received), [month, quarter], "{received}");
        }
    }

    #[test]
    fn californian_days_are_calendar_days_and_others_too() {
        // November 2026 has 30 days: 28 are left of it, and 17 of December make 45.
        let received = "2026-11-02T09:00:00Z";
        assert_eq!(
            due(Law::Ccpa, received),
            ["2026-12-17T09:00:00.000Z", "2027-01-31T09:00:00.000Z"]
        );
        assert_eq!(
            due(Law::Other, received),
            ["2026-12-02T09:00:00.000Z", "2027-01-01T09:00:00.000Z"]
        );
    }

    #[test]
    fn business_days_are_monday_to_friday() {
        // 2026-11-02 is a Monday. Thanksgiving, the 26th, counts like any other Thursday.
        for (received, confirm_by) in [
            ("2026-11-02T09:00:00Z", "2026-11-16T09:00:00.000Z"),
            ("2026-11-06T09:00:00Z", "2026-11-20T09:00:00.000Z"),
            ("2026-11-07T09:00:00Z", "2026-11-20T09:00:00.000Z"),
            ("2026-11-08T23:00:00Z", "2026-11-20T23:00:00.000Z"),
            ("2026-11-18T09:00:00Z", "2026-12-02T09:00:00.000Z"),
        ] {
            let by = Law::Ccpa.confirm_by_ms(from_rfc3339(received).unwrap()).unwrap();
            assert_eq!(rfc3339(by), confirm_by, "{received}");
        }
        assert_eq!(Law::Gdpr.confirm_by_ms(0), None);
        assert_eq!(Law::Other.confirm_by_ms(0), None);
    }

    #[test]
    fn a_law_is_found_by_its_name() {
        for law in Law::ALL {
            assert_eq!(Law::find(law.as_str()), Some(law));
        }
        assert_eq!(Law::find("GDPR"), None);
    }

    proptest! {
        #[test]
        fn months_keep_the_time_of_day_and_their_order(at_ms in 0_i64..4_102_444_800_000, months in 1_u32..40) {
            let later = months_after(at_ms, months);
            prop_assert_eq!(later.rem_euclid(DAY_MS), at_ms.rem_euclid(DAY_MS));
            let days = (later - at_ms) / DAY_MS;
            prop_assert!((28 * i64::from(months)..=31 * i64::from(months)).contains(&days));
            prop_assert!(months_after(at_ms, months + 1) > later);
        }

        #[test]
        fn ten_business_days_are_two_weeks_at_most(at_ms in 0_i64..4_102_444_800_000) {
            let days = (business_days_after(at_ms, 10) - at_ms) / DAY_MS;
            prop_assert!((12..=14).contains(&days));
        }
    }
}
