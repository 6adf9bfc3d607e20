//! The controls over Sotto's own data: people, requests, erasures, incidents, drills, and the invariants of items.
//!
//! Each control has a function that judges items which were read. It opens nothing, so what is sealed does not
//! count: a factor that the sealed account does not name is taken for one, and an account that has ended by itself
//! for an active one. Sentences name ids, kinds and times, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use shared::clock::{UnixMillis, rfc3339};
use shared::ids::{ConversationId, StaffId, SubjectId};
use shared::store::attributes::EXPIRES_AT;
use shared::store::case::Case;
use shared::store::incident::Incident;
use shared::store::training::Training;
use shared::values::control::Control;
use shared::values::incident::Status;
use shared::values::policy::{DAY_MS, RetentionPolicy};
use shared::values::role::{Role, Roles};
use shared::values::training::{Course, GRACE_MS, is_required};

use super::{Broken, CHECKS, Item, Records, bytes, ends, plain, text, whole};
use crate::finding::{Chapter, Finding, Severity};

/// Faults that are told one by one.
const TOLD: usize = 20;
/// A new account has a second factor after this time.
const ENROLLED_WITHIN_MS: UnixMillis = 7 * DAY_MS;
/// A second factor is enrolled anew after this time.
const FACTOR_MS: UnixMillis = 731 * DAY_MS;
/// Nobody needs an account that is unused for so long.
const DORMANT_MS: UnixMillis = 90 * DAY_MS;
/// The sweep has finished an erasure after this time.
const ERASED_WITHIN_MS: UnixMillis = DAY_MS;
/// Somebody has looked at an incident after this time.
const LOOKED_AT_WITHIN_MS: UnixMillis = DAY_MS;
/// An incident is resolved after this time.
const RESOLVED_WITHIN_MS: UnixMillis = 30 * DAY_MS;
/// An attack is played once in this time.
const DRILL_MS: UnixMillis = 182 * DAY_MS;

/// The findings about people, requests and drills. `courses` has the id and version of each course that is asked
/// for. The stack was made at `since_ms`, if that is known.
#[must_use]
pub fn findings(
    records: &Records,
    courses: &[(&str, u32)],
    now_ms: UnixMillis,
    since_ms: Option<UnixMillis>,
) -> Vec<Finding> {
    let people = accounts(records);
    let incidents = Incidents::read(records);
    let looks = [
        staff_training(&people, records, courses, now_ms),
        staff_factors(&people, now_ms),
        staff_dormant(&people, now_ms),
        staff_admins(&people),
        requests_due(records, now_ms),
        erasures_late(records, now_ms),
        incidents_open(&incidents, now_ms),
        incident_drill(incidents, now_ms, since_ms),
    ];
    looks.into_iter().flat_map(|look| look.findings(records)).collect()
}

/// The findings about items that break an invariant of docs/data.md.
#[must_use]
pub fn invariants(records: &Records) -> Vec<Finding> {
    let [unending, unsealed] = [ends::check, plain::check].map(|check| {
        let mut found = Vec::new();
        check(records, &mut found);
        found.into_iter().collect::<BTreeSet<_>>()
    });
    let is_other = |one: &Broken| !unending.contains(one) && !unsealed.contains(one);
    let others: Vec<_> = records.broken().into_iter().filter(is_other).collect();
    let read = records.count();
    let look = |control, (code, what): (&'static str, &str)| {
        let what = format!("Of {read} items, {what}.");
        Look::new(control, &[], Finding::fine(code, what, Chapter::BrokenItem))
    };
    let mut expire = look(Control::ItemsExpire, ("items_end", "each that has to end says when"));
    expire.broken("item_without_end", unending);
    let mut sealed = look(Control::ItemsSealed, ("items_sealed", "none holds text in the clear"));
    sealed.broken("item_plain", unsealed);
    let mut fit = look(Control::RecordsWhole, ("records_whole", "none breaks another invariant"));
    fit.broken("record_broken", others);
    let tables: BTreeSet<_> = CHECKS.iter().flat_map(|(_, tables)| *tables).copied().collect();
    fit.tables.extend(tables);
    // A fault in a part of a table is one.
    fit.by_item = true;
    [expire, sealed, fit].into_iter().flat_map(|look| look.findings(records)).collect()
}

