//! The rules: what of the events counts, from which number on, and in which time. Each is one item of a
//! table. Verdicts of people move a threshold within its bounds.

use std::collections::HashMap;

use shared::clock::UnixMillis;
use shared::store::incident::RuleRecord;
use values::incident::{Kind, Severity};

use crate::act::Act;

const MINUTE_MS: UnixMillis = 60_000;
const HOUR_MS: UnixMillis = 60 * MINUTE_MS;
const DAY_MS: UnixMillis = 24 * HOUR_MS;
/// False positives that raise a threshold by a step.
pub const FALSE_POSITIVES_A_STEP: u32 = 3;

/// The way in which a rule measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Different objects of these acts in the window.
    Objects,
    /// The same, where the hour or the weekday is not one at which the person works.
    ObjectsAtUnusualHours,
    /// Different objects since the account was reset, in the window behind it.
    ObjectsSinceReset,
    /// Different objects in the window behind a new factor of an account that is older than a day.
    ObjectsSinceNewFactor,
    /// Conversations and contacts opened on this day.
    OfTheDay,
    /// By how many deviations this day's objects are above the person's mean, from
    /// [`LEAST_A_DAY`] objects on.
    DeviationsOfTheDay,
}

/// Fewer objects a day than these are nobody's excess.
pub const LEAST_A_DAY: u32 = 15;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The kind of the incident.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the playbook's actions are taken without asking.
    pub contains: bool,
    /// The acts that count.
    pub acts: &'static [Act],
    /// How they are counted.
    pub measure: Measure,
    /// In which time.
    pub window_ms: UnixMillis,
    /// From which value on it is met.
    pub threshold: f64,
    /// The least and the greatest threshold.
    pub bounds: (f64, f64),
    /// By how much false positives raise it.
    pub step: f64,
    /// Why this is looked at, in words.
    pub reason: &'static str,
}

const READS: &[Act] = &[Act::Read, Act::Claim];

