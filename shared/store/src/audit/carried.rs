//! The states of an audit: those of the audit before, as far as they still hold.

use std::collections::BTreeSet;

use super::{BY_HAND_MS, Evidence, Examined, Followed, Judged, date};
use values::clock::UnixMillis;
use values::control::{Outcome, State};

/// Carries over from the last audit how far people have come with each control. `fixed` that fails again is open
/// again, with another date. `accepted` stays while nothing is found but what was found before. A control by hand
/// stays done for its days; where they end within [`BY_HAND_MS`], it is open again, and due when they end.
#[must_use]
pub fn carry_over(judged: Vec<Judged>, before: &[Examined], now_ms: UnixMillis) -> Vec<Examined> {
    let carried = |judged: Judged| {
        let before = before.iter().find(|one| one.judged.control == judged.control);
        let followed = carried_to(&judged, before, now_ms);
        Examined { judged, followed }
    };
    judged.into_iter().map(carried).collect()
}

fn carried_to(judged: &Judged, before: Option<&Examined>, now_ms: UnixMillis) -> Option<Followed> {
    let Judged { control, outcome, .. } = *judged;
    if matches!(outcome, Outcome::Passed | Outcome::NotApplicable) {
        return None;
    }
    let open = Followed::open(control, now_ms);
    let known = before.and_then(|one| Some((&one.judged, one.followed.as_ref()?)));
    let Some((earlier, known)) = known else { return Some(open) };
    let again = Followed { owner: known.owner, note: known.note.clone(), ..open };
    Some(match (known.state, known.done_until_ms(control)) {
        (State::Open, _) => known.clone(),
        (State::Accepted, _) if is_what_was_accepted(judged, earlier) => known.clone(),
        (State::Fixed, Some(until_ms)) if until_ms > now_ms.saturating_add(BY_HAND_MS) => {
            known.clone()
        }
        // The next audit would come too late.
        (State::Fixed, Some(until_ms)) if until_ms > now_ms => {
            Followed { due: date(until_ms), ..again }
        }
        (State::Accepted | State::Fixed, _) => again,
    })
}

