//! Looks at each security event, and at those that somebody has changed.

use std::sync::Arc;

use serde_json::Value;
use shared::clock::{UnixMillis, from_rfc3339};
use shared::ids::{EventId, StaffId};
use shared::seal::cache::Cache;
use shared::store::StoreError;
use shared::store::attributes::Item;
use shared::store::incident::{Revised, Signal, Whose};
use tiles::leaf::{StoredEvent, item_of_image};
use values::incident::Severity;

use crate::act::Event;
use crate::decoys::Decoys;
use crate::escalate::{self, Waiting};
use crate::habits::{Habits, Met};
use crate::parts::App;
use crate::raise::{Evidence, Opened, Proof, Raised, raise};
use crate::record::{by_ttl, changed_ms};
use crate::rules::{
    self, Change, DECOY_READ, EVENT_CHANGED, LEAST_A_DAY, Measure, Rule, Thresholds,
};

/// How often an event is judged anew where somebody else has changed what it was judged by.
const TRIES: usize = 8;
/// By how much the clock of a function may be ahead.
const AHEAD_MS: UnixMillis = 5 * 60 * 1000;
/// By how much the record of its item may be later than an event: a function stops after seconds.
const BEHIND_MS: UnixMillis = 15 * 60 * 1000;
/// How long thresholds that verdicts have moved, and new decoys, may be unknown.
const LIFETIME_MS: i64 = 60_000;

/// The meaning of a record of the table of events.
pub(crate) enum News {
    /// An event that was stored, to be borne out by its code; of the act, where rules or habits need it.
    Stored(Stored, Option<Event>),
    /// An event that was deleted when its time was up.
    Nothing,
    /// An event that was changed or deleted, or made by hand, by the name that its item has.
    Changed(String),
}

/// An event as it was stored.
pub(crate) struct Stored {
    /// Its name.
    pub(crate) name: String,
    pub(crate) item: Item,
}

/// Whether the record is of the table of events: its items have the key `p`.
pub(crate) fn is_of_events(record: &Value) -> bool {
    record.pointer("/dynamodb/Keys/p").is_some()
}

impl News {
    /// Reads a record at `now_ms`; `None` for what is none.
    pub(crate) fn read(record: &Value, now_ms: UnixMillis) -> Option<Self> {
        let text = |pointer: &str| record.pointer(pointer)?.as_str();
        let (partition, sort) = (text("/dynamodb/Keys/p/S")?, text("/dynamodb/Keys/k/S")?);
        let name = || shown(partition, sort);
        match record.get("eventName")?.as_str()? {
            "INSERT" => {}
            "REMOVE" if by_ttl(record) => return Some(Self::Nothing),
            "MODIFY" | "REMOVE" => return Some(Self::Changed(name())),
            _ => return None,
        }
        let attribute = |attribute: &str| text(&format!("/dynamodb/NewImage/{attribute}/S"));
        let image = record.pointer("/dynamodb/NewImage").and_then(item_of_image);
        let read = || {
            let item = image?;
            // An item that the audit log passes over is none that a function has stored.
            StoredEvent::read(&item)?;
            let (time, id) = sort.split_once('#')?;
            let (at_ms, id) = (from_rfc3339(time)?, EventId::parse(id)?);
            // An event of tomorrow would push all of today's out of somebody's habits. One that comes long after
            // it was made is a copy of one that is gone.
            let stored_ms = changed_ms(record).unwrap_or(at_ms);
            let is_of_now = at_ms <= now_ms + AHEAD_MS && stored_ms <= at_ms + BEHIND_MS;
            let object = attribute("o")?.to_owned();
            let actor = match attribute("a") {
                Some(actor) => Some(StaffId::parse(actor)?),
                None => None,
            };
            let event = Event::of((id.to_string(), at_ms), attribute("w")?, actor, object);
            let stored = Stored { name: name(), item };
            is_of_now.then_some(Self::Stored(stored, event))
        };
        Some(read().unwrap_or_else(|| Self::Changed(name())))
    }
}

/// The name of an item whose key somebody may have made up.
pub(crate) fn shown(partition: &str, sort: &str) -> String {
    let plain = |text: &str| {
        let fits = |letter: &char| letter.is_ascii_alphanumeric() || "-_:.#".contains(*letter);
        text.chars().filter(fits).take(80).collect::<String>()
    };
    let id = sort.split_once('#').and_then(|(_, id)| EventId::parse(id));
    id.map_or_else(|| format!("{}/{}", plain(partition), plain(sort)), |id| id.to_string())
}

/// Judges events by the habits of those who caused them.
#[derive(Clone)]
pub struct Watch {
    app: App,
    known: Arc<Cache<(), Arc<Known>>>,
}

/// The thresholds and the decoys by which events are judged.
struct Known {
    thresholds: Thresholds,
    decoys: Decoys,
}

impl Watch {
    /// The watch over these parts.
    #[must_use]
    pub fn new(app: App) -> Self {
        let cache = Cache::new(app.clock().clone(), LIFETIME_MS, 1);
        Self { app, known: Arc::new(cache) }
    }