/// All rules that look at events. The greatest thresholds of those that count reads are below thirty: what
/// they contain is contained before the thirtieth transcript.
pub const RULES: &[Rule] = &[
    Rule {
        name: "reads_in_ten_minutes",
        kind: Kind::UnusualReads,
        severity: Severity::High,
        contains: true,
        acts: READS,
        measure: Measure::Objects,
        window_ms: 10 * MINUTE_MS,
        threshold: 20.0,
        bounds: (10.0, 28.0),
        step: 4.0,
        reason: "Nobody reads so many conversations in ten minutes.",
    },
    Rule {
        name: "reads_in_a_day",
        kind: Kind::UnusualReads,
        severity: Severity::High,
        contains: true,
        acts: READS,
        measure: Measure::OfTheDay,
        window_ms: DAY_MS,
        threshold: 150.0,
        bounds: (60.0, 400.0),
        step: 50.0,
        reason: "Nobody needs so many conversations a day, whatever their habit.",
    },
    Rule {
        name: "reads_above_habit",
        kind: Kind::UnusualReads,
        severity: Severity::High,
        contains: true,
        acts: READS,
        measure: Measure::DeviationsOfTheDay,
        window_ms: DAY_MS,
        threshold: 6.0,
        bounds: (4.0, 12.0),
        step: 2.0,
        reason: "They open far more conversations than on their other days.",
    },
    Rule {
        name: "reads_at_unusual_hours",
        kind: Kind::UnusualReads,
        severity: Severity::High,
        contains: true,
        acts: READS,
        measure: Measure::ObjectsAtUnusualHours,
        window_ms: 8 * HOUR_MS,
        threshold: 5.0,
        bounds: (3.0, 20.0),
        step: 3.0,
        reason: "They read at an hour or on a weekday at which they never work.",
    },
    Rule {
        name: "reads_after_reset",
        kind: Kind::ReadsAfterReset,
        severity: Severity::High,
        contains: true,
        acts: &[Act::Read],
        measure: Measure::ObjectsSinceReset,
        window_ms: 7 * DAY_MS,
        threshold: 10.0,
        bounds: (5.0, 28.0),
        step: 4.0,
        reason: "Their password or second factor was reset in the last week, and they read.",
    },
    Rule {
        name: "refused_while_cooling",
        kind: Kind::ReadsAfterReset,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::Refused],
        measure: Measure::Objects,
        window_ms: DAY_MS,
        threshold: 1.0,
        bounds: (1.0, 5.0),
        step: 1.0,
        reason: "They used a right that rests for a day.",
    },
    Rule {
        name: "claims_in_ten_minutes",
        kind: Kind::ClaimAndRead,
        severity: Severity::High,
        contains: true,
        acts: &[Act::Claim],
        measure: Measure::Objects,
        window_ms: 10 * MINUTE_MS,
        threshold: 20.0,
        bounds: (12.0, 28.0),
        step: 4.0,
        reason: "Nobody answers so many conversations in ten minutes.",
    },
    Rule {
        name: "refresh_token_reused",
        kind: Kind::TokenReused,
        severity: Severity::High,
        contains: true,
        acts: &[Act::TokenReused],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 1.0,
        bounds: (1.0, 1.0),
        step: 0.0,
        reason: "A refresh token was used twice: one of its two holders is a stranger.",
    },
    Rule {
        name: "passkey_copied",
        kind: Kind::TokenReused,
        severity: Severity::High,
        contains: true,
        acts: &[Act::PasskeyWentBack],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 1.0,
        bounds: (1.0, 1.0),
        step: 0.0,
        reason: "The counter of a passkey went back: there may be a copy of it.",
    },
    Rule {
        name: "step_ups_failed",
        kind: Kind::SignInStorm,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::StepUpFailed],
        measure: Measure::Objects,
        window_ms: 10 * MINUTE_MS,
        threshold: 5.0,
        bounds: (3.0, 20.0),
        step: 2.0,
        reason: "Somebody who is signed in does not have the second factor.",
    },
    Rule {
        name: "sign_ins_wait",
        kind: Kind::SignInStorm,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::ThrottleBegan],
        measure: Measure::Objects,
        window_ms: 10 * MINUTE_MS,
        threshold: 3.0,
        bounds: (2.0, 50.0),
        step: 2.0,
        reason: "Wrong passwords made several accounts or addresses wait.",
    },
    Rule {
        name: "exports_in_an_hour",
        kind: Kind::ExportBurst,
        severity: Severity::High,
        contains: true,
        acts: &[Act::Export],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 5.0,
        bounds: (3.0, 20.0),
        step: 2.0,
        reason: "Requests of subjects do not come so often.",
    },
    Rule {
        name: "export_after_new_factor",
        kind: Kind::ExportBurst,
        severity: Severity::High,
        contains: true,
        acts: &[Act::Export],
        measure: Measure::ObjectsSinceNewFactor,
        window_ms: DAY_MS,
        threshold: 1.0,
        bounds: (1.0, 3.0),
        step: 1.0,
        reason: "A new second factor was enrolled, and then data was exported.",
    },
    Rule {
        name: "erasures_in_an_hour",
        kind: Kind::ErasureBurst,
        severity: Severity::High,
        contains: true,
        acts: &[Act::Erase],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 10.0,
        bounds: (5.0, 50.0),
        step: 5.0,
        reason: "Requests of subjects do not come so often, and an erasure is for good.",
    },
    Rule {
        name: "policy_loosened",
        kind: Kind::PolicyLoosened,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::PolicyLoosened],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 1.0,
        bounds: (1.0, 1.0),
        step: 0.0,
        reason: "Data is kept for more days than before.",
    },
    Rule {
        name: "roles_widened",
        kind: Kind::RolesWidened,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::RolesWidened],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 1.0,
        bounds: (1.0, 1.0),
        step: 0.0,
        reason: "Somebody was given a role that reaches other people's data or accounts.",
    },
    Rule {
        name: "network_floods",
        kind: Kind::Flood,
        severity: Severity::Low,
        contains: true,
        acts: &[Act::Flood],
        measure: Measure::Objects,
        window_ms: 10 * MINUTE_MS,
        threshold: 3.0,
        bounds: (2.0, 10.0),
        step: 1.0,
        reason: "The guests of a network were over its limit in several minutes.",
    },
    Rule {
        name: "ids_probed",
        kind: Kind::IdProbing,
        severity: Severity::Medium,
        contains: false,
        acts: &[Act::IdsProbed],
        measure: Measure::Objects,
        window_ms: HOUR_MS,
        threshold: 1.0,
        bounds: (1.0, 10.0),
        step: 2.0,
        reason: "A visitor asked for twenty conversations in ten minutes that are not theirs.",
    },
    Rule {
        name: "erasure_unproven",
        kind: Kind::ItemTampered,
        severity: Severity::Critical,
        contains: false,
        acts: &[Act::ErasureUnproven],
        measure: Measure::Objects,
        window_ms: DAY_MS,
        threshold: 1.0,
        bounds: (1.0, 1.0),
        step: 0.0,
        reason: "The ledger has an erasure that no function has made.",
    },
];

