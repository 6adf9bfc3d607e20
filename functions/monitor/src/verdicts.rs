//! `PATCH /v1/incidents/{id}`: how far it has come, who works on it, and how it is judged. Verdicts move the
//! thresholds of the rules that were met, and ask the person whom an incident was about for courses again.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::clock::UnixMillis;
use shared::http::request::{IncidentPath, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security};
use shared::ids::StaffId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::incident::{Incident, Note, RuleRecord};
use shared::store::security_event::{Action as Told, SecurityEvent};
use shared::store::write::Transaction;
use shared::text::{RawText, Text, judge_optional};
use utoipa::ToSchema;
use values::incident::{Status, Verdict};

use crate::incidents::{IncidentItem, NOTE, person};
use crate::parts::App;
use crate::rules::find;

/// How often a change is tried on an incident that others change meanwhile.
const TRIES: usize = 8;

/// A change; what is missing stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentChangeRequest {
    /// `open`, `acknowledged`, `contained` or `resolved`.
    status: Option<String>,
    /// `true_positive` or `false_positive`.
    verdict: Option<String>,
    /// The id of a member of the staff.
    assignee: Option<String>,
    /// 1 to 2,000 characters.
    #[schema(value_type = Option<String>)]
    note: Option<RawText>,
}

/// A change that was judged.
struct Change {
    status: Option<Status>,
    verdict: Option<Verdict>,
    assignee: Option<StaffId>,
    note: Option<Text<1, NOTE>>,
}

impl Change {
    async fn read(app: &App, request: IncidentChangeRequest) -> Result<Self, Problem> {
        let IncidentChangeRequest { status, verdict, assignee, note } = request;
        let refused = |pointer| Problem::invalid(pointer, FieldCode::NotAllowed);
        let status = status.map(|word| Status::find(&word).ok_or_else(|| refused("/status")));
        let verdict = verdict.map(|word| Verdict::find(&word).ok_or_else(|| refused("/verdict")));
        let assignee = match assignee {
            Some(assignee) => Some(person(app, &assignee, "/assignee").await?),
            None => None,
        };
        let note = judge_optional(note, "/note")?;
        Ok(Self { status: status.transpose()?, verdict: verdict.transpose()?, assignee, note })
    }

    /// Makes the change; false where it changes nothing.
    fn make(
        &self,
        incident: &mut Incident,
        (by, now_ms): (StaffId, UnixMillis),
    ) -> Result<bool, Problem> {
        let before = incident.clone();
        if let Some(status) = self.status.filter(|status| *status != incident.status) {
            if !incident.status.may_become(status) {
                let detail = "An incident goes on; a resolved one may be opened again.";
                return Err(Problem::new(Code::Conflict, detail));
            }
            if status == Status::Resolved {
                incident.settled_ms = Some(now_ms);
            }
            incident.status = status;
            incident.tell(now_ms, status.as_str(), Some(by));
        }
        if let Some(verdict) = self.verdict.filter(|verdict| incident.verdict != Some(*verdict)) {
            incident.verdict = Some(verdict);
            incident.tell(now_ms, verdict.as_str(), Some(by));
        }
        if let Some(assignee) = self.assignee.filter(|one| incident.assignee != Some(*one)) {
            incident.assignee = Some(assignee);
            incident.tell(now_ms, "assigned", Some(by));
        }
        if let Some(note) = &self.note {
            let note = Note { at_ms: now_ms, by, text: note.reveal().to_owned() };
            if !incident.note(note) {
                let detail = "There is no room for another note.";
                return Err(Problem::new(Code::Conflict, detail));
            }
        }
        Ok(*incident != before)
    }
}

