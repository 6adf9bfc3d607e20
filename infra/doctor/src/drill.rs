//! `cargo doctor drill`: plays an attack against a running deployment, and says how fast it was answered.
//!
//! A made-up member of the staff reads made-up conversations, one after the other: the events are appended as a
//! function appends them, code and all, so what answers is what would answer an attack. Nothing of a visitor is
//! read. Afterwards the lock is lifted and the incident is resolved. It gets no verdict, since a drill must move
//! no threshold.

use shared::clock::{Clock, UnixMillis, rfc3339};
use shared::ids::{ConversationId, IncidentId, StaffId};
use shared::store::StoreError;
use shared::store::attributes::{Item, take_string};
use shared::store::incident::{DRILL_NOTE, Incident, IncidentTable, Note};
use shared::store::lock;
use shared::store::security_event::{Action as Told, SecurityEvent, SecurityEvents, partitions};
use shared::store::table::Table;
use shared::store::write::delete;
use shared::values::incident::{Action, Kind, Status};
use shared::values::policy::AuditDays;

use crate::deployment::Deployment;

/// Made-up transcripts that are read at most: no verdict moves the threshold of the rule this far.
pub const READS: usize = 30;
/// An answer counts as missing after so many times the seconds that it may take.
const PATIENCE: UnixMillis = 3;
/// How often the end is tried while detection still writes the incident.
const TRIES: usize = 8;
const MINUTE_MS: UnixMillis = 60_000;

/// How an attack was answered. Times are in milliseconds from the first read on; none is an answer that did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The made-up member of the staff.
    pub staff: StaffId,
    /// Transcripts that were read before the account was locked.
    pub reads: usize,
    /// The incident, if it was opened.
    pub incident: Option<IncidentId>,
    /// Until the incident was open.
    pub detected_ms: Option<UnixMillis>,
    /// Until the account was locked.
    pub contained_ms: Option<UnixMillis>,
    /// Until the event stood in the record that tells of the incident.
    pub recorded_ms: Option<UnixMillis>,
    /// Whether the lock was lifted and the incident resolved.
    pub is_cleaned: bool,
}

impl Outcome {
    fn answers(&self) -> [(&'static str, Option<UnixMillis>); 3] {
        [
            ("detected", self.detected_ms),
            ("contained", self.contained_ms),
            ("recorded", self.recorded_ms),
        ]
    }

    fn is_complete(&self) -> bool {
        self.answers().iter().all(|(_, passed_ms)| passed_ms.is_some())
    }

    /// 0 where every answer came in time and nothing is left of the drill, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self, within_ms: UnixMillis) -> u8 {
        let in_time = |passed_ms: Option<UnixMillis>| passed_ms.is_some_and(|ms| ms <= within_ms);
        let all = self.answers().into_iter().all(|(_, passed_ms)| in_time(passed_ms));
        u8::from(!all || !self.is_cleaned)
    }

    /// A line for each answer with its grade, and what was done.
    #[must_use]
    pub fn lines(&self, within_ms: UnixMillis) -> Vec<String> {
        let line = |(answer, passed_ms): (&str, Option<UnixMillis>)| match passed_ms {
            None => format!("{answer:<10}       -    missing"),
            Some(ms) => {
                let grade = if ms <= within_ms { "in time" } else { "late" };
                format!("{answer:<10} {:>5}.{} s  {grade}", ms / 1000, ms % 1000 / 100)
            }
        };
        let mut lines: Vec<_> = self.answers().into_iter().map(line).collect();
        lines.push(format!("{} of {READS} made-up transcripts were read.", self.reads));
        let Self { staff, incident, .. } = self;
        lines.push(match incident {
            Some(id) if self.is_cleaned => {
                format!(
                    "The incident {id} is resolved without a verdict, and its locks are lifted."
                )
            }
            Some(id) => format!("Resolve the incident {id} and lift its locks by hand."),
            None => format!("If an incident about {staff} comes later, resolve it by hand."),
        });
        lines
    }
}

