//! Incidents, the habits of the staff by which they are detected, and the record of the rules.
//!
//! Items of the table `incidents`, each changed on condition of the revision that was read (`n`):
//! - `p` = `incident`, `k` = its id: `j` the incident as JSON, `expires_at`.
//! - `p` = `last`, `k` = `<kind>#<about>`: `i` the incident that further signals of the kind join, while
//!   it is not resolved, `expires_at`.
//! - `p` = `habits`, `k` = the id of a member of staff, `network#…`, `subject#…` or `site`: `j` recent
//!   events and habits as JSON, `expires_at`.
//! - `p` = `rule`, `k` = its name: `j` how its incidents were judged, as JSON.
//! - `p` = `decoy`: see [`super::decoy`].

use aws_sdk_dynamodb::Client;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, read_number, string, take_string,
};
use super::table::{Key, Page, Table};
use super::write::{NEW, Transaction, Write, put, put_if};
use values::clock::{Clock, UnixMillis};
use values::ids::{ActionId, IncidentId, StaffId};
use values::incident::{Action, Kind, NOTIFY_WITHIN_MS, Severity, Status, Verdict};
use values::policy::{AuditDays, DAY_MS};

const TABLE: &str = "incidents";
const INCIDENTS: &str = "incident";
const LAST: &str = "last";
const HABITS: &str = "habits";
const RULES: &str = "rule";
/// How long the habits of a member of staff are kept after their last event.
pub const HABIT_MS: UnixMillis = 400 * DAY_MS;
/// The same of a network or a visitor, whose name is another one tomorrow.
pub const GUESTS_HABIT_MS: UnixMillis = 2 * DAY_MS;
/// How long further signals join an incident, and how long a resolved one tells what is judged.
pub const JOINED_MS: UnixMillis = 7 * DAY_MS;
/// Ids of events that one incident names. It counts the others.
const EVIDENCE: usize = 100;
/// Entries of a timeline. An attacker must not make an item too large to be changed.
const ENTRIES: usize = 200;
/// Bytes of all notes as JSON. An item takes 400 KB.
const NOTE_BYTES: usize = 100_000;
/// The note of a drill. The made-up account that the drill is about leaves it.
pub const DRILL_NOTE: &str =
    "A drill, played with `cargo doctor drill`. The account and what it read are made up.";

/// A rule that was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The rule.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// The value that was counted.
    pub value: f64,
    /// The value from which on the rule is met.
    pub threshold: f64,
    /// When it was met last.
    pub at_ms: UnixMillis,
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at_ms: UnixMillis,
    /// What happened, as a word.
    pub what: String,
    /// Who did it; nobody where it went by itself.
    pub by: Option<StaffId>,
}

/// An action that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Its id.
    pub id: ActionId,
    /// Which one.
    pub action: Action,
    /// The account, the site or the network.
    pub target: String,
    /// Who took it; nobody where it went by itself.
    pub by: Option<StaffId>,
    /// When.
    pub at_ms: UnixMillis,
    /// When it was lifted.
    pub lifted_ms: Option<UnixMillis>,
}

/// A note of somebody who works on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// When.
    pub at_ms: UnixMillis,
    /// Who.
    pub by: StaffId,
    /// The words. No `Debug`.
    pub text: String,
}

/// An incident.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its kind.
    pub kind: Kind,
    /// Whom or what it is about: a member of staff, a network, a visitor; nothing where it is several.
    pub about: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// How far it has come.
    pub status: Status,
    /// When it was opened; from then on somebody knows of it.
    pub opened_ms: UnixMillis,
    /// Until when an authority has to know, where personal data may be concerned.
    pub notify_by_ms: Option<UnixMillis>,
    /// Events that bear it out, the first hundred.
    pub evidence: Vec<String>,
    /// How many there are.
    pub evidence_count: u64,
    /// The time that the events span.
    pub window: (UnixMillis, UnixMillis),
    /// The rules that were met.
    pub signals: Vec<Signal>,
    /// What happened.
    pub timeline: Vec<Entry>,
    /// What was done.
    pub actions: Vec<Taken>,
    /// Who works on it.
    pub assignee: Option<StaffId>,
    /// What they noted.
    pub notes: Vec<Note>,
    /// What they judged.
    pub verdict: Option<Verdict>,
    /// When somebody resolved it or lifted an action. Events until then are judged.
    pub settled_ms: Option<UnixMillis>,
    /// When it asked the person whom it is about for courses again, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_again_ms: Option<UnixMillis>,
}