#[utoipa::path(patch, path = "/v1/incidents/{id}", params(("id" = String, Path)),
    request_body = IncidentChangeRequest, responses((status = 200, body = IncidentItem)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Security>,
    IncidentPath(id): IncidentPath,
    PlainJson(request): PlainJson<IncidentChangeRequest>,
) -> Result<Reply<IncidentItem>, Problem> {
    let change = Change::read(&app, request).await?;
    for _ in 0..TRIES {
        let mut incident = app.incidents.find(id).await?.ok_or(Code::NotFound)?;
        if change.status.is_some() || change.verdict.is_some() {
            not_ones_own(&incident.value, staff.id)?;
        }
        let before = incident.value.verdict;
        let now_ms = app.clock().now_ms();
        if !change.make(&mut incident.value, (staff.id, now_ms))? {
            return Ok(Reply(StatusCode::OK, IncidentItem::of(&app, incident.value)));
        }
        let told = SecurityEvent::by(staff.id, Told::IncidentChanged, id);
        let mut writes = app.incidents.transaction();
        writes.push(app.staff.events.put(told).await?);
        if incident.value.verdict != before {
            learn(&app, &incident.value, before, &mut writes).await?;
            refresh(&app, &mut incident.value, now_ms, &mut writes).await?;
        }
        writes.push(app.incidents.put(&incident)?);
        if writes.commit("change_incident").await?.is_whole() {
            return Ok(Reply(StatusCode::OK, IncidentItem::of(&app, incident.value)));
        }
    }
    Err(Problem::contended())
}

/// Refuses somebody who would decide about themselves.
///
/// # Errors
/// [`Code::Forbidden`].
pub(crate) fn not_ones_own(incident: &Incident, by: StaffId) -> Result<(), Problem> {
    if incident.about == Some(by.to_string()) {
        let detail = "It is about you: somebody else decides.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    Ok(())
}

/// Adds the verdict to the records of the rules that were met, in the place of the one before.
async fn learn(
    app: &App,
    incident: &Incident,
    before: Option<Verdict>,
    writes: &mut Transaction,
) -> Result<(), Problem> {
    let Some(verdict) = incident.verdict else { return Ok(()) };
    for signal in &incident.signals {
        let Some(rule) = find(&signal.rule) else { continue };
        let mut record = app.incidents.rule(rule.name).await?;
        judge(&mut record.value, before, verdict);
        writes.push(app.incidents.put_rule(rule.name, &record)?);
    }
    Ok(())
}

/// Asks the person whom a confirmed incident is about for courses again, where its playbook says so. A verdict
/// that is taken back takes that back.
async fn refresh(
    app: &App,
    incident: &mut Incident,
    now_ms: UnixMillis,
    writes: &mut Transaction,
) -> Result<(), Problem> {
    let Some(staff) = incident.about.as_deref().and_then(StaffId::parse) else { return Ok(()) };
    if let Some(asked_ms) = incident.asked_again_ms.take() {
        writes.push(app.staff.trainings.refresh_not(staff, asked_ms)?);
    }
    let is_confirmed = incident.verdict == Some(Verdict::TruePositive);
    // An account that is gone has no training any more.
    if is_confirmed && app.playbook(incident.kind).refresher && app.accounts.has(staff).await? {
        incident.asked_again_ms = Some(now_ms);
        writes.push(app.staff.trainings.refresh_after(staff, now_ms)?);
    }
    Ok(())
}

/// Counts a verdict, in the place of the one before.
fn judge(record: &mut RuleRecord, before: Option<Verdict>, verdict: Verdict) {
    match before {
        Some(Verdict::TruePositive) => {
            record.true_positive = record.true_positive.saturating_sub(1);
        }
        Some(Verdict::FalsePositive) => {
            record.false_positive = record.false_positive.saturating_sub(1);
        }
        None => {}
    }
    match verdict {
        Verdict::TruePositive => record.true_positive = record.true_positive.saturating_add(1),
        Verdict::FalsePositive => record.false_positive = record.false_positive.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_verdict_takes_the_place_of_the_one_before() {
        let mut record = RuleRecord::default();
        judge(&mut record, None, Verdict::FalsePositive);
        judge(&mut record, Some(Verdict::FalsePositive), Verdict::TruePositive);
        let expected = RuleRecord { true_positive: 1, ..RuleRecord::default() };
        assert_eq!(record, expected);
    }
}
