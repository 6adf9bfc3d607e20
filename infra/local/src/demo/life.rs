//! What happens in the demo's month: who comes when and says what, drawn from `demo/life.json`.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::Value;
use shared::clock::UnixMillis;

/// The words of the demo.
const LIFE: &str = include_str!("../../demo/life.json");
/// Draws the same month every time.
const SEED: u64 = 30;
const MINUTE_MS: UnixMillis = 60_000;
const HOUR_MS: UnixMillis = 60 * MINUTE_MS;
const DAY_MS: UnixMillis = 24 * HOUR_MS;
const DAYS: i64 = 30;
/// Visitors for each hour of a day, of all that come on it, in hundredths.
const HOURS: [u32; 24] = [1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 8, 6, 6, 7, 7, 6, 5, 5, 6, 5, 4, 2, 1];

/// The words, by language.
#[derive(Deserialize)]
pub(super) struct Life {
    pub(super) staff: Vec<Member>,
    pub(super) canned: Vec<Value>,
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
    /// What the bot is asked.
    pub(super) asked: Vec<&'life str>,
    /// What a person is asked after that.
    pub(super) story: Option<&'life Story>,
    /// What is left for somebody to answer.
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
        for day in 0..DAYS {
            let day_ms = begin_ms + day * DAY_MS;
            // A shop that is asked a little more from week to week, and less at weekends.
            let is_weekend = is_weekend(day_ms);
            let busy = if is_weekend { 2..5 } else { 5..9 };
            for _ in 0..rng.i64(busy) + day / 12 {
                let at_ms = day_ms + hour(&mut rng) * HOUR_MS + rng.i64(0..HOUR_MS);
                visits.extend(self.visit(&mut rng, at_ms));
            }
        }
        let end_ms = begin_ms + DAYS * DAY_MS;
        // Nobody is left over for later than now, and those who wait come last.
        visits.retain(|visit| visit.at_ms < end_ms - HOUR_MS);
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
        let story = if one_in(rng, 5) { rng.choice(&talk.stories) } else { None };
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
pub(super) fn is_weekend(at_ms: UnixMillis) -> bool {
    matches!(at_ms.div_euclid(DAY_MS).rem_euclid(7), 2 | 3)
}

/// Whether somebody of the demo is at the desk.
pub(super) fn is_staffed(at_ms: UnixMillis) -> bool {
    !is_weekend(at_ms) && (8..18).contains(&(at_ms.rem_euclid(DAY_MS) / HOUR_MS))
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
    use super::*;

    #[test]
    fn a_month_has_every_kind_of_visit_in_order_and_in_both_languages() {
        let life = Life::read().unwrap();
        let month = life.month(1_793_000_000_000);
        assert!((150..300).contains(&month.len()), "{}", month.len());
        assert!(month.is_sorted_by_key(|visit| visit.at_ms));
        let with = |of: &dyn Fn(&Visit) -> bool| month.iter().filter(|visit| of(visit)).count();
        for locale in ["en", "de"] {
            assert!(with(&|visit| visit.locale == locale) > 40, "{locale}");
        }
        assert!(with(&|visit| visit.story.is_some() && is_staffed(visit.at_ms)) > 10);
        assert!(with(&|visit| visit.story.is_some() && !is_staffed(visit.at_ms)) > 5);
        assert!(with(&|visit| visit.contact.is_some()) > 10);
        assert!(with(&|visit| visit.rating.is_some_and(|(score, _)| score < 3)) > 3);
        assert_eq!(with(&|visit| visit.waits_with.is_some()), 5);
    }
}