impl Incident {
    /// A new one, opened now.
    #[must_use]
    pub fn open(
        (id, kind, severity): (IncidentId, Kind, Severity),
        about: Option<String>,
        (opened_ms, is_personal): (UnixMillis, bool),
        by: Option<StaffId>,
    ) -> Self {
        Self {
            id,
            kind,
            about,
            severity,
            status: Status::Open,
            opened_ms,
            notify_by_ms: is_personal.then_some(opened_ms.saturating_add(NOTIFY_WITHIN_MS)),
            evidence: Vec::new(),
            evidence_count: 0,
            window: (opened_ms, opened_ms),
            signals: Vec::new(),
            timeline: vec![Entry { at_ms: opened_ms, what: "opened".to_owned(), by }],
            actions: Vec::new(),
            assignee: None,
            notes: Vec::new(),
            verdict: None,
            settled_ms: None,
            asked_again_ms: None,
        }
    }

    /// Notes what happened. What is too much for an item is left out.
    pub fn tell(&mut self, at_ms: UnixMillis, what: impl Into<String>, by: Option<StaffId>) {
        if self.timeline.len() < ENTRIES {
            self.timeline.push(Entry { at_ms, what: what.into(), by });
        }
    }

    /// Adds a note; false when there is no room for it.
    pub fn note(&mut self, note: Note) -> bool {
        let all: Vec<_> = self.notes.iter().chain([&note]).collect();
        // As they are stored: a control character takes six bytes there.
        let has_room = serde_json::to_vec(&all).is_ok_and(|json| json.len() <= NOTE_BYTES);
        if has_room {
            self.notes.push(note);
        }
        has_room
    }

    /// Adds an event that bears it out.
    pub fn prove(&mut self, event: &str, at_ms: UnixMillis) {
        if self.evidence.iter().any(|known| known == event) {
            return;
        }
        self.evidence_count += 1;
        if self.evidence.len() < EVIDENCE {
            self.evidence.push(event.to_owned());
        }
        let (from_ms, to_ms) = self.window;
        self.window = (from_ms.min(at_ms), to_ms.max(at_ms));
    }

    /// Adds a rule that was met, or its new value.
    pub fn signal(&mut self, signal: Signal) {
        match self.signals.iter_mut().find(|known| known.rule == signal.rule) {
            Some(known) => *known = signal,
            None => self.signals.push(signal),
        }
    }

    /// Whether it was played: nobody but a drill notes so in the name of whom it is about.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        let is_by = |note: &Note| self.about.as_ref() == Some(&note.by.to_string());
        self.notes.iter().any(|note| note.text == DRILL_NOTE && is_by(note))
    }

    /// Whether it waits for a person: it is open, or it was contained by itself and nobody has touched it. A
    /// lock that a rule has set is no answer of a person.
    #[must_use]
    pub fn waits(&self) -> bool {
        let is_touched = || {
            self.assignee.is_some()
                || !self.notes.is_empty()
                || self.timeline.iter().any(|entry| entry.by.is_some())
        };
        match self.status {
            Status::Open => true,
            Status::Contained => !is_touched(),
            Status::Acknowledged | Status::Resolved => false,
        }
    }

    /// Since when it is open. One that was opened again begins anew.
    #[must_use]
    pub fn open_since_ms(&self) -> UnixMillis {
        self.opened().0
    }

    /// Since when it is open, and its timeline from then on.
    #[must_use]
    pub fn opened(&self) -> (UnixMillis, &[Entry]) {
        let timeline = self.timeline.as_slice();
        let reopened = timeline.iter().rposition(|entry| entry.what == Status::Open.as_str());
        let since = reopened.and_then(|at| timeline.get(at..)).unwrap_or_default();
        match since.first() {
            Some(reopened) => (reopened.at_ms, since),
            None => (self.opened_ms, timeline),
        }
    }

    /// Reads an item of an incident.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], without its table.
    pub fn read(item: Item) -> Result<Self, StoreError> {
        read::<Self>(item).map(|found| found.value)
    }

    /// The action that is in force by this incident.
    #[must_use]
    pub fn in_force(&self, action: Action, target: &str) -> Option<&Taken> {
        self.actions.iter().find(|taken| {
            taken.lifted_ms.is_none() && (taken.action, &*taken.target) == (action, target)
        })
    }
}

