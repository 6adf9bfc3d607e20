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

/// A course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Its name in addresses and certificates.
    pub id: &'static str,
    /// Its version: a certificate of an earlier one ends soon after the change.
    pub version: u32,
    /// When that version was released.
    pub changed_ms: UnixMillis,
}

/// Every course, in the order in which they are taken.
pub const COURSES: [Course; 5] = [
    first("data-privacy"),
    first("safe-communication"),
    first("phishing"),
    first("first-hour"),
    first("assistants"),
];

/// The first version of a course: 2026-11-30.
const fn first(id: &'static str) -> Course {
    Course { id, version: 1, changed_ms: 1_795_996_800_000 }
}

/// A course that somebody has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Which version of it.
    pub version: u32,
    /// When the certificate ends.
    pub expires_ms: UnixMillis,
}

impl Course {
    /// The course of that name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        COURSES.iter().find(|course| course.id == id)
    }

    /// Until when having passed it counts; 0 for somebody who has not.
    #[must_use]
    pub fn counts_until(&self, passed: Option<Passed>) -> UnixMillis {
        match passed {
            None => 0,
            Some(passed) if passed.version < self.version => {
                passed.expires_ms.min(self.changed_ms + CHANGE_MS)
            }
            Some(passed) => passed.expires_ms,
        }
    }

    /// By when it has to be passed, if that is soon: somebody without it by the end of their first
    /// days, the others by the end of what they have.
    #[must_use]
    pub fn due_by(
        &self,
        grace_ms: UnixMillis,
        passed: Option<Passed>,
        now_ms: UnixMillis,
    ) -> Option<UnixMillis> {
        let until = self.counts_until(passed);
        let is_fresh = passed.is_some_and(|passed| passed.version >= self.version);
        let is_due = !is_fresh || until.saturating_sub(now_ms) <= DUE_MS;
        is_due.then_some(until.max(grace_ms))
    }
}

/// Whether somebody with these roles needs the courses: all who may read what visitors write.
#[must_use]
pub fn is_required(roles: Roles) -> bool {
    [Role::Agent, Role::Privacy, Role::Security].into_iter().any(|role| roles.has(role))
}

/// Until when somebody may work: while every course counts, and in their first days.
#[must_use]
pub fn current_until(
    grace_ms: UnixMillis,
    passed: impl Fn(&'static str) -> Option<Passed>,
) -> UnixMillis {
    let counts = |course: &Course| course.counts_until(passed(course.id));
    COURSES.iter().map(counts).min().unwrap_or(0).max(grace_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::rfc3339;

    const COURSE: Course = Course { id: "data-privacy", version: 2, changed_ms: 1_000_000 };

    fn passed() -> impl Strategy<Value = Option<Passed>> {
        proptest::option::of(
            (0..4_u32, 0..2_000 * DAY_MS)
                .prop_map(|(version, expires_ms)| Passed { version, expires_ms }),
        )
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
        let old = Passed { version: 1, expires_ms: 400 * DAY_MS };
        assert_eq!(COURSE.counts_until(Some(old)), COURSE.changed_ms + CHANGE_MS);
        let new = Passed { version: 2, ..old };
        assert_eq!(COURSE.counts_until(Some(new)), new.expires_ms);
        assert_eq!(COURSE.due_by(0, Some(old), 0), Some(COURSE.changed_ms + CHANGE_MS));
        assert_eq!(COURSE.due_by(0, Some(new), 0), None);
        assert_eq!(COURSE.due_by(0, Some(new), new.expires_ms - DUE_MS), Some(new.expires_ms));
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
        fn every_course_counts(grace_ms in 0..30 * DAY_MS, all in proptest::array::uniform5(passed())) {
            let of = |id: &str| all[COURSES.iter().position(|course| course.id == id).unwrap()];
            let until = current_until(grace_ms, of);
            prop_assert!(until >= grace_ms);
            for course in COURSES {
                prop_assert!(until <= grace_ms.max(course.counts_until(of(course.id))));
            }
        }

        /// Somebody who passes whatever is due is never kept from their work.
        #[test]
        fn what_is_not_due_lasts_a_month(
            grace_ms in 0..30 * DAY_MS, one in passed(), now_ms in 0..2_000 * DAY_MS,
        ) {
            if COURSE.due_by(grace_ms, one, now_ms).is_none() {
                prop_assert!(COURSE.counts_until(one) > now_ms + DUE_MS);
            }
        }
    }
}
