//! Opens incidents, joins signals to those that are open, and takes what the playbook takes at once. All of
//! it are writes of one transaction, so that nothing is half done, and nothing is done twice.

use shared::clock::UnixMillis;
use shared::ids::{ActionId, IncidentId, StaffId};
use shared::store::StoreError;
use shared::store::incident::{Incident, Revised, Signal, Taken, Whose};
use shared::store::lock::Lock;
use shared::store::security_event::{Action as Told, SecurityEvent};
use shared::store::write::{Transaction, Write};
use shared::values::site::Site;
use values::incident::{Action, Kind, Severity, Status};

use crate::parts::App;
use crate::playbook;

/// Networks that one incident slows at most.
const NETWORKS: usize = 50;

/// Signals of one kind about one thing.
pub struct Raised {
    /// The kind.
    pub kind: Kind,
    /// The person, network or visitor that they are about.
    pub whose: Whose,
    /// How bad the worst of them is.
    pub severity: Severity,
    /// Whether one of them is of a rule that contains.
    pub contains: bool,
    /// The signals, each with the events that were counted and how many it needs at least.
    pub signals: Vec<(Signal, Evidence)>,
}

/// An event with its time.
pub type Proof = (String, UnixMillis);

/// The events that a signal has counted, with their times.
pub struct Evidence {
    /// The events.
    pub events: Vec<Proof>,
    /// How many there have to be that nobody has judged yet.
    pub least: usize,
}

/// The incident that came of it, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The incident.
    pub id: IncidentId,
    /// Its kind.
    pub kind: Kind,
    /// Whether it is new.
    pub is_new: bool,
    /// Whether something was done about it now.
    pub is_contained: bool,
    /// Whether the topic is told of its kind.
    pub is_told: bool,
}

/// Adds the writes that open an incident of these signals, or join them to one. Nothing comes of signals
/// whose events somebody has judged already.
///
/// # Errors
/// [`StoreError`].
pub async fn raise(
    app: &App,
    raised: Raised,
    writes: &mut Transaction,
) -> Result<Option<Opened>, StoreError> {
    let Raised { kind, whose, severity, contains, signals } = raised;
    let now_ms = app.clock().now_ms();
    let joined = whose.joined();
    let last = app.incidents.find_last(kind, &joined).await?;
    let settled_ms = last.as_ref().and_then(|last| last.value.settled_ms);
    let Some((signals, evidence)) = unsettled(signals, settled_ms) else { return Ok(None) };
    let found = last.filter(|last| last.value.status != Status::Resolved);
    let is_new = found.is_none();
    let book = app.playbook(kind);
    let mut incident = if let Some(incident) = found {
        incident
    } else {
        let id = IncidentId::generate(app.clock())?;
        let when = (now_ms, book.personal);
        let opened = Incident::open((id, kind, severity), whose.about(), when, None);
        writes.push(app.staff.events.put(SecurityEvent::of(Told::IncidentOpened, id)).await?);
        Revised::new(opened)
    };
    let value = &mut incident.value;
    value.severity = value.severity.max(severity);
    if value.about != whose.about() {
        value.about = None;
    }
    let latest_ms = evidence.iter().map(|(_, at_ms)| *at_ms).max().unwrap_or(now_ms);
    for signal in signals {
        if value.signals.iter().all(|known| known.rule != signal.rule) {
            value.tell(now_ms, signal.rule.clone(), None);
        }
        value.signal(signal);
    }
    for (event, at_ms) in evidence {
        value.prove(&event, at_ms);
    }
    let mut is_contained = false;
    if contains {
        for action in &book.at_once {
            let Some(target) = target(*action, &whose) else { continue };
            if !is_missing(value, (*action, &target), latest_ms) {
                continue;
            }
            if let Some(why) = waits(app, value, *action, &whose).await? {
                tell_once(value, now_ms, why);
                continue;
            }
            is_contained = true;
            writes.extend(take(app, value, (*action, &target), None).await?);
        }
    }
    if is_new {
        let delivery = app.staff.store.incident_delivery(Site::SHIPPED, &incident.value)?;
        writes.push(delivery);
    }
    let is_told = book.tell.contains(&playbook::Told::Topic);
    let id = incident.value.id;
    let opened = Opened { id, kind, is_new, is_contained, is_told };
    writes.push(app.incidents.put(&incident)?);
    writes.push(app.incidents.put_last(&incident.value, &joined)?);
    Ok(Some(opened))
}

