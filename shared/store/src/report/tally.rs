//! The counts of many conversations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use values::clock::UnixMillis;

/// Hours of a day.
pub const HOURS: usize = 24;
/// Up to here seconds are counted one by one, above it in minutes.
const FINE_SECONDS: u64 = 3_600;

/// How often each duration occurred, in whole seconds, above an hour in whole minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Durations(BTreeMap<u64, u64>);

/// Counts. Adding two is the same as counting both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Conversations by the hour of their opening.
    pub opened: [u64; HOURS],
    /// Those of them that were handed over.
    pub handed_over: [u64; HOURS],
    /// Answered, and by the bot alone.
    pub by_bot_alone: u64,
    /// Hand-overs by the code of their reason.
    pub reasons: BTreeMap<u8, u64>,
    /// From the hand-over to the claim.
    pub waiting: Durations,
    /// From the visitor's first message to the first answer.
    pub first_answer: Durations,
    /// From the claim to the end.
    pub handling: Durations,
    /// Ratings, and the sum of their scores.
    pub ratings: (u64, u64),
    /// Answers that helped, and that did not.
    pub helpful: (u64, u64),
    /// Conversations in which a contact was left.
    pub leads: u64,
    /// Closed by an agent, by the code of the reason; 0 is the visitor.
    pub closing: BTreeMap<u8, u64>,
    /// Opened outside the opening hours.
    pub outside: u64,
}

impl Durations {
    fn add(&mut self, from_ms: UnixMillis, to_ms: UnixMillis) {
        let millis = u64::try_from(to_ms - from_ms).unwrap_or_default();
        let seconds = (millis + 500) / 1_000;
        let seconds = if seconds > FINE_SECONDS { seconds / 60 * 60 } else { seconds };
        *self.0.entry(seconds).or_default() += 1;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The percentile by nearest rank, in seconds; nothing where there is nothing.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut below = 0;
        self.0.iter().find_map(|(seconds, count)| {
            below += count;
            (below >= rank).then_some(*seconds)
        })
    }
}

impl Tally {
    /// Counts a conversation in that was opened in that hour of its day.
    pub fn add(&mut self, facts: &Facts, hour: usize) {
        // Taken apart as a whole, so that nothing is counted in facts and not here.
        let Facts {
            opened_ms: _,
            outside,
            events: _,
            said_ms,
            answered_ms,
            asked_ms,
            reason,
            claimed_ms,
            score,
            helped,
            failed,
            lead,
            closed_ms,
            closing,
        } = facts;
        let add = |counts: &mut [u64; HOURS]| {
            if let Some(count) = counts.get_mut(hour) {
                *count += 1;
            }
        };
        add(&mut self.opened);
        if asked_ms.is_some() {
            add(&mut self.handed_over);
            *self.reasons.entry(reason.unwrap_or_default()).or_default() += 1;
        } else if answered_ms.is_some() {
            self.by_bot_alone += 1;
        }
        let mut time =
            |durations: fn(&mut Self) -> &mut Durations, from: &Option<_>, to: &Option<_>| {
                if let (Some(from_ms), Some(to_ms)) = (from, to) {
                    durations(self).add(*from_ms, *to_ms);
                }
            };
        time(|tally| &mut tally.waiting, asked_ms, claimed_ms);
        time(|tally| &mut tally.first_answer, said_ms, answered_ms);
        time(|tally| &mut tally.handling, claimed_ms, closed_ms);
        if let Some(score) = score {
            self.ratings.0 += 1;
            self.ratings.1 += u64::from(*score);
        }
        self.helpful.0 += u64::from(*helped);
        self.helpful.1 += u64::from(*failed);
        self.leads += u64::from(*lead);
        if closed_ms.is_some() {
            *self.closing.entry(closing.unwrap_or_default()).or_default() += 1;
        }
        self.outside += u64::from(*outside);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: Self) {
        let Self {
            opened,
            handed_over,
            by_bot_alone,
            reasons,
            waiting,
            first_answer,
            handling,
            ratings,
            helpful,
            leads,
            closing,
            outside,
        } = other;
        for (sum, more) in self.opened.iter_mut().zip(opened) {
            *sum += more;
        }
        for (sum, more) in self.handed_over.iter_mut().zip(handed_over) {
            *sum += more;
        }
        self.by_bot_alone += by_bot_alone;
        merge(&mut self.reasons, reasons);
        merge(&mut self.waiting.0, waiting.0);
        merge(&mut self.first_answer.0, first_answer.0);
        merge(&mut self.handling.0, handling.0);
        self.ratings = (self.ratings.0 + ratings.0, self.ratings.1 + ratings.1);
        self.helpful = (self.helpful.0 + helpful.0, self.helpful.1 + helpful.1);
        self.leads += leads;
        merge(&mut self.closing, closing);
        self.outside += outside;
    }

    /// All conversations.
    #[must_use]
    pub fn conversations(&self) -> u64 {
        self.opened.iter().sum()
    }
}

fn merge<K: Ord>(sum: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *sum.entry(key).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let time = || prop::option::of(0_i64..10_000_000);
        (any::<bool>(), time(), time(), time(), time(), time(), 0_u8..6, any::<bool>()).prop_map(
            |(outside, said_ms, answered_ms, asked_ms, claimed_ms, closed_ms, score, lead)| Facts {
                outside,
                said_ms,
                answered_ms,
                asked_ms,
                claimed_ms,
                closed_ms,
                score: (score > 0).then_some(score),
                lead,
                helped: u32::from(score),
                ..Facts::opened(0, outside)
            },
        )
    }

    proptest! {
        #[test]
        fn counting_two_parts_and_adding_them_is_counting_the_whole(
            all in prop::collection::vec((facts(), 0..HOURS), 0..20), at in 0_usize..20,
        ) {
            let count = |some: &[(Facts, usize)]| {
                let mut tally = Tally::default();
                for (facts, hour) in some {
                    tally.add(facts, *hour);
                }
                tally
            };
            let (first, second) = all.split_at(at.min(all.len()));
            let mut sum = count(first);
            sum.merge(count(second));
            prop_assert_eq!(&sum, &count(&all));
            let stored: Tally = serde_json::from_str(&serde_json::to_string(&sum).unwrap()).unwrap();
            prop_assert_eq!(stored, sum);
        }

        #[test]
        fn a_percentile_is_the_nearest_rank(
            mut all in prop::collection::vec(0_u64..3_000, 1..40), percent in 1_u64..=100,
        ) {
            let mut durations = Durations::default();
            for seconds in &all {
                durations.add(0, i64::try_from(seconds * 1_000).unwrap());
            }
            all.sort_unstable();
            let rank = usize::try_from((all.len() as u64 * percent).div_ceil(100)).unwrap();
            prop_assert_eq!(durations.percentile(percent), Some(all[rank.max(1) - 1]));
        }
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Durations::default().percentile(50), None);
    }
}
