//! The visits of the demo's month: their times and words, drawn from `demo/life.json`.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::UnixMillis;

/// The words of the demo.
const LIFE: &str = include_str!("../../demo/life.json");
/// Draws the same month every time.
const SEED: u64 = 30;
const MINUTE_MS: UnixMillis = 60_000;
const HOUR_MS: UnixMillis = 60 * MINUTE_MS;
const DAY_MS: UnixMillis = 24 * HOUR_MS;
const DAYS: i64 = 30;
/// Hours before and behind now in which the shop is open.
const OPEN_HOURS: i64 = 5;
/// The hour of such a day at which a shop opens.
const OPENS_AT: i64 = 8;
/// Visitors for each hour of a day, of all that come on it, in hundredths.
const HOURS: [u32; 24] = [1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 8, 6, 6, 7, 7, 6, 5, 5, 6, 5, 4, 2, 1];

/// The words, by language.
#[derive(Deserialize)]
pub(super) struct Life {
    pub(super) staff: Vec<Member>,
    pub(super) canned: Vec<Value>,
    /// The looks of the shop's site.
    pub(super) site: serde_json::Map<String, Value>,
    talk: BTreeMap<String, Talk>,
}

/// Somebody who is hired.
#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: String,
}

#[derive(Deserialize)]
struct Talk {
    asked: Vec<String>,
    contacts: Vec<Contact>,
    praise: Vec<String>,
    blame: Vec<String>,
    stories: Vec<Story>,
    waiting: Vec<String>,
}

/// A name, and the part of the address before the `@`.
#[derive(Deserialize)]
pub(super) struct Contact(pub(super) String, pub(super) String);

/// A question that a person answers.
#[derive(Deserialize)]
pub(super) struct Story {
    pub(super) question: String,
    pub(super) answers: Vec<String>,
    pub(super) thanks: String,
    pub(super) tag: String,
}

/// A visit.
pub(super) struct Visit<'life> {
    pub(super) at_ms: UnixMillis,
    pub(super) locale: &'life str,
    /// Questions to the bot.
    pub(super) asked: Vec<&'life str>,
    /// A question to a person after them.
    pub(super) story: Option<&'life Story>,
    /// A question that nobody has answered yet.
    pub(super) waits_with: Option<&'life str>,
    /// Whether the last answer of the bot helped.
    pub(super) helped: Option<bool>,
    /// The score, and a word to it.
    pub(super) rating: Option<(u8, Option<&'life str>)>,
    /// The contact that the visitor leaves.
    pub(super) contact: Option<&'life Contact>,
    /// Whether the visitor ends the chat.
    pub(super) ends: bool,
}

impl Life {
    pub(super) fn read() -> Result<Self, String> {
        serde_json::from_str(LIFE).map_err(|error| format!("demo/life.json: {error}."))
    }

    /// The visits of thirty days from then on, in their order.
    pub(super) fn month(&self, begin_ms: UnixMillis) -> Vec<Visit<'_>> {
        let mut rng = Rng::with_seed(SEED);
        let mut visits = Vec::new();
        // The shop's day begins when it opens, at whatever hour the demo is tried.
        let shift = opens_ms(begin_ms + DAYS * DAY_MS) / HOUR_MS - OPENS_AT;
        for day in 0..=DAYS {
            let day_ms = (begin_ms / DAY_MS + day) * DAY_MS;
            // A shop that is asked a little more from week to week, and less at weekends.
            let is_weekend = is_weekend(day_ms);
            let busy = if is_weekend { 1..3 } else { 3..6 };
            for _ in 0..rng.i64(busy) + day / 12 {
                let hour = (hour(&mut rng) + shift).rem_euclid(24);
                let at_ms = day_ms + hour * HOUR_MS + rng.i64(0..HOUR_MS);
                visits.extend(self.visit(&mut rng, at_ms));
            }
        }
        let end_ms = begin_ms + DAYS * DAY_MS;
        // Those who wait come last.
        visits.retain(|visit| (begin_ms..end_ms - HOUR_MS).contains(&visit.at_ms));
        visits.sort_by_key(|visit| visit.at_ms);
        visits.extend(self.waiting(end_ms));
        visits
    }

    fn visit(&self, rng: &mut Rng, at_ms: UnixMillis) -> Option<Visit<'_>> {
        let is_german = rng.u8(0..10) < 4;
        let locale = if is_german { "de" } else { "en" };
        let (locale, talk) = self.talk.get_key_value(locale)?;
        let one_in = |rng: &mut Rng, of: u8| rng.u8(0..of) == 0;
        let asked =
            (0..rng.usize(1..4)).filter_map(|_| rng.choice(&talk.asked)).map(String::as_str);
        let asked: Vec<_> = asked.collect();
        let story = if one_in(rng, 3) { rng.choice(&talk.stories) } else { None };
        let score = *rng.choice(&[5, 5, 5, 4, 4, 3, 2, 1])?;
        let words = if score > 3 { &talk.praise } else { &talk.blame };
        let word = if one_in(rng, 3) { rng.choice(words).map(String::as_str) } else { None };
        Some(Visit {
            at_ms,
            locale,
            asked,
            story,
            waits_with: None,
            helped: one_in(rng, 3).then(|| !one_in(rng, 5)),
            rating: one_in(rng, 4).then_some((score, word)),
            contact: if one_in(rng, 9) { rng.choice(&talk.contacts) } else { None },
            ends: rng.bool(),
        })
    }

    /// Those who wait when the demo opens.
    fn waiting(&self, end_ms: UnixMillis) -> Vec<Visit<'_>> {
        let count: usize = self.talk.values().map(|talk| talk.waiting.len()).sum();
        let mut minutes = i64::try_from(count).unwrap_or_default() * 2;
        let mut visits = Vec::new();
        for (locale, talk) in &self.talk {
            for question in &talk.waiting {
                visits.push(Visit {
                    at_ms: end_ms - minutes * MINUTE_MS,
                    locale,
                    asked: Vec::new(),
                    story: None,
                    waits_with: Some(question),
                    helped: None,
                    rating: None,
                    contact: None,
                    ends: false,
                });
                minutes -= 2;
            }
        }
        visits
    }
}