/// The result of a look at one control.
struct Look {
    control: Control,
    /// The tables of which it needs every item.
    tables: Vec<&'static str>,
    /// Whether a fault in a part of a table is one, since each item is judged by itself.
    by_item: bool,
    /// The finding where nothing else was found.
    fine: Finding,
    faults: Vec<Finding>,
    /// Sentences about items that cannot be read.
    unread: Vec<String>,
}

impl Look {
    fn new(control: Control, tables: &[&'static str], fine: Finding) -> Self {
        let (faults, unread) = (Vec::new(), Vec::new());
        Self { control, tables: tables.to_vec(), by_item: false, fine, faults, unread }
    }

    fn wrong(&mut self, code: &'static str, what: impl Into<String>) {
        let advice = self.control.nature().remedy;
        self.faults.push(Finding::wrong(code, what, advice, self.fine.see));
    }

    fn notice(&mut self, code: &'static str, what: impl Into<String>) {
        let advice = self.control.nature().remedy;
        self.faults.push(Finding::look(code, what, advice, self.fine.see));
    }

    fn broken(&mut self, code: &'static str, found: impl IntoIterator<Item = Broken>) {
        // Without the items' keys, which may be ids of visitors: the finding is stored for years.
        let mut counted = BTreeMap::<_, usize>::new();
        for Broken { table, invariant, .. } in found {
            *counted.entry((table, invariant)).or_default() += 1;
        }
        for ((table, invariant), number) in counted {
            self.wrong(code, format!("{table}: {number} items break {invariant}."));
        }
    }

    fn findings(self, records: &Records) -> Vec<Finding> {
        let Self { control, tables, by_item, fine, faults, unread } = self;
        let could_not = |what: String, advice: &str| {
            let finding = Finding::fine("could_not_look", what, fine.see).about([control]);
            Finding { severity: Severity::CouldNotLook, advice: advice.to_owned(), ..finding }
        };
        let advice = "Run cargo doctor check, and find out who wrote the item.";
        let mut unknown: Vec<_> =
            unread.into_iter().map(|sentence| could_not(sentence, advice)).collect();
        let is_part =
            |table: &&str| records.cut.contains(*table) || !records.tables.contains_key(*table);
        let cut: Vec<_> = tables
            .into_iter()
            .filter(is_part)
            .map(|table| {
                let what = format!("The table {table} was not read whole.");
                could_not(what, "Look by hand: the table is larger than what an audit reads.")
            })
            .collect();
        // Another item may be what an item seems to lack.
        let mut findings = if by_item || cut.is_empty() { first_of(faults) } else { Vec::new() };
        unknown.extend(cut);
        findings.extend(first_of(unknown));
        if findings.is_empty() {
            findings.push(fine);
        }
        findings
    }
}

/// The first of many findings, the worst before the others, and one that counts the rest.
fn first_of(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.severity != Severity::Wrong);
    let rest = findings.split_off(findings.len().min(TOLD));
    if let Some(next) = rest.first() {
        let what = format!("More like these: {}.", rest.len());
        findings.push(Finding { what, ..next.clone() });
    }
    findings
}

/// An account, with all rows of its partition.
struct Account<'a> {
    id: &'a str,
    row: &'a Item,
    rows: Vec<&'a Item>,
}

fn accounts(records: &Records) -> Vec<Account<'_>> {
    let mut partitions = BTreeMap::<_, Vec<_>>::new();
    for row in records.of("identity") {
        if let Some(id) = text(row, "p").and_then(|partition| partition.strip_prefix("staff#")) {
            partitions.entry(id).or_default().push(row);
        }
    }
    let accounts = partitions.into_iter().filter_map(|(id, rows)| {
        let row = rows.iter().copied().find(|row| text(row, "k") == Some("account"))?;
        Some(Account { id, row, rows })
    });
    accounts.collect()
}

fn active<'a>(people: &'a [Account<'a>]) -> impl Iterator<Item = &'a Account<'a>> {
    people.iter().filter(|account| text(account.row, "s") == Some("active"))
}

