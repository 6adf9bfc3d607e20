//! `GET` and `POST /v1/audits` and `GET /v1/audits/{id}`: audits of the deployment, each with the result of every
//! control. The binary `examine` does them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, rfc3339};
use shared::http::export::asks_for_page;
use shared::http::request::{AuditPath, MaybePlainJson, PageQuery};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security, SecurityOrAuditor};
use shared::ids::{AuditId, StaffId};
use shared::problem::{Code, Problem};
use shared::store::StoreError;
use shared::store::audit::{Audit, Evidence, Examined, Standing, date};
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::control::{self, Control, Outcome, Requirement};
use utoipa::ToSchema;

use crate::page;
use crate::parts::App;

/// Audits of a page whose results are counted at the same time.
const AT_ONCE: usize = 8;

/// Nothing has to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditRequest {}

/// An audit that has begun.
#[derive(Serialize, ToSchema)]
pub struct AuditBegun {
    id: String,
    /// `running`: it is done within a minute or two.
    status: &'static str,
}

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
    items: Vec<AuditItem>,
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// When the next audit begins by itself; null where nobody knows yet.
    #[schema(required = true)]
    next_at: Option<String>,
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

#[utoipa::path(get, path = "/v1/audits",
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = AuditsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    page: PageQuery,
) -> Result<Reply<AuditsResponse>, Problem> {
    let after = page.after(AuditId::parse)?;
    let limit = i32::try_from(page.limit).unwrap_or(i32::MAX);
    let found = app.audits.page(after, limit).await?;
    let now_ms = app.staff.clock.now_ms();
    let mut items = Vec::with_capacity(found.items.len());
    for some in found.items.chunks(AT_ONCE) {
        let standings = some.iter().map(|audit| app.audits.standings(audit.id));
        for (audit, standings) in some.iter().zip(try_join_all(standings).await?) {
            let counts = AuditCounts::of(&standings, now_ms);
            items.push(AuditItem::of(audit, counts, Vec::new()));
        }
    }
    let response = AuditsResponse {
        items,
        next_cursor: found.next.map(String::from),
        next_at: app.audits.next_due_ms().await?.map(rfc3339),
    };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(post, path = "/v1/audits", request_body(content = Option<AuditRequest>),
    responses((status = 201, body = AuditBegun)))]
pub(crate) async fn begin(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Security>,
    MaybePlainJson(AuditRequest {}): MaybePlainJson<AuditRequest>,
) -> Result<Reply<AuditBegun>, Problem> {
    let previous = app.audits.last_finished().await?.map(|audit| audit.id);
    let clock = &app.staff.clock;
    let id = AuditId::generate(clock)?;
    let audit = Audit::begun(id, clock.now_ms(), Some(staff.id), previous);
    let told = SecurityEvent::by(staff.id, Action::AuditBegun, id);
    if !app.audits.begin(&audit, app.staff.events.put(told).await?).await? {
        return Err(Problem::new(Code::Conflict, "An audit is running already."));
    }
    Ok(Reply(StatusCode::CREATED, AuditBegun { id: id.to_string(), status: "running" }))
}

#[utoipa::path(get, path = "/v1/audits/{id}", params(("id" = String, Path)),
    responses((status = 200, content((AuditItem = "application/json"), (String = "text/html")))))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    AuditPath(id): AuditPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let audit = report(&app, id).await?;
    if asks_for_page(&headers) {
        return page::respond(&audit);
    }
    Ok(Reply(StatusCode::OK, audit).into_response())
}

/// An audit with all its controls, in the order of [`Control::ALL`].
///
/// # Errors
/// [`Code::NotFound`], or that it cannot be read.
pub(crate) async fn report(app: &App, id: AuditId) -> Result<AuditItem, Problem> {
    let audit = app.audits.find(id).await?.ok_or(Code::NotFound)?;
    let examined = app.audits.examined(id).await?;
    let before = before(app, &audit).await?;
    let now_ms = app.staff.clock.now_ms();
    let standings: Vec<_> = examined.iter().map(Standing::from).collect();
    let item = |examined: Examined| {
        let was = result_of(&before, examined.judged.control);
        ControlItem::of(examined, was, now_ms)
    };
    let controls = examined.into_iter().map(item).collect();
    Ok(AuditItem::of(&audit, AuditCounts::of(&standings, now_ms), controls))
}

/// The results of the audit before.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn before(app: &App, audit: &Audit) -> Result<Vec<Standing>, StoreError> {
    match audit.previous {
        Some(previous) => app.audits.standings(previous).await,
        None => Ok(Vec::new()),
    }
}

/// The result of a control among those of an audit.
pub(crate) fn result_of(standings: &[Standing], control: Control) -> Option<Outcome> {
    standings.iter().find(|one| one.control == control).map(|one| one.outcome)
}

#[cfg(test)]
mod tests {
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
