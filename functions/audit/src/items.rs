//! Audits and controls as responses show them.

use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::ids::StaffId;
use shared::store::audit::{Audit, Evidence, Examined, Standing, date};
use shared::values::control::{self, Outcome, Requirement};
use utoipa::ToSchema;

/// How many controls have each result, and how many findings are left to do.
#[derive(Default, Serialize, ToSchema)]
pub struct AuditCounts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) not_examined: usize,
    pub(crate) not_applicable: usize,
    /// Controls by hand, whether they are done or not.
    pub(crate) manual: usize,
    /// Controls with the state `open`.
    pub(crate) open: usize,
    /// Those of them whose due date has passed.
    pub(crate) overdue: usize,
}

/// The paragraphs that ask for a control.
#[derive(Serialize, ToSchema)]
pub struct RequirementItem {
    /// OWASP ASVS 5.0.0.
    pub(crate) asvs: &'static [&'static str],
    pub(crate) gdpr: &'static [&'static str],
    pub(crate) ccpa: &'static [&'static str],
    /// The criteria of SOC 2.
    pub(crate) soc2: &'static [&'static str],
    pub(crate) ai_act: &'static [&'static str],
}

/// A question that was asked, and the answer.
#[derive(Serialize, ToSchema)]
pub struct EvidenceItem {
    pub(crate) asked: String,
    pub(crate) answered: String,
    pub(crate) at: String,
}

/// A control with its result, and how far people have come with it.
#[derive(Serialize, ToSchema)]
pub struct ControlItem {
    pub(crate) control: &'static str,
    /// The rule, without a full stop.
    pub(crate) title: &'static str,
    pub(crate) requirement: RequirementItem,
    /// `passed`, `failed`, `not_examined`, `not_applicable`, or `manual` where people look.
    pub(crate) result: &'static str,
    /// The result at the audit before; null where there was none.
    #[schema(required = true)]
    pub(crate) before: Option<&'static str>,
    /// `low`, `medium`, `high` or `critical`: how much it matters when it fails.
    pub(crate) severity: &'static str,
    pub(crate) evidence: Vec<EvidenceItem>,
    /// Null where the result says it all.
    #[schema(required = true)]
    pub(crate) reason: Option<String>,
    /// The way to mend it.
    pub(crate) remedy: &'static str,
    /// The page of the documents that says more.
    pub(crate) page: &'static str,
    /// `open`, `accepted` or `fixed`; null where there is nothing to do.
    #[schema(required = true)]
    pub(crate) state: Option<&'static str>,
    /// The member of the staff who is at it.
    #[schema(value_type = Option<String>, required = true)]
    pub(crate) owner: Option<StaffId>,
    /// Until when it is to be done, `2027-01-31`.
    #[schema(required = true)]
    pub(crate) due: Option<String>,
    /// Whether it is open and its due date has passed.
    pub(crate) overdue: bool,
    /// Until when a control by hand counts as done, if it is, `2027-01-31`.
    #[schema(required = true)]
    pub(crate) counts_until: Option<String>,
    #[schema(required = true)]
    pub(crate) note: Option<String>,
}

/// An audit.
#[derive(Serialize, ToSchema)]
pub struct AuditItem {
    pub(crate) id: String,
    /// When it was asked for, or began by itself.
    pub(crate) at: String,
    /// `running` or `finished`.
    pub(crate) status: &'static str,
    /// The audit before it.
    #[schema(required = true)]
    pub(crate) previous: Option<String>,
    pub(crate) counts: AuditCounts,
    /// None in a list, and none while the audit is running.
    pub(crate) controls: Vec<ControlItem>,
}

/// A page of audits, the newest first.
#[derive(Serialize, ToSchema)]
pub struct AuditsResponse {
    pub(crate) items: Vec<AuditItem>,
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// When the next audit begins by itself; null where nobody knows yet.
    #[schema(required = true)]
    pub(crate) next_at: Option<String>,
}

