//! How many attacks are found, after how many of their events, and how often ordinary life is taken for one.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use monitor::act::Event;
use monitor::habits::Habits;
use monitor::rules::{Thresholds, find};
use shared::clock::UnixMillis;
use shared::store::incident::Whose;

use crate::attacks::{ATTACKS, Attack, Strength};
use crate::life::{DAY_MS, DAYS, Life};

/// How often one attack was found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Found {
    /// Attacks that were played.
    pub played: u32,
    /// Those that were found.
    pub found: u32,
    /// Events of the attack until it was found, the median.
    pub events: usize,
    /// Seconds from its first event, the median.
    pub seconds: i64,
}

impl Found {
    /// The share that was found.
    #[must_use]
    pub fn share(&self) -> f64 {
        f64::from(self.found) / f64::from(self.played.max(1))
    }
}

/// The result over all seeds.
pub struct Score {
    /// By attack, weak, medium and strong.
    pub attacks: Vec<(&'static str, [Found; 3])>,
    /// Incidents of ordinary life a week, for a team of ten.
    pub false_per_week: f64,
    /// Those by rule.
    pub false_by_rule: Vec<(&'static str, u32)>,
    /// Events of ordinary life that were judged.
    pub events: usize,
}

impl Score {
    /// The share of attacks of a strength that was found.
    #[must_use]
    pub fn share(&self, strength: Strength) -> f64 {
        let of = |(_, found): &(_, [Found; 3])| found[strength as usize];
        let found: u32 = self.attacks.iter().map(|one| of(one).found).sum();
        let played: u32 = self.attacks.iter().map(|one| of(one).played).sum();
        f64::from(found) / f64::from(played.max(1))
    }
}

/// Plays every attack once at every strength upon the quarter of every seed.
#[must_use]
pub fn score(seeds: Range<u64>) -> Score {
    let thresholds = Thresholds::default();
    let mut attacks: Vec<_> =
        ATTACKS.iter().map(|attack| (attack, [const { Vec::new() }; 3])).collect();
    let (mut false_by_rule, mut false_incidents, mut events) = (HashMap::new(), 0, 0);
    for seed in seeds.clone() {
        let mut life = Life::of(seed);
        events += life.events.len();
        false_incidents += ordinary(&life, &thresholds, &mut false_by_rule);
        for (attack, results) in &mut attacks {
            for strength in Strength::ALL {
                let played = attack.play(&mut life, strength);
                results[strength as usize].push(discovery(&life, attack, &played, &thresholds));
            }
        }
    }
    let quarters = i32::try_from(seeds.end - seeds.start).unwrap_or(1);
    let weeks = f64::from(quarters) * f64::from(i32::try_from(DAYS).unwrap_or(1)) / 7.0;
    let mut false_by_rule: Vec<_> = false_by_rule.into_iter().collect();
    false_by_rule.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Score {
        attacks: attacks
            .into_iter()
            .map(|(attack, results)| (attack.name, results.map(|results| summed(&results))))
            .collect(),
        false_per_week: f64::from(false_incidents) / weeks,
        false_by_rule,
        events,
    }
}

/// Incidents of ordinary life. Signals of a kind about one thing join for a day: by then somebody has judged
/// them.
fn ordinary(life: &Life, thresholds: &Thresholds, by_rule: &mut HashMap<&'static str, u32>) -> u32 {
    let mut habits: HashMap<Whose, Habits> = HashMap::new();
    let mut open: HashMap<(&str, String), UnixMillis> = HashMap::new();
    let mut incidents = 0;
    for event in &life.events {
        let whose = event.whose();
        let joined = whose.joined();
        let habits = habits.entry(whose).or_default();
        if !habits.take(event) {
            continue;
        }
        for met in habits.judge(event, thresholds) {
            let Some(rule) = find(met.rule) else { continue };
            let last_ms = open.insert((rule.kind.as_str(), joined.clone()), event.at_ms);
            if last_ms.is_none_or(|last_ms| event.at_ms - last_ms > DAY_MS) {
                incidents += 1;
                *by_rule.entry(rule.name).or_default() += 1;
            }
        }
    }
    incidents
}

/// After how many events of the attack, and how long after the first of them, it was found.
fn discovery(
    life: &Life,
    attack: &Attack,
    played: &[Event],
    thresholds: &Thresholds,
) -> Option<(usize, i64)> {
    let first = played.first()?;
    let ours: HashSet<_> = played.iter().map(|event| event.id.as_str()).collect();
    let whose: HashSet<_> = played.iter().map(Event::whose).collect();
    let ordinary = life.events.iter().filter(|event| whose.contains(&event.whose()));
    let mut events: Vec<_> = ordinary.chain(played).collect();
    events.sort_by_key(|event| event.at_ms);
    let mut habits: HashMap<Whose, Habits> = HashMap::new();
    let mut seen = 0;
    for event in events {
        let habits = habits.entry(event.whose()).or_default();
        if !habits.take(event) {
            continue;
        }
        seen += usize::from(ours.contains(event.id.as_str()));
        let finds = habits.judge(event, thresholds).into_iter().any(|met| {
            let kind = find(met.rule).map(|rule| rule.kind.as_str());
            kind.is_some_and(|kind| attack.found_by.contains(&kind))
                && met.evidence.iter().any(|(id, _)| ours.contains(id.as_str()))
        });
        if finds {
            return Some((seen, (event.at_ms - first.at_ms) / 1000));
        }
    }
    None
}

fn summed(results: &[Option<(usize, i64)>]) -> Found {
    let mut found: Vec<_> = results.iter().flatten().copied().collect();
    found.sort_unstable();
    let (events, seconds) = found.get(found.len() / 2).copied().unwrap_or_default();
    Found {
        played: u32::try_from(results.len()).unwrap_or(u32::MAX),
        found: u32::try_from(found.len()).unwrap_or(u32::MAX),
        events,
        seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short form with seeds that nobody has tuned on; `cargo run --release --bin simulate` is the long one.
    #[test]
    fn strong_attacks_are_found_and_ordinary_life_is_not_taken_for_one() {
        let score = score(2_000..2_003);
        assert!(score.attacks.len() >= 14);
        assert!(score.share(Strength::Strong) >= 0.95, "{}", score.share(Strength::Strong));
        assert!(score.share(Strength::Weak) >= 0.8, "{}", score.share(Strength::Weak));
        assert!(score.false_per_week < 1.0, "{} {:?}", score.false_per_week, score.false_by_rule);
    }

    #[test]
    fn a_seed_is_the_same_quarter_again() {
        assert!(Life::of(7).events == Life::of(7).events);
        assert!(Life::of(7).events != Life::of(8).events);
    }
}
