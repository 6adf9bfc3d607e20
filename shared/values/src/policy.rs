//! How long a site keeps things: whole days, each within bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::clock::UnixMillis;
use super::problem::{FieldCode, FieldError};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The least and the most days that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: u16,
    /// The most.
    pub max: u16,
}

/// A policy whose values are within their bounds, and what ended under those before it: a longer policy
/// does not bring that back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    transcript_days: u16,
    lead_days: u16,
    audit_days: u16,
    conversation_max_days: u16,
    /// Conversations opened up to then have ended.
    ended_transcripts_ms: UnixMillis,
    /// Contacts left up to then have ended.
    ended_leads_ms: UnixMillis,
    /// Conversations opened up to then take no more messages.
    closed_ms: UnixMillis,
    /// The days that visitors were shown before this policy.
    shown: Shown,
}

/// The fewest days that visitors were shown by the notice before a policy: what they agree to a moment
/// after it was changed, and the contacts that they leave in conversations begun before, are promised no
/// more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Of transcripts.
    pub transcript_days: u16,
    /// Of contacts.
    pub lead_days: u16,
    /// Conversations opened up to then may be under an earlier notice.
    pub until_ms: UnixMillis,
}

impl Shown {
    /// Nobody was shown anything else.
    pub const NOTHING_ELSE: Self =
        Self { transcript_days: u16::MAX, lead_days: u16::MAX, until_ms: 0 };
    /// How long after a change somebody may agree to a notice from before it.
    pub const MS: UnixMillis = 60 * 60 * 1000;
}

impl RetentionPolicy {
    /// Of the days from the opening of a conversation to the end of its transcript.
    pub const TRANSCRIPT_DAYS: Bounds = Bounds { min: 1, max: 365 };
    /// Of the days that a left contact is kept.
    pub const LEAD_DAYS: Bounds = Bounds { min: 1, max: 730 };
    /// Of the days that it stays told who did what, and what became of a request.
    pub const AUDIT_DAYS: Bounds = Bounds { min: 365, max: 3650 };
    /// The longest that a record is kept, and so what waits for a hold to end.
    pub const LONGEST_MS: UnixMillis = Self::AUDIT_DAYS.max as UnixMillis * DAY_MS;
    /// Of the days from its opening after which a conversation takes no more messages.
    pub const CONVERSATION_MAX_DAYS: Bounds = Bounds { min: 1, max: 30 };

    /// The policy of a site until somebody changes it.
    pub const DEFAULT: Self = Self {
        transcript_days: 30,
        lead_days: 180,
        // 24 months, also with a leap day in them (11 CCR § 7101(a)).
        audit_days: 731,
        conversation_max_days: 7,
        ended_transcripts_ms: 0,
        ended_leads_ms: 0,
        closed_ms: 0,
        shown: Shown::NOTHING_ELSE,
    };

    /// A policy of these days, in the order of the fields' names in the API.
    ///
    /// # Errors
    /// The values that are out of bounds, all of them.
    pub fn new(
        transcript_days: u64,
        lead_days: u64,
        audit_days: u64,
        conversation_max_days: u64,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut within = |value: u64, bounds: Bounds, pointer| {
            let fitting = u16::try_from(value).ok().filter(|days| bounds.contain(*days));
            if fitting.is_none() {
                let small = value < u64::from(bounds.min);
                let code = if small { FieldCode::TooSmall } else { FieldCode::TooLarge };
                errors.push(FieldError { pointer, code });
            }
            fitting.unwrap_or(bounds.min)
        };
        let policy = Self {
            transcript_days: within(transcript_days, Self::TRANSCRIPT_DAYS, "/transcript_days"),
            lead_days: within(lead_days, Self::LEAD_DAYS, "/lead_days"),
            audit_days: within(audit_days, Self::AUDIT_DAYS, "/audit_days"),
            conversation_max_days: within(
                conversation_max_days,
                Self::CONVERSATION_MAX_DAYS,
                "/conversation_max_days",
            ),
            ended_transcripts_ms: 0,
            ended_leads_ms: 0,
            closed_ms: 0,
            shown: Shown::NOTHING_ELSE,
        };
        // A conversation that is gone cannot take messages.
        if errors.is_empty() && policy.conversation_max_days > policy.transcript_days {
            let pointer = "/conversation_max_days";
            errors.push(FieldError { pointer, code: FieldCode::TooLarge });
        }
        if errors.is_empty() { Ok(policy) } else { Err(errors) }
    }