impl AuditCounts {
    /// Counts the controls of an audit.
    #[must_use]
    pub fn of(standings: &[Standing], now_ms: UnixMillis) -> Self {
        let mut counts = Self::default();
        for standing in standings {
            let result = match standing.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Failed => &mut counts.failed,
                Outcome::NotExamined => &mut counts.not_examined,
                Outcome::NotApplicable => &mut counts.not_applicable,
                Outcome::Manual => &mut counts.manual,
            };
            *result += 1;
            let state = standing.followed.as_ref().map(|(state, _)| *state);
            counts.open += usize::from(state == Some(control::State::Open));
            counts.overdue += usize::from(standing.is_overdue(now_ms));
        }
        counts
    }
}

impl From<Requirement> for RequirementItem {
    fn from(Requirement { asvs, gdpr, ccpa, soc2, ai_act }: Requirement) -> Self {
        Self { asvs, gdpr, ccpa, soc2, ai_act }
    }
}

impl From<Evidence> for EvidenceItem {
    fn from(Evidence { asked, answered, at_ms }: Evidence) -> Self {
        Self { asked, answered, at: rfc3339(at_ms) }
    }
}

impl ControlItem {
    /// A control as it is shown, beside its result at the audit before.
    #[must_use]
    pub fn of(examined: Examined, before: Option<Outcome>, now_ms: UnixMillis) -> Self {
        let Examined { judged, followed } = examined;
        let control = judged.control;
        let nature = control.nature();
        let followed = followed.as_ref();
        let done_until_ms = followed.and_then(|followed| followed.done_until_ms(control));
        Self {
            control: control.as_str(),
            title: nature.title,
            requirement: control.requirement().into(),
            result: judged.outcome.as_str(),
            before: before.map(Outcome::as_str),
            severity: nature.severity.as_str(),
            evidence: judged.evidence.into_iter().map(EvidenceItem::from).collect(),
            reason: judged.reason,
            remedy: nature.remedy,
            page: nature.page,
            state: followed.map(|followed| followed.state.as_str()),
            owner: followed.and_then(|followed| followed.owner),
            due: followed.map(|followed| followed.due.clone()),
            overdue: followed.is_some_and(|followed| followed.is_overdue(now_ms)),
            counts_until: done_until_ms.map(date),
            note: followed.and_then(|followed| followed.note.clone()),
        }
    }
}

impl AuditItem {
    /// An audit as it is shown.
    #[must_use]
    pub fn of(audit: &Audit, counts: AuditCounts, controls: Vec<ControlItem>) -> Self {
        Self {
            id: audit.id.to_string(),
            at: rfc3339(audit.asked_ms),
            status: if audit.ended_ms.is_some() { "finished" } else { "running" },
            previous: audit.previous.map(String::from),
            counts,
            controls,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::values::control::Control;

    use super::*;

    const NOW_MS: UnixMillis = 1_793_610_000_000;

    #[test]
    fn counts_are_of_results_and_of_states() {
        use control::State::{Accepted, Fixed, Open};
        let standing = |control, outcome, followed: Option<(control::State, &str)>| Standing {
            control,
            outcome,
            followed: followed.map(|(state, due)| (state, due.to_owned())),
        };
        let counts = AuditCounts::of(
            &[
                standing(Control::KeyState, Outcome::Passed, None),
                standing(Control::KeyRotation, Outcome::Failed, Some((Open, "2026-11-01"))),
                standing(Control::KeyPolicy, Outcome::Failed, Some((Open, "2026-11-02"))),
                standing(Control::TableDesign, Outcome::Failed, Some((Accepted, "2026-11-01"))),
                standing(Control::TableExpiry, Outcome::NotExamined, Some((Fixed, "2026-11-01"))),
                standing(Control::KeyList, Outcome::NotApplicable, None),
                standing(Control::RestoreDrill, Outcome::Manual, Some((Open, "2026-10-31"))),
            ],
            NOW_MS,
        );
        let results = (counts.passed, counts.failed, counts.not_examined);
        assert_eq!((results, counts.not_applicable, counts.manual), ((1, 3, 1), 1, 1));
        assert_eq!((counts.open, counts.overdue), (3, 2));
    }
}
