//! Counts the incidents that nobody has looked at in time, every five minutes. The playbook of a kind says how long
//! its incidents may wait. An incident that waits for longer is told of in its timeline, once.

use serde::Serialize;
use shared::clock::UnixMillis;
use shared::ids::IncidentId;
use shared::store::StoreError;
use shared::store::incident::Incident;

use crate::parts::App;

/// Incidents that are read at once.
const PAGE: i32 = 50;
/// Pages that a run reads, the newest incidents first. The table keeps them for years, and a run has seconds.
const PAGES: usize = 20;
const MINUTE_MS: UnixMillis = 60_000;
/// The word in the timeline.
const ESCALATED: &str = "escalated";

/// The result of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Incidents that have waited for longer than their playbooks say.
    pub waiting: u64,
    /// Those of them whose timelines were told of it now.
    pub escalated: u64,
}

/// Counts the incidents that wait for too long, and tells their timelines.
///
/// # Errors
/// [`StoreError`]; the next run counts anew.
pub async fn run(app: &App) -> Result<Waiting, StoreError> {
    let mut counted = Waiting::default();
    let mut after = None;
    for _ in 0..PAGES {
        let found = app.incidents.page(after, PAGE).await?;
        for incident in found.items.iter().filter(|incident| is_late(app, incident)) {
            counted.waiting += 1;
            if !is_told(incident) {
                counted.escalated += u64::from(tell(app, incident.id).await?);
            }
        }
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    Ok(counted)
}

/// Tells the timeline of an incident that it waits; false if somebody was faster. The incident is read anew, since
/// the write is on condition of its revision: of two runs at once, one writes.
async fn tell(app: &App, id: IncidentId) -> Result<bool, StoreError> {
    let Some(mut incident) = app.incidents.find(id).await? else { return Ok(false) };
    if !is_late(app, &incident.value) || is_told(&incident.value) {
        return Ok(false);
    }
    incident.value.tell(app.clock().now_ms(), ESCALATED, None);
    // A timeline that is full takes no entry: without this, each run would write the same incident again.
    if !is_told(&incident.value) {
        return Ok(false);
    }
    let writes = app.incidents.transaction().and(app.incidents.put(&incident)?);
    Ok(writes.commit("escalate_incident").await?.is_whole())
}

/// Whether an incident has waited for longer than its playbook says.
fn is_late(app: &App, incident: &Incident) -> bool {
    let minutes = app.playbook(incident.kind).escalate_after_minutes;
    let waited_ms = app.clock().now_ms().saturating_sub(incident.open_since_ms());
    incident.waits() && waited_ms >= UnixMillis::from(minutes) * MINUTE_MS
}

/// Whether its timeline was told already.
fn is_told(incident: &Incident) -> bool {
    incident.opened().1.iter().any(|entry| entry.what == ESCALATED)
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;
    use shared::ids::StaffId;
    use shared::store::incident::Note;
    use values::incident::{Kind, Severity, Status};

    use super::*;

    const OPENED_MS: UnixMillis = 1_793_610_000_000;

    fn incident(status: Status) -> Incident {
        let id = IncidentId::generate(&Clock::manual(OPENED_MS)).unwrap();
        let of = (id, Kind::UnusualReads, Severity::High);
        let mut incident = Incident::open(of, None, (OPENED_MS, true), None);
        incident.status = status;
        incident
    }

    #[test]
    fn an_incident_waits_until_a_person_touches_it() {
        let somebody = StaffId::generate(&Clock::manual(OPENED_MS)).unwrap();
        for (status, expected) in [
            (Status::Open, true),
            (Status::Acknowledged, false),
            (Status::Contained, true),
            (Status::Resolved, false),
        ] {
            assert_eq!(incident(status).waits(), expected, "{status:?}");
        }
        let mut assigned = incident(Status::Contained);
        assigned.assignee = Some(somebody);
        let mut noted = incident(Status::Contained);
        noted.note(Note { at_ms: OPENED_MS, by: somebody, text: "They are on leave.".to_owned() });
        let mut lifted = incident(Status::Contained);
        lifted.tell(OPENED_MS, "lifted", Some(somebody));
        for touched in [assigned, noted, lifted] {
            assert!(!touched.waits());
        }
    }

    #[test]
    fn an_incident_that_is_opened_again_waits_from_then_on_and_is_told_again() {
        let mut reopened = incident(Status::Open);
        assert_eq!(reopened.opened().0, OPENED_MS);
        reopened.tell(OPENED_MS + 1, ESCALATED, None);
        assert!(is_told(&reopened));
        let somebody = StaffId::generate(&Clock::manual(OPENED_MS)).unwrap();
        reopened.tell(OPENED_MS + 1, "resolved", Some(somebody));
        reopened.tell(OPENED_MS + 1, "open", Some(somebody));
        assert_eq!(reopened.opened().0, OPENED_MS + 1);
        assert!(!is_told(&reopened));
        reopened.tell(OPENED_MS + 2, ESCALATED, None);
        assert!(is_told(&reopened));
    }
}
