//! The courses that the staff need, and until when a certificate counts. What a course teaches is in
//! `functions/training`; every function that asks for a training knows this table.

use super::clock::UnixMillis;
use super::role::{Role, Roles};

const DAY_MS: UnixMillis = 24 * 60 * 60 * 1000;
/// How long somebody may work without certificates: from their acceptance on, and in an account that is older
/// than the courses from the first look at it on.
pub const GRACE_MS: UnixMillis = 7 * DAY_MS;
/// How long a certificate counts.
pub const CERTIFICATE_MS: UnixMillis = 365 * DAY_MS;
/// So long before its end a course is due again.
pub const DUE_MS: UnixMillis = 30 * DAY_MS;
/// So long after a course changed, certificates of its earlier versions still count.
pub const CHANGE_MS: UnixMillis = 30 * DAY_MS;
/// So long after an incident about somebody, their older certificates still count, of the courses that it asks
/// for again.
pub const INCIDENT_MS: UnixMillis = 14 * DAY_MS;

/// A course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Its name in addresses and certificates.
    pub id: &'static str,
    /// Its version: a certificate of an earlier one ends soon after the change.
    pub version: u32,
    /// When that version was released.
    pub changed_ms: UnixMillis,
    /// Whether an incident about somebody asks them for it again.
    pub after_incident: bool,
}

/// Every course, in the order in which they are taken.
pub const COURSES: [Course; 5] = [
    Course { after_incident: true, ..first("data-privacy") },
    first("safe-communication"),
    first("phishing"),
    Course { after_incident: true, ..first("first-hour") },
    first("assistants"),
];

/// The first version of a course: 2026-11-30.
const fn first(id: &'static str) -> Course {
    Course { id, version: 1, changed_ms: 1_795_996_800_000, after_incident: false }
}

/// The times of somebody that count beside their certificates; 0 where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dates {
    /// The end of their first days.
    pub grace_ms: UnixMillis,
    /// When incidents about them were confirmed.
    pub incidents: Vec<UnixMillis>,
}

/// A course that somebody has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Which version of it.
    pub version: u32,
    /// When it was passed.
    pub passed_ms: UnixMillis,
    /// When the certificate ends.
    pub expires_ms: UnixMillis,
}

impl Course {
    /// The course of that name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        COURSES.iter().find(|course| course.id == id)
    }

    /// The first of these incidents that asks for it again: it was not passed since. A later one puts nothing
    /// off.
    #[must_use]
    pub fn asked_again_ms(
        &self,
        incidents: &[UnixMillis],
        passed: Option<Passed>,
    ) -> Option<UnixMillis> {
        let passed = passed.filter(|_| self.after_incident)?;
        incidents.iter().copied().filter(|at_ms| *at_ms >= passed.passed_ms).min()
    }

    /// Until when having passed it counts; 0 for somebody who has not.
    #[must_use]
    pub fn counts_until(&self, incidents: &[UnixMillis], passed: Option<Passed>) -> UnixMillis {
        let Some(Passed { version, passed_ms: _, expires_ms }) = passed else { return 0 };
        let mut until = expires_ms;
        if version < self.version {
            until = until.min(self.changed_ms + CHANGE_MS);
        }
        if let Some(at_ms) = self.asked_again_ms(incidents, passed) {
            until = until.min(at_ms.saturating_add(INCIDENT_MS));
        }
        until
    }

    /// By when it has to be passed, if that is soon: somebody without it by the end of their first
    /// days, the others by the end of what they have.
    #[must_use]
    pub fn due_by(
        &self,
        dates: &Dates,
        passed: Option<Passed>,
        now_ms: UnixMillis,
    ) -> Option<UnixMillis> {
        let Dates { grace_ms, incidents } = dates;
        let until = self.counts_until(incidents, passed);
        let is_fresh = passed.is_some_and(|passed| passed.version >= self.version)
            && self.asked_again_ms(incidents, passed).is_none();
        let is_due = !is_fresh || until.saturating_sub(now_ms) <= DUE_MS;
        is_due.then_some(until.max(*grace_ms))
    }
}

/// Whether somebody with these roles needs the courses: all who may read what visitors write.
#[must_use]
pub fn is_required(roles: Roles) -> bool {
    [Role::Agent, Role::Privacy, Role::Security].into_iter().any(|role| roles.has(role))
}