/// Something that was read, with the revision that a change of it is conditional on.
#[derive(Clone)]
pub struct Revised<T> {
    /// The thing.
    pub value: T,
    revision: u64,
}

impl<T> Revised<T> {
    /// Something that is not stored yet.
    pub const fn new(value: T) -> Self {
        Self { value, revision: 0 }
    }
}

/// The one whose habits are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whose {
    /// A member of staff.
    Person(StaffId),
    /// A network, by its keyed name of the day.
    Network(String),
    /// A visitor.
    Subject(String),
    /// Nobody in particular.
    Site,
}

impl Whose {
    /// The name under which incidents about it are joined. Networks and visitors are as many as an attacker
    /// wants, so theirs join in one.
    #[must_use]
    pub fn joined(&self) -> String {
        match self {
            Self::Person(staff) => staff.to_string(),
            Self::Network(_) => "networks".to_owned(),
            Self::Subject(_) => "visitors".to_owned(),
            Self::Site => "site".to_owned(),
        }
    }

    /// Whom or what an incident names.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        match self {
            Self::Person(staff) => Some(staff.to_string()),
            Self::Network(name) | Self::Subject(name) => Some(name.clone()),
            Self::Site => None,
        }
    }

    fn key(&self) -> Key {
        let name = match self {
            Self::Person(staff) => staff.to_string(),
            Self::Network(name) => format!("network#{name}"),
            Self::Subject(name) => format!("subject#{name}"),
            Self::Site => "site".to_owned(),
        };
        Key::new(HABITS, name)
    }

    const fn kept_ms(&self) -> UnixMillis {
        match self {
            Self::Person(_) | Self::Site => HABIT_MS,
            Self::Network(_) | Self::Subject(_) => GUESTS_HABIT_MS,
        }
    }
}

/// The record of a rule: how its incidents were judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRecord {
    /// Incidents of it that were some.
    pub true_positive: u32,
    /// Incidents of it that were none.
    pub false_positive: u32,
}

/// A page of incidents, the newest first.
pub struct Incidents {
    /// The incidents.
    pub items: Vec<Incident>,
    /// Where the next page begins.
    pub next: Option<IncidentId>,
}

/// The table of incidents.
#[derive(Clone)]
pub struct IncidentTable {
    pub(super) table: Table,
    pub(super) clock: Clock,
    kept: AuditDays,
}

impl IncidentTable {
    /// The incidents of a deployment. They are kept as long as security events.
    #[must_use]
    pub fn new(dynamo: Client, table: String, clock: Clock, kept: AuditDays) -> Self {
        Self { table: Table::new(dynamo, table), clock, kept }
    }

    /// Begins a transaction.
    pub fn transaction(&self) -> Transaction {
        self.table.transaction()
    }

