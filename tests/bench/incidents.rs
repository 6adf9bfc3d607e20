//! Rows of detection, in simulated quarters that nobody has tuned on.

use simulator::{REPORTED, Strength, score};

use crate::rows::{Goal, Row};

/// Quarters of a quick run.
const QUICK: u64 = 5;

pub(crate) fn take(thorough: bool) -> [Row; 3] {
    let end = if thorough { REPORTED.end } else { REPORTED.start + QUICK };
    let score = score(REPORTED.start..end);
    let about = format!(
        "{} attacks, each played once a quarter and strength upon {} quarters of a team of ten, seeds that nobody \
         has tuned on",
        score.attacks.len(),
        end - REPORTED.start,
    );
    let found = |strength| Ok(score.share(strength) * 100.0);
    [
        Row::new("incidents_strong", found(Strength::Strong), "%", Goal::AtLeast(95.0))
            .note(&*about),
        Row::new("incidents_weak", found(Strength::Weak), "%", Goal::AtLeast(80.0)).note(&*about),
        Row::new(
            "incidents_false_per_week",
            Ok(score.false_per_week),
            "incidents",
            Goal::AtMost(1.0),
        )
        .note(format!(
            "{} events of ordinary life; whatever a rule tells of in them is false",
            score.events
        )),
    ]
}