    /// The same days after what ended up to then.
    #[must_use]
    pub const fn with_ended(self, transcripts_ms: UnixMillis, leads_ms: UnixMillis) -> Self {
        Self { ended_transcripts_ms: transcripts_ms, ended_leads_ms: leads_ms, ..self }
    }

    /// Up to when conversations were opened, and contacts left, that have ended.
    #[must_use]
    pub const fn ended_ms(&self) -> (UnixMillis, UnixMillis) {
        (self.ended_transcripts_ms, self.ended_leads_ms)
    }

    /// The same days after what was closed up to then.
    #[must_use]
    pub const fn with_closed(self, closed_ms: UnixMillis) -> Self {
        Self { closed_ms, ..self }
    }

    /// Up to when conversations were opened that take no more messages.
    #[must_use]
    pub const fn closed_ms(&self) -> UnixMillis {
        self.closed_ms
    }

    /// The same days after a notice with others.
    #[must_use]
    pub const fn with_shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// The days that visitors were shown before this policy.
    #[must_use]
    pub const fn shown(&self) -> Shown {
        self.shown
    }

    /// These days in the place of `self` from `now_ms` on.
    #[must_use]
    pub fn replaced_by(&self, days: Self, now_ms: UnixMillis) -> Self {
        let before = |days: u16| now_ms.saturating_sub(i64::from(days) * DAY_MS);
        // Conversations that take messages, and so contacts, may have begun under the notice before.
        let is_recent = now_ms < later(self.shown.until_ms, Self::CONVERSATION_MAX_DAYS.max);
        let earlier = if is_recent { self.shown } else { Shown::NOTHING_ELSE };
        let shown = Shown {
            transcript_days: self.transcript_days.min(earlier.transcript_days),
            lead_days: self.lead_days.min(earlier.lead_days),
            until_ms: now_ms.saturating_add(Shown::MS),
        };
        let days = days.with_closed(self.closed_ms.max(before(self.conversation_max_days)));
        days.with_shown(shown).with_ended(
            self.ended_transcripts_ms.max(before(self.transcript_days)),
            self.ended_leads_ms.max(before(self.lead_days)),
        )
    }

    /// Whether both have the same days.
    #[must_use]
    pub fn has_days_of(&self, other: &Self) -> bool {
        let days =
            |policy: &Self| policy.with_ended(0, 0).with_closed(0).with_shown(Shown::NOTHING_ELSE);
        days(self) == days(other)
    }

    /// Whether any of the days are more than in `before`.
    #[must_use]
    pub const fn keeps_longer_than(&self, before: &Self) -> bool {
        self.transcript_days > before.transcript_days
            || self.lead_days > before.lead_days
            || self.audit_days > before.audit_days
            || self.conversation_max_days > before.conversation_max_days
    }

    /// The end that the visitor is promised of a conversation opened at `opened_ms`.
    #[must_use]
    pub fn promised_transcript_end_ms(&self, opened_ms: UnixMillis) -> UnixMillis {
        let end_ms = self.transcript_end_ms(opened_ms);
        if opened_ms > self.shown.until_ms {
            return end_ms;
        }
        end_ms.min(later(opened_ms, self.shown.transcript_days))
    }

    /// The end that the visitor is promised of a contact left at `left_ms` in a conversation opened at
    /// `opened_ms`.
    #[must_use]
    pub fn promised_lead_end_ms(&self, left_ms: UnixMillis, opened_ms: UnixMillis) -> UnixMillis {
        let end_ms = self.lead_end_ms(left_ms);
        if opened_ms > self.shown.until_ms {
            return end_ms;
        }
        end_ms.min(later(left_ms, self.shown.lead_days))
    }