/// Plays the attack. `wait` passes the time between two looks, a quarter of a second or so.
///
/// # Errors
/// A sentence, when the tables could not be read or written.
pub async fn run(
    deployment: &Deployment,
    clock: &Clock,
    within_ms: UnixMillis,
    wait: impl AsyncFnMut(),
) -> Result<Outcome, String> {
    let stage = Stage::new(deployment, clock)?;
    let staff = StaffId::generate(clock).map_err(|_| "There is no randomness.".to_owned())?;
    let mut outcome = Outcome {
        staff,
        reads: 0,
        incident: None,
        detected_ms: None,
        contained_ms: None,
        recorded_ms: None,
        is_cleaned: false,
    };
    let could_not = |error: StoreError| {
        format!(
            "The tables could not be read or written: {error}. If there is an incident about {staff}, resolve it \
             by hand."
        )
    };
    let attacked = stage.attack(&mut outcome, within_ms, wait).await;
    // Locks are lifted all the same.
    let cleaned = stage.clean(&outcome).await;
    attacked.map_err(could_not)?;
    outcome.is_cleaned = cleaned.map_err(could_not)?;
    Ok(outcome)
}

/// The tables that a drill needs.
struct Stage {
    clock: Clock,
    incidents: IncidentTable,
    events: SecurityEvents,
    read_events: Table,
    settings: Table,
}

impl Stage {
    fn new(deployment: &Deployment, clock: &Clock) -> Result<Self, String> {
        let (dynamo, kept) = (deployment.dynamo.clone(), AuditDays::default());
        let (incidents, events) = (deployment.name("incidents")?, deployment.name("events")?);
        Ok(Self {
            clock: clock.clone(),
            incidents: IncidentTable::new(dynamo.clone(), incidents, clock.clone(), kept.clone()),
            events: SecurityEvents::new(
                dynamo,
                events,
                deployment.settings(clock)?,
                clock.clone(),
                kept,
            ),
            read_events: deployment.table("events")?,
            settings: deployment.table("settings")?,
        })
    }

    /// Reads until the account is locked, and looks for the answers until they are there.
    async fn attack(
        &self,
        outcome: &mut Outcome,
        within_ms: UnixMillis,
        mut wait: impl AsyncFnMut(),
    ) -> Result<(), StoreError> {
        let began_ms = self.clock.now_ms();
        loop {
            self.look(outcome, began_ms).await?;
            let passed_ms = self.clock.now_ms() - began_ms;
            if outcome.is_complete() || passed_ms > within_ms.saturating_mul(PATIENCE) {
                return Ok(());
            }
            // Somebody who is locked out reads nothing more.
            if outcome.reads < READS && outcome.contained_ms.is_none() {
                let id = ConversationId::generate(&self.clock)?;
                let event = SecurityEvent::by(outcome.staff, Told::TranscriptRead, id);
                self.events.append(event).await?;
                outcome.reads += 1;
            }
            wait().await;
        }
    }

    async fn look(&self, outcome: &mut Outcome, began_ms: UnixMillis) -> Result<(), StoreError> {
        let passed_ms = || self.clock.now_ms() - began_ms;
        let about = outcome.staff.to_string();
        let Some(found) = self.incidents.find_last(Kind::UnusualReads, &about).await? else {
            return Ok(());
        };
        outcome.incident = Some(found.value.id);
        outcome.detected_ms.get_or_insert_with(passed_ms);
        if outcome.contained_ms.is_none() && self.is_locked(&about).await? {
            outcome.contained_ms = Some(passed_ms());
        }
        if outcome.recorded_ms.is_none() && self.is_told(&found.value).await? {
            outcome.recorded_ms = Some(passed_ms());
        }
        Ok(())
    }