/// Saturday or Sunday in UTC; 1 January 1970 was a Thursday.
fn is_weekend(at_ms: UnixMillis) -> bool {
    matches!(at_ms.div_euclid(DAY_MS).rem_euclid(7), 2 | 3)
}

/// Whether somebody of the demo is at the desk.
pub(super) fn is_staffed(at_ms: UnixMillis, now_ms: UnixMillis) -> bool {
    let hours = (at_ms - opens_ms(now_ms)).rem_euclid(DAY_MS) / HOUR_MS;
    hours < 2 * OPEN_HOURS
}

/// The opening hours of the shop: five hours before now to five hours behind it, each day, so that
/// whoever tries the demo finds it open.
pub(super) fn opening_hours(now_ms: UnixMillis) -> Value {
    let hour = |hours: i64| (opens_ms(now_ms) / HOUR_MS + hours).rem_euclid(24);
    let (opens, closes) = (hour(0), hour(2 * OPEN_HOURS));
    let time = |hour: i64| format!("{hour:02}:00");
    let spans = if opens < closes {
        vec![[time(opens), time(closes)]]
    } else {
        let before = [time(0), time(closes)];
        let behind = [time(opens), "24:00".to_owned()];
        [before, behind].into_iter().filter(|[from, to]| from != to).collect()
    };
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let week: serde_json::Map<_, _> =
        days.into_iter().map(|day| (day.to_owned(), json!(spans))).collect();
    json!({ "time_zone": "UTC", "week": week, "closed_on": [] })
}

/// The full hour at which the shop opens on the day of now.
fn opens_ms(now_ms: UnixMillis) -> UnixMillis {
    (now_ms / HOUR_MS - OPEN_HOURS) * HOUR_MS
}

fn hour(rng: &mut Rng) -> i64 {
    let mut rest = rng.u32(0..HOURS.iter().sum());
    for (hour, share) in (0..).zip(HOURS) {
        if rest < share {
            return hour;
        }
        rest -= share;
    }
    0
}

#[cfg(test)]
mod tests {
    use shared::values::site_settings::SiteSettings;

    use super::*;

    #[test]
    fn a_month_has_every_kind_of_visit_in_order_and_in_both_languages() {
        let life = Life::read().unwrap();
        let begin_ms = 1_793_000_000_000;
        let end_ms = begin_ms + DAYS * DAY_MS;
        let month = life.month(begin_ms);
        assert!((90..200).contains(&month.len()), "{}", month.len());
        assert!(month.is_sorted_by_key(|visit| visit.at_ms));
        let with = |of: &dyn Fn(&Visit) -> bool| month.iter().filter(|visit| of(visit)).count();
        for locale in ["en", "de"] {
            assert!(with(&|visit| visit.locale == locale) > 25, "{locale}");
        }
        assert!(with(&|visit| visit.story.is_some() && is_staffed(visit.at_ms, end_ms)) > 5);
        assert!(with(&|visit| visit.story.is_some() && !is_staffed(visit.at_ms, end_ms)) > 5);
        assert!(with(&|visit| visit.contact.is_some()) > 5);
        assert!(with(&|visit| visit.rating.is_some_and(|(score, _)| score < 3)) > 1);
        assert_eq!(with(&|visit| visit.waits_with.is_some()), 5);
    }

    #[test]
    fn at_whatever_hour_it_is_tried_both_agents_have_answered_some() {
        let life = Life::read().unwrap();
        for hour in 0..24 {
            let begin_ms = 1_793_000_000_000 + hour * HOUR_MS;
            let month = life.month(begin_ms);
            let end_ms = begin_ms + DAYS * DAY_MS;
            for turn in 0..2 {
                let answered = month.iter().skip(turn).step_by(2);
                let answered = answered
                    .filter(|visit| visit.story.is_some() && is_staffed(visit.at_ms, end_ms));
                assert!(answered.count() > 3, "{hour} {turn}");
            }
        }
    }

    #[test]
    fn the_shop_is_open_now_at_any_time_and_its_hours_are_hours() {
        for hour in 0..24 {
            let now_ms = 1_793_000_000_000 + hour * HOUR_MS;
            assert!(is_staffed(now_ms, now_ms) && !is_staffed(now_ms + 12 * HOUR_MS, now_ms));
            let raw = json!({ "opening_hours": opening_hours(now_ms) });
            let settings = SiteSettings::judge(serde_json::from_value(raw).unwrap()).unwrap();
            for later in 0..24 {
                let at_ms = now_ms + later * HOUR_MS;
                assert_eq!(settings.open_at(at_ms), is_staffed(at_ms, now_ms), "{hour} {later}");
            }
        }
    }
}
