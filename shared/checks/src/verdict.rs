//! The results of an audit: the findings by the controls that they are about.

use shared::clock::UnixMillis;
use shared::store::audit::{Evidence, Judged};
use shared::values::control::{Control, Outcome};

use crate::finding::{Finding, Severity};

/// Lines of evidence that a control keeps. The most important come first.
const EVIDENCE: usize = 40;
/// Characters of a sentence that are kept.
const SENTENCE: usize = 300;

/// Judges every control by the findings about it.
#[must_use]
pub fn judge(findings: &[Finding], at_ms: UnixMillis) -> Vec<Judged> {
    Control::ALL.iter().map(|control| judge_one(*control, findings, at_ms)).collect()
}

fn judge_one(control: Control, findings: &[Finding], at_ms: UnixMillis) -> Judged {
    if control.is_by_hand() {
        return Judged { control, outcome: Outcome::Manual, evidence: Vec::new(), reason: None };
    }
    let mut about: Vec<_> =
        findings.iter().filter(|finding| finding.controls().contains(&control)).collect();
    about.sort_by_key(|finding| rank(finding.severity));
    let (outcome, reason) = match about.first() {
        None => (Outcome::NotExamined, Some("Nothing was there to look at.".to_owned())),
        Some(worst) => match worst.severity {
            Severity::Wrong | Severity::LookAtIt => (Outcome::Failed, Some(cut(&worst.what))),
            Severity::CouldNotLook => (Outcome::NotExamined, Some(cut(&worst.what))),
            Severity::Fine => (Outcome::Passed, None),
        },
    };
    let asked = control.nature().asked;
    let line = |finding: &&Finding| Evidence {
        asked: asked.to_owned(),
        answered: cut(&finding.what),
        at_ms,
    };
    let evidence = about.iter().take(EVIDENCE).map(line).collect();
    Judged { control, outcome, evidence, reason }
}

/// A sentence as far as it is kept: what AWS answers may be long, and an item takes 400 KB.
fn cut(sentence: &str) -> String {
    if sentence.chars().count() <= SENTENCE {
        return sentence.to_owned();
    }
    sentence.chars().take(SENTENCE).chain(['…']).collect()
}

/// Failures come first, then what nobody knows.
const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Wrong => 0,
        Severity::LookAtIt => 1,
        Severity::CouldNotLook => 2,
        Severity::Fine => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Chapter, CouldNot, Obstacle};

    fn of(findings: &[Finding], control: Control) -> Judged {
        judge(findings, 7).into_iter().find(|judged| judged.control == control).unwrap()
    }

    #[test]
    fn the_worst_finding_decides_and_nothing_is_passed_unseen() {
        let see = Chapter::KeyInDanger;
        let fine = Finding::fine("key_enabled", "It is enabled.", see);
        let wrong = Finding::wrong("key_disabled", "It is disabled.", "Enable it.", see);
        let denied = CouldNot { action: "kms:DescribeKey", reason: Obstacle::Denied };
        let denied = denied.finding(&"The key").about([Control::KeyState]);
        let outcome = |findings: &[Finding]| of(findings, Control::KeyState).outcome;
        assert_eq!(outcome(&[]), Outcome::NotExamined);
        assert_eq!(outcome(std::slice::from_ref(&fine)), Outcome::Passed);
        assert_eq!(outcome(&[fine.clone(), denied.clone()]), Outcome::NotExamined);
        assert_eq!(outcome(&[fine.clone(), denied, wrong.clone()]), Outcome::Failed);
        let judged = of(&[fine.clone(), wrong], Control::KeyState);
        assert_eq!(judged.reason.as_deref(), Some("It is disabled."));
        assert_eq!(judged.evidence[0].answered, "It is disabled.");
        assert_eq!(of(&[fine], Control::AccessReview).outcome, Outcome::Manual);
    }

    #[test]
    fn every_control_is_judged_once_in_its_order() {
        let judged = judge(&[], 0);
        let controls: Vec<_> = judged.iter().map(|one| one.control).collect();
        assert_eq!(controls, Control::ALL);
    }
}
