//! The habits of a person, as far as detection needs them: their last acts, the hours and weekdays at which
//! they work, and how much they read a day. Of a network or a visitor there are only the last acts. Bounded,
//! whatever somebody does.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use shared::clock::UnixMillis;

use crate::act::{Act, Event};
use crate::rules::{LEAST_A_DAY, Measure, RULES, Rule, Thresholds};

const HOUR_MS: UnixMillis = 60 * 60 * 1000;
const DAY_MS: UnixMillis = 24 * HOUR_MS;
/// Acts of one kind that are remembered; more than any threshold. An act with an object is remembered once for each
/// object, so that repeating it pushes nothing out.
const REMEMBERED: usize = 64;
/// The longest that one is remembered: the longest window.
const REMEMBERED_MS: UnixMillis = 7 * DAY_MS;
/// Days with openings after which hours, weekdays and numbers are habits.
const KNOWN_DAYS: u32 = 10;
/// Share of a new day in the means.
const NEWEST: f64 = 0.15;
/// An hour, with its neighbours, at which somebody opens conversations on fewer of their days than this is not
/// theirs. One night alone does not make it theirs.
const RARE_HOUR: f64 = 0.16;
/// A weekday at which somebody did not open conversations twice in so many days is not theirs.
const RARE_WEEKDAY_DAYS: i64 = 60;
/// Openings by which one day alone makes its weekday theirs.
const TAUGHT_BY: u32 = 5;
/// Makes a mean deviation comparable with a standard deviation of a normal distribution.
const DEVIATION_SCALE: f64 = 1.2533;

/// An act that is remembered: when it was last, its event, its object.
type Remembered = (UnixMillis, String, String);

/// Events with their times.
type Evidence = Vec<(String, UnixMillis)>;

/// The habits of somebody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// The last acts, the oldest first.
    recent: BTreeMap<Act, Vec<Remembered>>,
    /// When the first event came.
    since_ms: UnixMillis,
    /// When password or factor were reset last.
    reset_ms: Option<UnixMillis>,
    /// When a factor was enrolled last.
    factor_ms: Option<UnixMillis>,
    /// The day under way, in days since 1970, and the hours in which conversations were opened, as bits.
    day: i64,
    hours_today: u32,
    /// Conversations opened on that day.
    read_today: u32,
    /// Days before it on which some were opened.
    days: u32,
    /// The share of those days, the newer ones weighing more, with openings in each hour.
    hours: [f64; 24],
    /// The last two of them on each weekday, the older one first.
    weekdays: [[i64; 2]; 7],
    /// Conversations opened a day, and by how much that differs from day to day.
    mean: f64,
    deviation: f64,
}

/// A rule that is met.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// The rule, by name.
    pub rule: &'static str,
    /// The value.
    pub value: f64,
    /// The threshold that it has reached.
    pub threshold: f64,
    /// The events that were counted, with their times.
    pub evidence: Vec<(String, UnixMillis)>,
}

impl Habits {
    /// Takes an event in; false if it is known already, or older than all that is remembered.
    pub fn take(&mut self, event: &Event) -> bool {
        if self.knows(event) {
            return false;
        }
        if self.since_ms == 0 {
            (self.since_ms, self.day) = (event.at_ms, day_of(event.at_ms));
        }
        match event.act {
            Act::Reset => self.reset_ms = self.reset_ms.max(Some(event.at_ms)),
            Act::NewFactor => self.factor_ms = self.factor_ms.max(Some(event.at_ms)),
            _ => {}
        }
        let day = day_of(event.at_ms);
        if day > self.day {
            self.end_day();
            (self.day, self.hours_today, self.read_today) = (day, 0, 0);
        }
        if day == self.day && event.act.is_opening() {
            self.hours_today |= 1 << hour_of(event.at_ms);
            self.read_today = self.read_today.saturating_add(u32::from(!self.has_opened(event)));
        }
        self.remember(event);
        true
    }

    /// Whether the conversation was opened already, as far as it is remembered.
    fn has_opened(&self, event: &Event) -> bool {
        let openings = self.recent.iter().filter(|(act, _)| act.is_opening());
        openings.flat_map(|(_, acts)| acts).any(|(.., object)| *object == event.object)
    }

    fn remember(&mut self, event: &Event) {
        if !event.act.is_counted() {
            return;
        }
        let acts = self.recent.entry(event.act).or_default();
        let mut at_ms = event.at_ms;
        if event.act.has_objects()
            && let Some(place) = acts.iter().position(|(.., object)| *object == event.object)
        {
            at_ms = at_ms.max(acts.remove(place).0);
        }
        let place = acts.partition_point(|(earlier_ms, ..)| *earlier_ms <= at_ms);
        acts.insert(place, (at_ms, event.id.clone(), event.object.clone()));
        let latest_ms = acts.last().map_or(at_ms, |(at_ms, ..)| *at_ms);
        acts.retain(|(at_ms, ..)| latest_ms - at_ms <= REMEMBERED_MS);
        let excess = acts.len().saturating_sub(REMEMBERED);
        acts.drain(..excess);
    }