impl Account<'_> {
    fn roles(&self) -> Roles {
        text(self.row, "r").unwrap_or_default().split(',').filter_map(Role::find).collect()
    }

    fn made_ms(&self) -> UnixMillis {
        whole(self.row, "t").unwrap_or_default()
    }

    /// When each confirmed second factor was enrolled.
    fn enrolled_ms(&self) -> impl Iterator<Item = UnixMillis> {
        let factors = self.rows.iter().filter(|row| match text(row, "k").unwrap_or_default() {
            "totp" => whole(row, "c") == Some(1),
            kind => kind.starts_with("passkey#"),
        });
        factors.map(|row| whole(row, "t").unwrap_or_default())
    }

    /// The last sign of its owner: a factor that was enrolled or used, a session that was begun or renewed.
    fn used_ms(&self) -> UnixMillis {
        let signs = self.rows.iter().filter(|row| {
            let kind = text(row, "k").unwrap_or_default();
            kind == "totp" || kind.starts_with("passkey#") || kind.starts_with("session#")
        });
        let times =
            signs.flat_map(|row| ["t", "u"].into_iter().filter_map(move |at| whole(row, at)));
        times.max().unwrap_or_default().max(self.made_ms())
    }
}

/// Everybody who needs the courses may work, as far as the courses go.
fn staff_training(
    people: &[Account<'_>],
    records: &Records,
    courses: &[(&str, u32)],
    now_ms: UnixMillis,
) -> Look {
    let what = "Everybody who needs the courses has passed them, or is in their first days.";
    let fine = Finding::fine("staff_trained", what, Chapter::Staff);
    let mut look = Look::new(Control::StaffTraining, &["identity", "training"], fine);
    let trainings = records.partition("training", "staff");
    let trainings: BTreeMap<_, _> =
        trainings.filter_map(|item| Some((text(item, "k")?, item))).collect();
    for account in active(people).filter(|account| is_required(account.roles())) {
        let id = account.id;
        let training = match trainings.get(id) {
            Some(item) => Training::read((*item).clone()).ok(),
            None => StaffId::parse(id).map(Training::of),
        };
        let Some(training) = training else {
            look.unread.push(format!("The training of the account {id} cannot be read."));
            continue;
        };
        // An account that is older than the courses has no first days until somebody looks at it.
        let grace_ms = match training.dates.grace_ms {
            0 => account.made_ms().saturating_add(GRACE_MS),
            grace_ms => grace_ms,
        };
        let is_missing = |course: &&(&str, u32)| counts_until(**course, &training) <= now_ms;
        let missing: Vec<_> =
            courses.iter().filter(is_missing).map(|(course, _)| *course).collect();
        if grace_ms <= now_ms && !missing.is_empty() {
            let missing = missing.join(", ");
            let what = format!("The account {id} has no current certificate of {missing}.");
            look.notice("staff_untrained", what);
        }
    }
    look
}

/// Until when having passed a course counts that is asked for in this version.
fn counts_until((course, version): (&str, u32), training: &Training) -> UnixMillis {
    let passed = training.passed(course);
    match Course::find(course) {
        Some(course) => {
            Course { version, ..*course }.counts_until(&training.dates.incidents, passed)
        }
        None => passed.filter(|one| one.version >= version).map_or(0, |one| one.expires_ms),
    }
}

/// Everybody has a second factor, and none that is old.
fn staff_factors(people: &[Account<'_>], now_ms: UnixMillis) -> Look {
    let what = "Every active account has a second factor that was enrolled within two years.";
    let fine = Finding::fine("staff_factors_recent", what, Chapter::Staff);
    let mut look = Look::new(Control::StaffFactors, &["identity"], fine);
    for account in active(people) {
        let id = account.id;
        match account.enrolled_ms().max() {
            None if now_ms.saturating_sub(account.made_ms()) > ENROLLED_WITHIN_MS => {
                look.wrong("staff_no_factor", format!("The account {id} has no second factor."));
            }
            Some(at_ms) if now_ms.saturating_sub(at_ms) > FACTOR_MS => {
                let at = rfc3339(at_ms);
                let what = format!("The newest factor of the account {id} was enrolled at {at}.");
                look.notice("staff_old_factor", what);
            }
            _ => {}
        }
    }
    look
}

/// Every account is used.
fn staff_dormant(people: &[Account<'_>], now_ms: UnixMillis) -> Look {
    let what = "Every active account was made or used in the last 90 days.";
    let fine = Finding::fine("staff_active", what, Chapter::Staff);
    let mut look = Look::new(Control::StaffDormant, &["identity"], fine);
    for account in active(people) {
        let used_ms = account.used_ms();
        if now_ms.saturating_sub(used_ms) > DORMANT_MS {
            let (id, since) = (account.id, rfc3339(used_ms));
            look.notice("staff_dormant", format!("The account {id} is unused since {since}."));
        }
    }
    look
}

/// An admin who is locked out has a colleague.
fn staff_admins(people: &[Account<'_>]) -> Look {
    let admins = active(people).filter(|account| account.roles().has(Role::Admin)).count();
    let what = match (people, admins) {
        ([], _) => "There are no accounts yet.".to_owned(),
        (_, 0) => "There is no active admin.".to_owned(),
        (_, 1) => "There is one active admin.".to_owned(),
        (_, more) => format!("There are {more} active admins."),
    };
    let fine = Finding::fine("staff_two_admins", what.clone(), Chapter::Staff);
    let mut look = Look::new(Control::StaffAdmins, &["identity"], fine);
    if admins < 2 && !people.is_empty() {
        look.notice("staff_one_admin", what);
    }
    look
}

/// Every request is answered in time.
fn requests_due(records: &Records, now_ms: UnixMillis) -> Look {
    let what = "No request of a person is overdue.";
    let fine = Finding::fine("requests_in_time", what, Chapter::Requests);
    let mut look = Look::new(Control::RequestsDue, &["ledger"], fine);
    look.by_item = true;
    for item in records.partition("ledger", "case") {
        match Case::from_item(item.clone()) {
            Ok(case) if case.is_overdue(now_ms) => {
                let (id, due) = (case.id, rfc3339(case.due_ms()));
                look.wrong("request_overdue", format!("The case {id} was due at {due}."));
            }
            Ok(_) => {}
            Err(_) => {
                let id = text(item, "k").unwrap_or_default();
                look.unread.push(format!("The case {id} cannot be read."));
            }
        }
    }
    look
}

/// Every erasure is carried out to its end, once nothing holds what it is about.
fn erasures_late(records: &Records, now_ms: UnixMillis) -> Look {
    let what = "No erasure has waited for more than a day.";
    let fine = Finding::fine("erasures_in_time", what, Chapter::ErasuresLate);
    let mut look = Look::new(Control::ErasuresLate, &["ledger"], fine);
    let is_late = |since_ms: UnixMillis| now_ms.saturating_sub(since_ms) > ERASED_WITHIN_MS;
    for item in records.partition("ledger", "unfinished") {
        let number = text(item, "k").unwrap_or_default().trim_start_matches('0');
        match stored_ms(item) {
            Some(since_ms) if is_late(since_ms) => {
                let since = rfc3339(since_ms);
                let what = format!("The ciphertext of the erasure {number} waits since {since}.");
                look.wrong("erasure_late", what);
            }
            Some(_) => {}
            None => look.unread.push(format!("The unfinished erasure {number} has no end.")),
        }
    }
    let entries = records.partition("ledger", "ledger");
    let entries: BTreeMap<_, _> =
        entries.filter_map(|item| Some((text(item, "k")?, item))).collect();
    let holds: Vec<_> = records.partition("ledger", "hold").collect();
    for item in records.partition("ledger", "waiting") {
        let subject = text(item, "k").and_then(SubjectId::parse);
        let (Some(subject), Some(stored_ms)) = (subject, stored_ms(item)) else {
            look.unread.push("An erasure that waits cannot be read.".to_owned());
            continue;
        };
        let Some(free_ms) = free_ms(item, subject, &entries, &holds) else { continue };
        let since_ms = free_ms.max(stored_ms);
        if is_late(since_ms) {
            let since = rfc3339(since_ms);
            let which = if let Some(number) = whole(item, "n") {
                format!("The rest of the erasure {number}")
            } else {
                let asked = rfc3339(whole(item, "r").unwrap_or(stored_ms));
                format!("The erasure that was asked for at {asked}")
            };
            look.wrong("erasure_late", format!("{which} waits without a hold since {since}."));
        }
    }
    look
}

/// When an item was stored that ends as late as an item can.
fn stored_ms(item: &Item) -> Option<UnixMillis> {
    let end_ms = whole(item, EXPIRES_AT)?.saturating_mul(1000);
    Some(end_ms.saturating_sub(RetentionPolicy::LONGEST_MS))
}

/// Since when nothing holds what an erasure waits for; `None` while something does.
fn free_ms(
    waiting: &Item,
    subject: SubjectId,
    entries: &BTreeMap<&str, &Item>,
    holds: &[&Item],
) -> Option<UnixMillis> {
    let Some(number) = whole(waiting, "n") else { return released_ms(holds, subject, None) };
    let entry = entries.get(format!("{number:020}").as_str());
    let kept = entry.and_then(|entry| entry.get("l")?.as_ss().ok()).into_iter().flatten();
    let kept: Vec<_> = kept.filter_map(|id| ConversationId::parse(id)).collect();
    // The next sweep forgets a request whose erasure is gone, or has kept nothing.
    if kept.is_empty() {
        return Some(0);
    }
    kept.into_iter().filter_map(|id| released_ms(holds, subject, Some(id))).min()
}

/// When the last hold on a subject as a whole, or on one conversation, was released: 0 where there was none,
/// `None` while one is in force.
fn released_ms(
    holds: &[&Item],
    subject: SubjectId,
    conversation: Option<ConversationId>,
) -> Option<UnixMillis> {
    let is_on = |hold: &&&Item| {
        let on = bytes(hold, "c");
        bytes(hold, "u") == Some(subject.as_bytes().as_slice())
            && on.is_none_or(|on| conversation.is_some_and(|id| id.as_bytes().as_slice() == on))
    };
    let mut last_ms = 0;
    for hold in holds.iter().filter(is_on) {
        last_ms = last_ms.max(whole(hold, "l")?);
    }
    Some(last_ms)
}

/// The incidents that can be read, and sentences about the others.
struct Incidents {
    read: Vec<Incident>,
    unread: Vec<String>,
}

impl Incidents {
    fn read(records: &Records) -> Self {
        let mut incidents = Self { read: Vec::new(), unread: Vec::new() };
        for item in records.partition("incidents", "incident") {
            if let Ok(incident) = Incident::read(item.clone()) {
                incidents.read.push(incident);
            } else {
                let id = text(item, "k").unwrap_or_default();
                incidents.unread.push(format!("The incident {id} cannot be read."));
            }
        }
        incidents
    }
}

/// Somebody looks at every incident, and comes to an end with it.
fn incidents_open(incidents: &Incidents, now_ms: UnixMillis) -> Look {
    let what = "Every incident was looked at within a day and resolved within 30.";
    let fine = Finding::fine("incidents_looked_at", what, Chapter::IncidentWaits);
    let mut look = Look::new(Control::IncidentsOpen, &["incidents"], fine);
    look.by_item = true;
    look.unread.clone_from(&incidents.unread);
    for incident in &incidents.read {
        let (id, kind, since_ms) = (incident.id, incident.kind.as_str(), incident.open_since_ms());
        let (age_ms, since) = (now_ms.saturating_sub(since_ms), rfc3339(since_ms));
        if incident.waits() && age_ms > LOOKED_AT_WITHIN_MS {
            let what = format!("Nobody has looked at the incident {id} ({kind}) since {since}.");
            look.wrong("incident_waits", what);
        } else if incident.status != Status::Resolved && age_ms > RESOLVED_WITHIN_MS {
            let what = format!("The incident {id} ({kind}) is not resolved since {since}.");
            look.notice("incident_open", what);
        }
    }
    look
}

/// An attack is played twice a year.
fn incident_drill(incidents: Incidents, now_ms: UnixMillis, since_ms: Option<UnixMillis>) -> Look {
    let Incidents { read, unread } = incidents;
    let drills = read.iter().filter(|incident| incident.is_drill());
    let last_ms = drills.map(|incident| incident.opened_ms).max();
    let is_young = |since_ms: &UnixMillis| now_ms.saturating_sub(*since_ms) < DRILL_MS;
    if last_ms.is_none()
        && let Some(since_ms) = since_ms.filter(is_young)
    {
        let by = rfc3339(since_ms.saturating_add(DRILL_MS));
        let what = format!("No attack was played so far; one has to be by {by}.");
        let fine = Finding::fine("incident_drill_to_come", what, Chapter::Drills);
        return Look::new(Control::IncidentDrill, &[], fine);
    }
    let is_recent = last_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) <= DRILL_MS);
    let what = match last_ms {
        Some(at_ms) => format!("The last attack was played at {}.", rfc3339(at_ms)),
        None => "No attack was played so far.".to_owned(),
    };
    let fine = Finding::fine("incident_drilled", what.clone(), Chapter::Drills);
    let mut look = Look::new(Control::IncidentDrill, &["incidents"], fine);
    if is_recent {
        // One is enough, whatever was not read.
        look.tables.clear();
    } else {
        look.unread = unread;
        if last_ms.is_none() && since_ms.is_none() {
            let unknown = "No attack was played so far, and nobody knows how old the stack is.";
            look.unread.push(unknown.to_owned());
        } else {
            look.notice("incident_not_drilled", what);
        }
    }
    look
}

#[cfg(test)]
mod tests;