/// Until when somebody may work: while every course counts, and in their first days.
#[must_use]
pub fn current_until(dates: &Dates, passed: impl Fn(&'static str) -> Option<Passed>) -> UnixMillis {
    let counts = |course: &Course| course.counts_until(&dates.incidents, passed(course.id));
    COURSES.iter().map(counts).min().unwrap_or(0).max(dates.grace_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::rfc3339;

    const COURSE: Course =
        Course { id: "data-privacy", version: 2, changed_ms: 1_000_000, after_incident: true };

    fn passed() -> impl Strategy<Value = Option<Passed>> {
        let times = (1..2_000 * DAY_MS, 0..2_000 * DAY_MS);
        proptest::option::of((0..4_u32, times).prop_map(|(version, (passed_ms, expires_ms))| {
            Passed { version, passed_ms, expires_ms }
        }))
    }

    fn dates() -> impl Strategy<Value = Dates> {
        let incidents = proptest::collection::vec(0..2_000 * DAY_MS, 0..4);
        (0..30 * DAY_MS, incidents).prop_map(|(grace_ms, incidents)| Dates { grace_ms, incidents })
    }

    #[test]
    fn the_table_names_each_course_once() {
        for course in COURSES {
            assert_eq!(Course::find(course.id), Some(&course));
            assert!(rfc3339(course.changed_ms).ends_with("T00:00:00.000Z"));
        }
    }

    #[test]
    fn a_changed_course_has_to_be_passed_again_within_a_month() {
        let old = Passed { version: 1, passed_ms: 1, expires_ms: 400 * DAY_MS };
        let none = &Dates::default();
        assert_eq!(COURSE.counts_until(&[], Some(old)), COURSE.changed_ms + CHANGE_MS);
        let new = Passed { version: 2, ..old };
        assert_eq!(COURSE.counts_until(&[], Some(new)), new.expires_ms);
        assert_eq!(COURSE.due_by(none, Some(old), 0), Some(COURSE.changed_ms + CHANGE_MS));
        assert_eq!(COURSE.due_by(none, Some(new), 0), None);
        assert_eq!(COURSE.due_by(none, Some(new), new.expires_ms - DUE_MS), Some(new.expires_ms));
    }

    #[test]
    fn an_incident_asks_for_two_courses_again_within_two_weeks() {
        let asked = COURSES.iter().filter(|course| course.after_incident);
        let asked: Vec<_> = asked.map(|course| course.id).collect();
        assert_eq!(asked, ["data-privacy", "first-hour"]);
        let incident_ms = 100 * DAY_MS;
        let end_ms = incident_ms + INCIDENT_MS;
        let later_ms = incident_ms + 20 * DAY_MS;
        let dates = &Dates { grace_ms: 0, incidents: vec![later_ms, incident_ms] };
        let before = Passed { version: 2, passed_ms: incident_ms, expires_ms: 400 * DAY_MS };
        assert_eq!(COURSE.due_by(dates, Some(before), incident_ms), Some(end_ms));
        let between = Passed { passed_ms: incident_ms + 1, ..before };
        let later_end_ms = later_ms + INCIDENT_MS;
        assert_eq!(COURSE.due_by(dates, Some(between), incident_ms), Some(later_end_ms));
        let after = Passed { passed_ms: later_ms + 1, ..before };
        assert_eq!(COURSE.due_by(dates, Some(after), incident_ms), None);
        // An earlier end and the first days stay as they are.
        let ending = Passed { expires_ms: end_ms - DAY_MS, ..before };
        assert_eq!(COURSE.due_by(dates, Some(ending), incident_ms), Some(ending.expires_ms));
        let new_here = &Dates { grace_ms: end_ms + DAY_MS, ..dates.clone() };
        assert_eq!(COURSE.due_by(new_here, Some(before), incident_ms), Some(new_here.grace_ms));
        assert_eq!(COURSE.asked_again_ms(&dates.incidents, None), None, "nothing was passed");
        let other = Course { after_incident: false, ..COURSE };
        assert_eq!(other.due_by(dates, Some(before), incident_ms), None);
        let until = |passed_ms| {
            let passed = Passed { version: 1, passed_ms, expires_ms: 400 * DAY_MS };
            current_until(dates, |_| Some(passed))
        };
        assert_eq!((until(incident_ms), until(later_ms + 1)), (end_ms, 400 * DAY_MS));
    }

    #[test]
    fn admins_alone_need_no_training() {
        assert!(!is_required([Role::Admin].into_iter().collect()));
        for role in [Role::Agent, Role::Privacy, Role::Security] {
            assert!(is_required([Role::Admin, role].into_iter().collect()));
        }
    }

    proptest! {
        /// Nobody works longer than the course lasts that ends first, but for the first days.
        #[test]
        fn every_course_counts(dates in dates(), all in proptest::array::uniform5(passed())) {
            let of = |id: &str| all[COURSES.iter().position(|course| course.id == id).unwrap()];
            let until = current_until(&dates, of);
            prop_assert!(until >= dates.grace_ms);
            for course in COURSES {
                let counts = course.counts_until(&dates.incidents, of(course.id));
                prop_assert!(until <= dates.grace_ms.max(counts));
            }
        }

        /// One incident more makes nothing count for longer, and nothing end sooner than two weeks after it.
        #[test]
        fn an_incident_only_shortens(
            dates in dates(), more_ms in 0..2_000 * DAY_MS, one in passed(),
        ) {
            let without = COURSE.counts_until(&dates.incidents, one);
            let with = COURSE.counts_until(&[&dates.incidents[..], &[more_ms]].concat(), one);
            prop_assert!(with <= without);
            prop_assert!(with >= without.min(more_ms + INCIDENT_MS));
        }

        /// Somebody who passes whatever is due is never kept from their work.
        #[test]
        fn what_is_not_due_lasts_a_month(
            dates in dates(), one in passed(), now_ms in 0..2_000 * DAY_MS,
        ) {
            if COURSE.due_by(&dates, one, now_ms).is_none() {
                prop_assert!(COURSE.counts_until(&dates.incidents, one) > now_ms + DUE_MS);
            }
        }
    }
}