/// Whether an audit found nothing but what the one before had found. Digits do not count, since times and numbers
/// change by themselves.
fn is_what_was_accepted(now: &Judged, earlier: &Judged) -> bool {
    // Nobody has accepted a fault by accepting that nothing was known.
    if (earlier.outcome, now.outcome) == (Outcome::NotExamined, Outcome::Failed) {
        return false;
    }
    let words = |line: &Evidence| line.answered.replace(|one: char| one.is_ascii_digit(), "");
    let known: BTreeSet<_> = earlier.evidence.iter().map(words).collect();
    now.evidence.iter().all(|line| known.contains(&words(line)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BY_HAND, BY_MACHINE, NOW_MS, judged, said};
    use super::*;
    use values::control::Control;

    /// The state at the next audit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Becomes {
        /// There is nothing to do.
        Nothing,
        /// It begins, with nobody's words.
        New,
        /// It stays as it is.
        Same,
        /// It is open again, with owner and note.
        Again,
        /// The same, and it is due when it ends to count as done.
        Soon,
    }

    #[test]
    fn a_state_is_carried_over_as_the_table_says() {
        use Becomes::{Again, New, Nothing, Same, Soon};
        use Outcome::{Failed, Manual, NotApplicable, NotExamined, Passed};
        use State::{Accepted, Fixed, Open};
        for (control, before, outcome, expected) in [
            // Nothing was known before.
            (BY_MACHINE, None, Failed, New),
            (BY_MACHINE, None, NotExamined, New),
            (BY_MACHINE, None, Passed, Nothing),
            (BY_MACHINE, None, NotApplicable, Nothing),
            (BY_HAND, None, Manual, New),
            (BY_HAND, None, NotApplicable, Nothing),
            // It passed before, so nobody has followed it.
            (BY_MACHINE, Some((Passed, None)), Failed, New),
            (BY_MACHINE, Some((Passed, None)), NotExamined, New),
            // It still fails.
            (BY_MACHINE, Some((Failed, Some((Open, 91)))), Failed, Same),
            (BY_MACHINE, Some((NotExamined, Some((Open, 91)))), Failed, Same),
            (BY_MACHINE, Some((Failed, Some((Open, 91)))), NotExamined, Same),
            (BY_MACHINE, Some((Failed, Some((Accepted, 91)))), Failed, Same),
            (BY_MACHINE, Some((Failed, Some((Accepted, 91)))), NotExamined, Same),
            (BY_MACHINE, Some((NotExamined, Some((Accepted, 91)))), NotExamined, Same),
            // Something else was accepted.
            (BY_MACHINE, Some((NotExamined, Some((Accepted, 91)))), Failed, Again),
            // It was said to be fixed.
            (BY_MACHINE, Some((Failed, Some((Fixed, 1)))), Failed, Again),
            (BY_MACHINE, Some((Failed, Some((Fixed, 1)))), NotExamined, Again),
            // It passes, or concerns nobody any more.
            (BY_MACHINE, Some((Failed, Some((Open, 91)))), Passed, Nothing),
            (BY_MACHINE, Some((Failed, Some((Accepted, 91)))), Passed, Nothing),
            (BY_MACHINE, Some((Failed, Some((Fixed, 91)))), Passed, Nothing),
            (BY_MACHINE, Some((Failed, Some((Open, 91)))), NotApplicable, Nothing),
            // By hand: done for 182 days.
            (BY_HAND, Some((Manual, Some((Open, 400)))), Manual, Same),
            (BY_HAND, Some((Manual, Some((Accepted, 400)))), Manual, Same),
            (BY_HAND, Some((Manual, Some((Fixed, 0)))), Manual, Same),
            (BY_HAND, Some((Manual, Some((Fixed, 151)))), Manual, Same),
            (BY_HAND, Some((Manual, Some((Fixed, 152)))), Manual, Soon),
            (BY_HAND, Some((Manual, Some((Fixed, 181)))), Manual, Soon),
            (BY_HAND, Some((Manual, Some((Fixed, 182)))), Manual, Again),
        ] {
            let before: Vec<_> = before
                .into_iter()
                .map(|(outcome, followed)| Examined {
                    judged: judged(control, outcome),
                    followed: followed.map(|(state, days_ago)| said(state, days_ago)),
                })
                .collect();
            let carried = carry_over(vec![judged(control, outcome)], &before, NOW_MS);
            let [Examined { judged: kept, followed }] = &*carried else { panic!("one control") };
            assert_eq!(*kept, judged(control, outcome));
            let known = before.first().and_then(|one| one.followed.clone());
            let open = Followed::open(control, NOW_MS);
            let wanted = match expected {
                Nothing => None,
                New => Some(open),
                Same => known.clone(),
                Again | Soon => {
                    let Followed { owner, note, .. } = said(State::Open, 0);
                    let until_ms = known.as_ref().and_then(|known| known.done_until_ms(control));
                    let ends = until_ms.filter(|_| expected == Soon).map(date);
                    let due = ends.unwrap_or_else(|| open.due.clone());
                    Some(Followed { owner, due, note, ..open })
                }
            };
            assert_eq!(*followed, wanted, "{control:?} {known:?} {outcome:?}");
        }
    }

    #[test]
    fn what_was_accepted_is_open_again_when_something_else_is_found() {
        let found = |lines: &[&str], outcome| Judged {
            evidence: lines
                .iter()
                .map(|line| Evidence {
                    asked: "dynamodb:DescribeTimeToLive".to_owned(),
                    answered: (*line).to_owned(),
                    at_ms: NOW_MS,
                })
                .collect(),
            ..judged(BY_MACHINE, outcome)
        };
        let (keys, log) = ("keys: TTL is off since 2026-11-02.", "log: 3 items have no end.");
        let failed = Outcome::Failed;
        for (before, now, outcome, stays) in [
            (&[keys, log][..], &[keys, log][..], failed, true),
            (&[keys, log], &[log, keys], failed, true),
            (&[keys, log], &[keys], failed, true),
            (&[keys, log], &[], Outcome::NotExamined, true),
            (&[log], &["log: 412 items have no end."], failed, true),
            (&[keys], &[keys, log], failed, false),
            (&[keys], &["logs: TTL is off since 2026-11-02."], failed, false),
            (&[keys], &["AWS did not answer."], Outcome::NotExamined, false),
            (&[], &[keys], failed, false),
        ] {
            let accepted = said(State::Accepted, 91);
            let before =
                Examined { judged: found(before, failed), followed: Some(accepted.clone()) };
            let carried = carry_over(vec![found(now, outcome)], &[before], NOW_MS);
            let Followed { owner, note, .. } = accepted.clone();
            let again = Followed { owner, note, ..Followed::open(BY_MACHINE, NOW_MS) };
            let wanted = if stays { accepted } else { again };
            assert_eq!(carried[0].followed, Some(wanted), "{now:?}");
        }
    }

    #[test]
    fn another_controls_state_is_not_carried_over() {
        let before = Examined {
            judged: judged(Control::TableRecovery, Outcome::Failed),
            followed: Some(said(State::Accepted, 1)),
        };
        let carried = carry_over(vec![judged(BY_MACHINE, Outcome::Failed)], &[before], NOW_MS);
        assert_eq!(carried[0].followed, Some(Followed::open(BY_MACHINE, NOW_MS)));
    }
}