/// A rule without a threshold: one change of an item meets it, or one event.
pub struct Change {
    /// Its name.
    pub name: &'static str,
    /// The kind of the incident.
    pub kind: Kind,
    /// Why this is looked at.
    pub reason: &'static str,
}

/// An event of a conversation was changed or deleted.
pub const CONVERSATION_CHANGED: Change = Change {
    name: "conversation_changed",
    kind: Kind::ItemTampered,
    reason: "An event of a conversation was changed or deleted, and no function does that.",
};

/// A security event was changed, deleted, or made by hand.
pub const EVENT_CHANGED: Change = Change {
    name: "event_changed",
    kind: Kind::LogTampered,
    reason: "A security event was changed or deleted, or is none that a function has made.",
};

/// A row of the audit log was changed, deleted, or made by hand.
pub const LOG_CHANGED: Change = Change {
    name: "log_changed",
    kind: Kind::LogTampered,
    reason: "A row of the audit log was changed or deleted, or is none that the sequencer has made.",
};

/// A decoy was read.
pub const DECOY_READ: Change = Change {
    name: "decoy_read",
    kind: Kind::DecoyRead,
    reason: "They opened a conversation that exists so that nobody has a reason to read it.",
};

/// The rule of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The thresholds in force.
#[derive(Debug, Default)]
pub struct Thresholds(HashMap<String, f64>);

impl Thresholds {
    /// The thresholds that verdicts have moved.
    #[must_use]
    pub fn new(records: &[(String, RuleRecord)]) -> Self {
        let moved = records.iter().filter_map(|(name, record)| {
            let rule = find(name)?;
            Some((name.clone(), threshold(rule, record)))
        });
        Self(moved.collect())
    }

    /// The threshold of a rule.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> f64 {
        self.0.get(rule.name).copied().unwrap_or(rule.threshold)
    }
}

/// The threshold that came of the verdicts: a step more for every three false positives, within its bounds.
#[must_use]
pub fn threshold(rule: &Rule, record: &RuleRecord) -> f64 {
    let steps = record.false_positive / FALSE_POSITIVES_A_STEP;
    let (least, most) = rule.bounds;
    (rule.threshold + rule.step * f64::from(steps)).clamp(least, most)
}

/// The share of incidents of a rule that were some, of those that were judged.
#[must_use]
pub fn precision(record: &RuleRecord) -> Option<f64> {
    let judged = record.true_positive + record.false_positive;
    (judged > 0).then(|| f64::from(record.true_positive) / f64::from(judged))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rules_have_names_of_their_own_and_thresholds_within_their_bounds() {
        let names: HashSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        for rule in RULES {
            let (least, most) = rule.bounds;
            assert!(least <= rule.threshold && rule.threshold <= most, "{}", rule.name);
            assert!(rule.step > 0.0 || (least - most).abs() < f64::EPSILON, "{}", rule.name);
        }
    }

    #[test]
    fn whatever_the_verdicts_reads_are_contained_before_the_thirtieth_transcript() {
        let of_reads = RULES.iter().filter(|rule| rule.contains && rule.acts.contains(&Act::Read));
        let of_days = [Measure::OfTheDay, Measure::DeviationsOfTheDay];
        let counted = of_reads.filter(|rule| !of_days.contains(&rule.measure));
        assert!(counted.clone().count() >= 3);
        for rule in counted {
            assert!(rule.bounds.1 < 30.0, "{}", rule.name);
        }
    }

    #[test]
    fn three_false_positives_raise_a_threshold_within_its_bounds_and_a_withdrawn_one_lowers_it() {
        let rule = find("reads_in_ten_minutes").unwrap();
        let after = |false_positive| {
            let record = RuleRecord { false_positive, ..RuleRecord::default() };
            threshold(rule, &record)
        };
        let thresholds: Vec<_> = (0..=12).map(after).collect();
        let expected = [20, 20, 20, 24, 24, 24, 28, 28, 28, 28, 28, 28, 28].map(f64::from);
        assert_eq!(thresholds, expected);
        assert!((after(u32::MAX) - 28.0).abs() < f64::EPSILON);
    }
}