    /// The rules that the event, which was taken in, meets.
    #[must_use]
    pub fn judge(&self, event: &Event, thresholds: &Thresholds) -> Vec<Met> {
        let met = |rule: &'static Rule| {
            if !rule.acts.contains(&event.act) {
                return None;
            }
            let threshold = thresholds.of(rule);
            let (value, evidence) = self.measure(rule, event)?;
            (value >= threshold).then_some(Met { rule: rule.name, value, threshold, evidence })
        };
        RULES.iter().filter_map(met).collect()
    }

    fn knows(&self, event: &Event) -> bool {
        let Some(acts) = self.recent.get(&event.act) else { return false };
        let is_full = acts.len() >= REMEMBERED;
        let is_too_old = acts.first().is_some_and(|(at_ms, ..)| is_full && event.at_ms < *at_ms);
        is_too_old || acts.iter().any(|(_, id, _)| *id == event.id)
    }

    fn measure(&self, rule: &Rule, event: &Event) -> Option<(f64, Evidence)> {
        let window_ms = event.at_ms.saturating_sub(rule.window_ms);
        let since = |from_ms| self.counted(rule, (from_ms, event.at_ms));
        Some(match rule.measure {
            // Reuses, changes and floods are counted one by one: their object is the same each time.
            Measure::Objects if !event.act.has_objects() => {
                let evidence = evidence(since(window_ms));
                (count(evidence.len()), evidence)
            }
            Measure::Objects => objects(since(window_ms)),
            Measure::ObjectsAtUnusualHours if !self.is_unusual(event.at_ms) => return None,
            Measure::ObjectsAtUnusualHours => {
                objects(since(window_ms).filter(|(at_ms, ..)| self.is_unusual(*at_ms)))
            }
            Measure::ObjectsSinceReset => {
                objects(since(self.reset_ms.filter(|at_ms| *at_ms >= window_ms)?))
            }
            Measure::ObjectsSinceNewFactor => {
                let factor_ms = self.factor_ms.filter(|at_ms| *at_ms >= window_ms)?;
                // A new account begins with a factor.
                if factor_ms - self.since_ms < DAY_MS {
                    return None;
                }
                objects(since(factor_ms))
            }
            Measure::OfTheDay => (f64::from(self.read_today), evidence(since(window_ms))),
            Measure::DeviationsOfTheDay => {
                if self.days < KNOWN_DAYS || self.read_today < LEAST_A_DAY {
                    return None;
                }
                let spread = (self.deviation * DEVIATION_SCALE).max(1.0).max(self.mean.sqrt());
                let value = (f64::from(self.read_today) - self.mean) / spread;
                (value, evidence(since(window_ms)))
            }
        })
    }

    /// The acts of a rule in that time.
    fn counted<'a>(
        &'a self,
        rule: &'a Rule,
        (from_ms, to_ms): (UnixMillis, UnixMillis),
    ) -> impl Iterator<Item = &'a Remembered> {
        let acts = rule.acts.iter().filter_map(|act| self.recent.get(act)).flatten();
        acts.filter(move |(at_ms, ..)| from_ms < *at_ms && *at_ms <= to_ms)
    }

    /// Whether it is an hour or a weekday at which they do not work. Nobody has a habit in their first days.
    fn is_unusual(&self, at_ms: UnixMillis) -> bool {
        if self.days < KNOWN_DAYS {
            return false;
        }
        let hour = hour_of(at_ms);
        // A summer time, or a longer day, moves work by an hour.
        let near = [hour + 23, hour, hour + 1].into_iter();
        let worked: f64 = near.filter_map(|hour| self.hours.get(hour % 24)).sum();
        let is_rare_hour = worked < RARE_HOUR;
        let day = day_of(at_ms);
        let [older, _] = self.weekdays.get(weekday_of(day)).copied().unwrap_or_default();
        let is_rare_weekday = self.days >= 2 * KNOWN_DAYS && day - older > RARE_WEEKDAY_DAYS;
        is_rare_hour || is_rare_weekday
    }

    fn end_day(&mut self) {
        if self.hours_today == 0 {
            return;
        }
        self.days = self.days.saturating_add(1);
        // The first days weigh alike: a mean that begins with zero would be too low for weeks.
        let share = NEWEST.max(1.0 / f64::from(self.days));
        for (hour, weight) in self.hours.iter_mut().enumerate() {
            let worked = f64::from(u8::from(self.hours_today & (1 << hour) != 0));
            *weight += share * (worked - *weight);
        }
        if let Some(last) = self.weekdays.get_mut(weekday_of(self.day)) {
            // A day with as many openings as would be told is a day at work; fewer teach only when they come again.
            let older = if self.read_today >= TAUGHT_BY { self.day } else { last[1] };
            *last = [older, self.day];
        }
        let read = f64::from(self.read_today);
        self.deviation += share * ((read - self.mean).abs() - self.deviation);
        self.mean += share * (read - self.mean);
    }
}

impl Act {
    /// Whether a rule counts it.
    fn is_counted(self) -> bool {
        RULES.iter().any(|rule| rule.acts.contains(&self))
    }

    /// Whether different objects count, and not how often it was.
    const fn has_objects(self) -> bool {
        matches!(self, Self::Read | Self::Claim | Self::Export | Self::Erase | Self::ThrottleBegan)
    }

    /// Whether a conversation or contacts were opened.
    const fn is_opening(self) -> bool {
        matches!(self, Self::Read | Self::Claim)
    }
}

/// How many different objects acts had, and their events.
fn objects<'a>(acts: impl Iterator<Item = &'a Remembered>) -> (f64, Evidence) {
    let acts: Vec<_> = acts.collect();
    let objects: HashSet<_> = acts.iter().map(|(.., object)| object).collect();
    (count(objects.len()), evidence(acts.into_iter()))
}

fn evidence<'a>(acts: impl Iterator<Item = &'a Remembered>) -> Evidence {
    acts.map(|(at_ms, id, _)| (id.clone(), *at_ms)).collect()
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}

fn day_of(at_ms: UnixMillis) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

fn hour_of(at_ms: UnixMillis) -> usize {
    usize::try_from(at_ms.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or_default()
}

/// Monday is 0; the first day of 1970 was a Thursday.
fn weekday_of(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or_default()
}