    async fn is_locked(&self, staff: &str) -> Result<bool, StoreError> {
        let start = format!("{}#{staff}#", Action::LockAccount.as_str());
        for mut item in self.settings.query("find_locks", lock::PARTITION).await? {
            if take_string(&mut item, "k")?.starts_with(&start) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an event tells of the incident. Its time is that of the function which opened it.
    async fn is_told(&self, incident: &Incident) -> Result<bool, StoreError> {
        let (from_ms, to_ms) = (incident.opened_ms - MINUTE_MS, incident.opened_ms + MINUTE_MS);
        let (from, to) = (rfc3339(from_ms), format!("{}#~", rfc3339(to_ms)));
        let id = incident.id.to_string();
        let tells = |mut item: Item| {
            let action = take_string(&mut item, "w").unwrap_or_default();
            let object = take_string(&mut item, "o").unwrap_or_default();
            (action.as_str(), &object) == (Told::IncidentOpened.as_str(), &id)
        };
        for partition in partitions(from_ms, to_ms) {
            let found = self.read_events.between("find_events", &partition, (&*from, &*to)).await?;
            if found.into_iter().any(tells) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lifts what the drill has locked and resolves its incident; false where there is none, or where it changes all
    /// the time.
    async fn clean(&self, outcome: &Outcome) -> Result<bool, StoreError> {
        let Some(id) = outcome.incident else { return Ok(false) };
        for _ in 0..TRIES {
            let Some(mut incident) = self.incidents.find(id).await? else { return Ok(false) };
            let now_ms = self.clock.now_ms();
            let mut writes = self.incidents.transaction();
            let mut lifted = 0;
            for taken in &mut incident.value.actions {
                if taken.lifted_ms.is_none() {
                    taken.lifted_ms = Some(now_ms);
                    lifted += 1;
                    let key = lock::key_of(taken.action, &taken.target, taken.id);
                    writes.push(delete(&self.settings, &key)?);
                }
            }
            for _ in 0..lifted {
                incident.value.tell(now_ms, "lifted", None);
                let object = format!("{id}/{}", Action::Lift.as_str());
                writes
                    .push(self.events.put(SecurityEvent::of(Told::IncidentAction, object)).await?);
            }
            incident.value.status = Status::Resolved;
            incident.value.settled_ms = Some(now_ms);
            incident.value.tell(now_ms, Status::Resolved.as_str(), None);
            let note = Note { at_ms: now_ms, by: outcome.staff, text: DRILL_NOTE.to_owned() };
            incident.value.note(note);
            writes.push(self.events.put(SecurityEvent::of(Told::IncidentChanged, id)).await?);
            writes.push(self.incidents.put(&incident)?);
            if writes.commit("end_drill").await?.is_whole() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_graded_by_its_time() {
        let staff = StaffId::generate(&Clock::manual(1_793_610_000_000)).unwrap();
        let outcome = Outcome {
            staff,
            reads: 20,
            incident: None,
            detected_ms: Some(4_290),
            contained_ms: Some(60_001),
            recorded_ms: None,
            is_cleaned: false,
        };
        assert_eq!(outcome.exit_code(60_000), 1);
        let lines = outcome.lines(60_000);
        let [detected, contained, recorded, reads, last] = lines.as_slice() else {
            panic!("five lines: {lines:?}")
        };
        assert_eq!(detected, "detected       4.2 s  in time");
        assert_eq!(contained, "contained     60.0 s  late");
        assert_eq!(recorded, "recorded         -    missing");
        assert_eq!(reads, "20 of 30 made-up transcripts were read.");
        assert!(last.contains(&staff.to_string()), "{last}");
        let all = Outcome {
            contained_ms: Some(4_300),
            recorded_ms: Some(60_000),
            is_cleaned: true,
            ..outcome
        };
        assert_eq!((all.exit_code(60_000), all.exit_code(59_999)), (0, 1));
        let left = Outcome { is_cleaned: false, ..all };
        assert_eq!(left.exit_code(60_000), 1, "a lock may be left");
    }
}