/// The signals that enough events bear out which came after `settled_ms`, and those events.
fn unsettled(
    signals: Vec<(Signal, Evidence)>,
    settled_ms: Option<UnixMillis>,
) -> Option<(Vec<Signal>, Vec<Proof>)> {
    let (mut met, mut events) = (Vec::new(), Vec::new());
    for (signal, evidence) in signals {
        let is_new = |(_, at_ms): &Proof| settled_ms.is_none_or(|ms| *at_ms > ms);
        let new: Vec<_> = evidence.events.into_iter().filter(is_new).collect();
        if new.len() >= evidence.least {
            met.push(signal);
            events.extend(new);
        }
    }
    (!met.is_empty()).then_some((met, events))
}

/// Takes an action: the lock, the event, and the entry in the incident, which the caller stores.
///
/// # Errors
/// [`StoreError`].
pub async fn take(
    app: &App,
    incident: &mut Incident,
    (action, target): (Action, &str),
    by: Option<StaffId>,
) -> Result<[Write; 2], StoreError> {
    let now_ms = app.clock().now_ms();
    let id = ActionId::generate(app.clock())?;
    let lock = Lock { action, target, incident: incident.id, id };
    let target = target.to_owned();
    let taken = Taken { id, action, target, by, at_ms: now_ms, lifted_ms: None };
    let writes = [app.staff.store.settings.lock(&lock)?, told(app, incident.id, action, by).await?];
    // The last end of somebody's sessions is the one in force.
    let is_before = |known: &Taken| {
        let same = (known.action, &known.target) == (taken.action, &taken.target);
        same && action == Action::RevokeSessions
    };
    incident.actions.retain(|known| !is_before(known));
    incident.actions.push(taken);
    incident.tell(now_ms, action.as_str(), by);
    if incident.status < Status::Contained {
        incident.status = Status::Contained;
    }
    Ok(writes)
}

/// The event that tells of an action.
///
/// # Errors
/// [`StoreError`].
pub async fn told(
    app: &App,
    incident: IncidentId,
    action: Action,
    by: Option<StaffId>,
) -> Result<Write, StoreError> {
    let object = format!("{incident}/{}", action.as_str());
    app.staff.events.put(SecurityEvent::by_whom(by, Told::IncidentAction, object)).await
}

/// Networks that an incident has slowed.
fn slowed(incident: &Incident) -> usize {
    incident.actions.iter().filter(|taken| taken.action == Action::SlowNetwork).count()
}

fn tell_once(incident: &mut Incident, now_ms: UnixMillis, what: &str) {
    if incident.timeline.iter().all(|entry| entry.what != what) {
        incident.tell(now_ms, what, None);
    }
}

/// Whether an action is not in force yet. Sessions that began after it was taken go on, so ending sessions
/// is taken anew for what came later.
fn is_missing(
    incident: &Incident,
    (action, target): (Action, &str),
    latest_ms: UnixMillis,
) -> bool {
    let is_outdated = |taken: &Taken| action == Action::RevokeSessions && taken.at_ms < latest_ms;
    incident.in_force(action, target).is_none_or(is_outdated)
}

/// Why an action has to wait for a person, if it has to: too many networks are slowed already, or nobody would
/// be left who manages the staff.
async fn waits(
    app: &App,
    incident: &Incident,
    action: Action,
    whose: &Whose,
) -> Result<Option<&'static str>, StoreError> {
    let (waits, why) = match (action, whose) {
        (Action::SlowNetwork, _) => {
            let many = slowed(incident) >= NETWORKS
                || app.staff.store.settings.locks().await?.slows_many();
            (many, "too_many_networks")
        }
        (Action::LockAccount, Whose::Person(staff)) => {
            (app.is_last_admin(*staff).await?, "asks_for_lock_account")
        }
        _ => return Ok(None),
    };
    Ok(waits.then_some(why))
}

/// The target of an action that is taken without asking.
fn target(action: Action, whose: &Whose) -> Option<String> {
    match (action, whose) {
        (Action::LockAccount | Action::RevokeSessions, Whose::Person(staff)) => {
            Some(staff.to_string())
        }
        (Action::SlowNetwork, Whose::Network(name)) => Some(name.clone()),
        (Action::FreezeExports | Action::LockDownSite, _) => Some(Site::SHIPPED.id.to_owned()),
        _ => None,
    }
}