    /// Whether nothing that begins at `now_ms` is kept for longer than a notice of these days said.
    #[must_use]
    pub fn keeps_to(&self, transcript_days: u16, lead_days: u16, now_ms: UnixMillis) -> bool {
        let earlier = if now_ms > self.shown.until_ms { Shown::NOTHING_ELSE } else { self.shown };
        self.transcript_days.min(earlier.transcript_days) <= transcript_days
            && self.lead_days.min(earlier.lead_days) <= lead_days
    }

    /// Days from the opening of a conversation to the end of its transcript.
    #[must_use]
    pub const fn transcript_days(&self) -> u16 {
        self.transcript_days
    }

    /// Days that a left contact is kept.
    #[must_use]
    pub const fn lead_days(&self) -> u16 {
        self.lead_days
    }

    /// Days that it stays told who did what.
    #[must_use]
    pub const fn audit_days(&self) -> u16 {
        self.audit_days
    }

    /// Days from its opening after which a conversation takes no more messages.
    #[must_use]
    pub const fn conversation_max_days(&self) -> u16 {
        self.conversation_max_days
    }

    /// When the transcript of a conversation opened at `opened_ms` ends.
    #[must_use]
    pub fn transcript_end_ms(&self, opened_ms: UnixMillis) -> UnixMillis {
        ended_or(opened_ms, self.ended_transcripts_ms, self.transcript_days)
    }

    /// When a contact left at `left_ms` ends.
    #[must_use]
    pub fn lead_end_ms(&self, left_ms: UnixMillis) -> UnixMillis {
        ended_or(left_ms, self.ended_leads_ms, self.lead_days)
    }

    /// When what was told at `at_ms` may be forgotten.
    #[must_use]
    pub fn audit_end_ms(&self, at_ms: UnixMillis) -> UnixMillis {
        later(at_ms, self.audit_days)
    }

    /// When a conversation opened at `opened_ms` stops taking messages.
    #[must_use]
    pub fn last_word_ms(&self, opened_ms: UnixMillis) -> UnixMillis {
        ended_or(opened_ms, self.closed_ms, self.conversation_max_days)
    }

    /// The earliest opening of a conversation that still takes messages at `now_ms`.
    #[must_use]
    pub fn first_open_ms(&self, now_ms: UnixMillis) -> UnixMillis {
        let by_days = now_ms.saturating_sub(i64::from(self.conversation_max_days) * DAY_MS);
        by_days.max(self.closed_ms.saturating_add(1))
    }
}

impl Bounds {
    /// Whether it is within.
    #[must_use]
    pub const fn contain(self, days: u16) -> bool {
        self.min <= days && days <= self.max
    }
}

/// For how many days it stays told who did what, as far as this function knows; clones share it.
#[derive(Debug, Clone)]
pub struct AuditDays(Arc<AtomicU16>);

impl Default for AuditDays {
    fn default() -> Self {
        Self(Arc::new(AtomicU16::new(RetentionPolicy::DEFAULT.audit_days)))
    }
}

impl AuditDays {
    /// Takes over what the policy says.
    pub fn follow(&self, policy: &RetentionPolicy) {
        self.0.store(policy.audit_days, Ordering::Relaxed);
    }

    /// When what is told at `at_ms` may be forgotten.
    #[must_use]
    pub fn end_ms(&self, at_ms: UnixMillis) -> UnixMillis {
        later(at_ms, self.0.load(Ordering::Relaxed))
    }
}

/// The end of what began then: its beginning, if it has ended under an earlier policy.
fn ended_or(began_ms: UnixMillis, ended_ms: UnixMillis, days: u16) -> UnixMillis {
    if began_ms <= ended_ms { began_ms } else { later(began_ms, days) }
}