    /// Looks at what a record of the table of events tells: an event that a function has stored goes into the
    /// habits, and any other is raised.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is stored.
    pub(crate) async fn hear(
        &self,
        news: News,
        changed_ms: UnixMillis,
    ) -> Result<Vec<Opened>, StoreError> {
        let name = match news {
            News::Nothing => return Ok(Vec::new()),
            News::Changed(name) => name,
            News::Stored(Stored { name, item }, event) => {
                if self.app.staff.store.settings.bears_out(&item).await? {
                    let Some(event) = event else { return Ok(Vec::new()) };
                    return self.see(&event).await;
                }
                name
            }
        };
        let opened = self.changed(&EVENT_CHANGED, &name, changed_ms).await?;
        Ok(opened.into_iter().collect())
    }

    /// Takes an event into the habits, and raises what it meets. One that was taken in already changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is stored.
    pub async fn see(&self, event: &Event) -> Result<Vec<Opened>, StoreError> {
        let known = self.known().await?;
        let whose = event.whose();
        for _ in 0..TRIES {
            let mut habits: Revised<Habits> = self.app.incidents.habits(&whose).await?;
            if !habits.value.take(event) {
                return Ok(Vec::new());
            }
            let met = habits.value.judge(event, &known.thresholds);
            let mut all = grouped(met, &whose, event.at_ms);
            if known.decoys.are_read_by(event) {
                let proof = (event.id.clone(), event.at_ms);
                all.push(raised_by(&DECOY_READ, (whose.clone(), true), proof));
            }
            let mut writes = self.app.incidents.transaction();
            writes.push(self.app.incidents.put_habits(&whose, &habits)?);
            let mut opened = Vec::new();
            for raised in all {
                opened.extend(raise(&self.app, raised, &mut writes).await?);
            }
            if writes.commit("see_event").await?.is_whole() {
                return Ok(opened);
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Raises that something was changed that nobody changes; `name` says what. A record that comes again
    /// has the same time, so it is judged with its first coming.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is stored.
    pub async fn changed(
        &self,
        change: &Change,
        name: &str,
        at_ms: UnixMillis,
    ) -> Result<Option<Opened>, StoreError> {
        for _ in 0..TRIES {
            let raised = raised_by(change, (Whose::Site, false), (name.to_owned(), at_ms));
            let mut writes = self.app.incidents.transaction();
            let opened = raise(&self.app, raised, &mut writes).await?;
            if writes.is_empty() || writes.commit("tell_change").await?.is_whole() {
                return Ok(opened);
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Counts the incidents that nobody has looked at in time, and tells their timelines.
    ///
    /// # Errors
    /// [`StoreError`]; the next run counts anew.
    pub async fn escalate(&self) -> Result<Waiting, StoreError> {
        // An incident is written anew with its end, which the policy says.
        self.known().await?;
        Box::pin(escalate::run(&self.app)).await
    }

    /// The thresholds and the decoys, and how long incidents are kept, all read once a minute.
    async fn known(&self) -> Result<Arc<Known>, StoreError> {
        let load = async || {
            let settings = &self.app.staff.store.settings;
            let policy = settings.policy_of_events(shared::values::site::Site::SHIPPED);
            let (records, decoys) = (self.app.incidents.rules(), self.app.incidents.decoys());
            let (records, decoys, policy) = tokio::try_join!(records, decoys, policy)?;
            self.app.staff.staff_keys.audit_days().follow(&policy);
            let (thresholds, decoys) = (Thresholds::new(&records), Decoys::new(&decoys));
            Ok(Arc::new(Known { thresholds, decoys }))
        };
        self.known.get(&(), load).await
    }
}

/// The incident that one change or one event raises by itself.
fn raised_by(rule: &Change, (whose, contains): (Whose, bool), proof: Proof) -> Raised {
    let signal = Signal {
        rule: rule.name.to_owned(),
        reason: rule.reason.to_owned(),
        value: 1.0,
        threshold: 1.0,
        at_ms: proof.1,
    };
    let evidence = Evidence { events: vec![proof], least: 1 };
    Raised {
        kind: rule.kind,
        whose,
        severity: Severity::Critical,
        contains,
        signals: vec![(signal, evidence)],
    }
}

/// One for each kind.
fn grouped(met: Vec<Met>, whose: &Whose, at_ms: UnixMillis) -> Vec<Raised> {
    let mut all: Vec<Raised> = Vec::new();
    for Met { rule, value, threshold, evidence: events } in met {
        let Some(rule) = rules::find(rule) else { continue };
        let evidence = Evidence { events, least: least(rule, threshold) };
        let signal = Signal {
            rule: rule.name.to_owned(),
            reason: rule.reason.to_owned(),
            value,
            threshold,
            at_ms,
        };
        if let Some(raised) = all.iter_mut().find(|raised| raised.kind == rule.kind) {
            raised.severity = raised.severity.max(rule.severity);
            raised.contains |= rule.contains;
            raised.signals.push((signal, evidence));
        } else {
            all.push(Raised {
                kind: rule.kind,
                whose: whose.clone(),
                severity: rule.severity,
                contains: rule.contains,
                signals: vec![(signal, evidence)],
            });
        }
    }
    all
}

/// How many events that nobody has judged a signal needs.
fn least(rule: &Rule, threshold: f64) -> usize {
    let of_events = rule.measure != Measure::DeviationsOfTheDay;
    let least = if of_events { threshold } else { f64::from(LEAST_A_DAY) };
    // A threshold is between 1 and 50.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
    let least = least.ceil() as usize;
    least
}