    /// An incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: IncidentId) -> Result<Option<Revised<Incident>>, StoreError> {
        self.read("find_incident", &Key::new(INCIDENTS, id)).await
    }

    /// The write that stores an incident, if nobody has changed it since it was read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put(&self, incident: &Revised<Incident>) -> Result<Write, StoreError> {
        let end_ms = self.kept.end_ms(incident.value.opened_ms);
        self.write(&Key::new(INCIDENTS, incident.value.id), incident, Some(end_ms))
    }

    /// Incidents, the newest first, behind `after`. A damaged row hides itself alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        after: Option<IncidentId>,
        limit: i32,
    ) -> Result<Incidents, StoreError> {
        let after = after.map(|id| Key::new(INCIDENTS, id));
        let page = Page { partition: INCIDENTS, after, limit, only: None };
        let (found, is_cut) = self.table.page_back("find_incidents", page).await?;
        let last = found.last().and_then(|item| take_string(&mut item.clone(), "k").ok());
        let next = last.filter(|_| is_cut).and_then(|id| IncidentId::parse(&id));
        let items = found.into_iter().map(|item| read::<Incident>(item).map(|read| read.value));
        Ok(Incidents { items: readable(items), next })
    }

    /// The incident that further signals of this kind about the same join, if there is one; a resolved one
    /// too, which tells until when events are judged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_last(
        &self,
        kind: Kind,
        about: &str,
    ) -> Result<Option<Revised<Incident>>, StoreError> {
        let found = self.table.get("find_last_incident", &last_key(kind, about)).await?;
        let Some(mut item) = found else { return Ok(None) };
        let end: i64 = read_number(&item, EXPIRES_AT).map_err(in_table(TABLE))?;
        if self.clock.now_seconds() >= end {
            return Ok(None);
        }
        let id = take_string(&mut item, "i").map_err(in_table(TABLE))?;
        let id = IncidentId::parse(&id).ok_or(corrupt("i").in_table(TABLE))?;
        self.find(id).await
    }

    /// The write by which further signals join an incident.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_last(&self, incident: &Incident, about: &str) -> Result<Write, StoreError> {
        let mut item = last_key(incident.kind, about).item();
        item.insert("i".to_owned(), string(incident.id));
        let end_ms = self.clock.now_ms().saturating_add(JOINED_MS);
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        put(&self.table, item)
    }

    /// The habits of somebody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn habits<T: DeserializeOwned + Default>(
        &self,
        whose: &Whose,
    ) -> Result<Revised<T>, StoreError> {
        let found = self.read("find_habits", &whose.key()).await?;
        Ok(found.unwrap_or_else(|| Revised::new(T::default())))
    }

    /// The write that stores them, if nobody has changed them since they were read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_habits<T: Serialize>(
        &self,
        whose: &Whose,
        habits: &Revised<T>,
    ) -> Result<Write, StoreError> {
        let end_ms = self.clock.now_ms().saturating_add(whose.kept_ms());
        self.write(&whose.key(), habits, Some(end_ms))
    }

    /// The records of all rules that have one, by name. A damaged one counts as none: it must not blind
    /// detection.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rules(&self) -> Result<Vec<(String, RuleRecord)>, StoreError> {
        let found = self.table.query("find_rules", RULES).await?;
        let read = |mut item: Item| {
            let name = take_string(&mut item, "k")?;
            Ok((name, read::<RuleRecord>(item)?.value))
        };
        Ok(readable(found.into_iter().map(read)))
    }

    /// The record of a rule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rule(&self, name: &str) -> Result<Revised<RuleRecord>, StoreError> {
        let found = self.read("find_rule", &Key::new(RULES, name)).await?;
        Ok(found.unwrap_or_else(|| Revised::new(RuleRecord::default())))
    }

    /// The write that stores the record of a rule, if nobody has changed it since it was read.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_rule(&self, name: &str, record: &Revised<RuleRecord>) -> Result<Write, StoreError> {
        self.write(&Key::new(RULES, name), record, None)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        key: &Key,
    ) -> Result<Option<Revised<T>>, StoreError> {
        let found = self.table.get(operation, key).await?;
        found.map(read).transpose().map_err(in_table(TABLE))
    }

    fn write<T: Serialize>(
        &self,
        key: &Key,
        Revised { value, revision }: &Revised<T>,
        end_ms: Option<UnixMillis>,
    ) -> Result<Write, StoreError> {
        let mut item = key.item();
        let json = serde_json::to_string(value).map_err(|_| StoreError::Failed)?;
        item.insert("j".to_owned(), string(json));
        item.insert("n".to_owned(), number(revision + 1));
        item.extend(end_ms.map(|end_ms| (EXPIRES_AT.to_owned(), expiry(end_ms))));
        if *revision == 0 {
            put_if(&self.table, item, NEW, [])
        } else {
            put_if(&self.table, item, "n = :n", [(":n", number(*revision))])
        }
    }
}

fn last_key(kind: Kind, about: &str) -> Key {
    Key::new(LAST, format!("{}#{about}", kind.as_str()))
}

fn read<T: DeserializeOwned>(mut item: Item) -> Result<Revised<T>, StoreError> {
    let json = take_string(&mut item, "j")?;
    let value = serde_json::from_str(&json).map_err(|_| corrupt("j"))?;
    Ok(Revised { value, revision: read_number(&item, "n")? })
}
/// Those that can be read; the others are told of.
fn readable<T>(items: impl Iterator<Item = Result<T, StoreError>>) -> Vec<T> {
    let told = |item: Result<T, StoreError>| match item.map_err(in_table(TABLE)) {
        Ok(item) => Some(item),
        Err(error) => {
            tracing::error!(%error, "a row of incidents cannot be read");
            None
        }
    };
    items.filter_map(told).collect()
}