fn later(at_ms: UnixMillis, days: u16) -> UnixMillis {
    at_ms.saturating_add(i64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_is_within_its_bounds() {
        let policy = RetentionPolicy::DEFAULT;
        let again = RetentionPolicy::new(
            policy.transcript_days.into(),
            policy.lead_days.into(),
            policy.audit_days.into(),
            policy.conversation_max_days.into(),
        );
        assert_eq!(again, Ok(policy));
    }

    #[test]
    fn every_value_out_of_bounds_is_named() {
        let errors = RetentionPolicy::new(0, 731, 1, u64::MAX).unwrap_err();
        let named: Vec<_> =
            errors.iter().map(|error| (error.pointer, error.code.words().0)).collect();
        assert_eq!(
            named,
            [
                ("/transcript_days", "too_small"),
                ("/lead_days", "too_large"),
                ("/audit_days", "too_small"),
                ("/conversation_max_days", "too_large"),
            ]
        );
        let longer_than_kept = RetentionPolicy::new(3, 30, 365, 4).unwrap_err();
        assert_eq!(longer_than_kept[0].pointer, "/conversation_max_days");
    }

    #[test]
    fn what_has_ended_does_not_come_back() {
        let policy = |days| RetentionPolicy::new(days, 30, 730, 1).unwrap();
        let short = policy(3);
        let longer = short.replaced_by(policy(30), 10 * DAY_MS);
        assert!(longer.transcript_end_ms(7 * DAY_MS) <= 10 * DAY_MS, "it had ended just then");
        assert_eq!(longer.transcript_end_ms(7 * DAY_MS + 1), 37 * DAY_MS + 1);
        let shorter = longer.replaced_by(policy(2), 11 * DAY_MS);
        assert!(shorter.transcript_end_ms(7 * DAY_MS) <= 10 * DAY_MS);
    }

    #[test]
    fn nobody_is_promised_more_than_the_notice_said() {
        let policy = |transcripts, leads| RetentionPolicy::new(transcripts, leads, 730, 1).unwrap();
        let at_ms = 100 * DAY_MS;
        let longer = policy(30, 180).replaced_by(policy(300, 600), at_ms);
        assert_eq!(longer.promised_transcript_end_ms(at_ms + 1), at_ms + 1 + 30 * DAY_MS);
        let later_ms = at_ms + Shown::MS + 1;
        assert_eq!(longer.promised_transcript_end_ms(later_ms), later_ms + 300 * DAY_MS);
        // A contact is left under the notice with which its conversation began.
        let week_on = at_ms + 7 * DAY_MS;
        assert_eq!(longer.promised_lead_end_ms(week_on, at_ms), week_on + 180 * DAY_MS);
        assert_eq!(longer.promised_lead_end_ms(week_on, later_ms), week_on + 600 * DAY_MS);
        // Changed back and forth, the shortest that may have been shown counts.
        let short = longer.replaced_by(policy(10, 20), at_ms + DAY_MS);
        let again = short.replaced_by(policy(300, 600), at_ms + 2 * DAY_MS);
        assert_eq!(again.promised_lead_end_ms(week_on, at_ms), week_on + 20 * DAY_MS);
        let year_on = at_ms + 365 * DAY_MS;
        let anew = again.replaced_by(policy(365, 730), year_on);
        assert_eq!(anew.promised_transcript_end_ms(year_on), year_on + 300 * DAY_MS);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_within_its_bounds(a in 0_u64..800, b in 0_u64..800, c in 300_u64..4000, d in 0_u64..40) {
            if let Ok(policy) = RetentionPolicy::new(a, b, c, d) {
                prop_assert!(RetentionPolicy::TRANSCRIPT_DAYS.contain(policy.transcript_days()));
                prop_assert!(RetentionPolicy::LEAD_DAYS.contain(policy.lead_days()));
                prop_assert!(RetentionPolicy::AUDIT_DAYS.contain(policy.audit_days()));
                prop_assert!(policy.conversation_max_days() <= policy.transcript_days());
            }
        }
    }
}
