use std::array::from_fn;

use serde_json::json;
use shared::ids::{CaseId, HoldId, IncidentId};
use shared::store::attributes::{Value, binary, expiry, number, string};
use shared::store::incident::{DRILL_NOTE, Note};
use shared::values::incident::{Kind, Severity as Weight};
use shared::values::training::COURSES;

use super::super::TABLES;
use super::*;

type Items = Vec<(&'static str, Item)>;

/// 2028-01-01: every course is older.
const NOW_MS: UnixMillis = 1_830_297_600_000;
const HOUR_MS: UnixMillis = 60 * 60 * 1000;

const fn ago(days: i64) -> UnixMillis {
    NOW_MS - days * DAY_MS
}

fn row<'a>(
    partition: impl Into<String>,
    sort: impl Into<String>,
    more: impl IntoIterator<Item = (&'a str, Value)>,
) -> Item {
    let key = [("p", string(partition)), ("k", string(sort))];
    key.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn staff(n: u8) -> StaffId {
    StaffId::at(ago(400), [n; 32])
}

fn subject(n: u8) -> SubjectId {
    SubjectId::at(ago(400), [n; 32])
}

fn conversation(n: u8) -> ConversationId {
    ConversationId::at(ago(400), [n; 32])
}

fn identity(n: u8, sort: &str, more: Vec<(&'static str, Value)>) -> (&'static str, Item) {
    ("identity", row(format!("staff#{}", staff(n)), sort, more))
}

fn account(n: u8, roles: &str, made_days: i64) -> (&'static str, Item) {
    let made = number(ago(made_days));
    identity(n, "account", vec![("r", string(roles)), ("s", string("active")), ("t", made)])
}

fn totp(n: u8, made_days: i64, used_days: i64) -> (&'static str, Item) {
    let times = [("t", number(ago(made_days))), ("u", number(ago(used_days)))];
    identity(n, "totp", [("c", number(1))].into_iter().chain(times).collect())
}

fn trained(n: u8, version: u32, end_ms: UnixMillis) -> (&'static str, Item) {
    let certificate = json!({
        "version": version, "passed_ms": ago(60), "expires_ms": end_ms, "jws": "",
    });
    let passed = COURSES.map(|course| (course.id.to_owned(), certificate.clone()));
    let certificates: serde_json::Map<_, _> = passed.into_iter().collect();
    let content = json!({ "certificates": certificates, "attempts": {} }).to_string();
    let more = [("g", number(ago(390))), ("j", string(content)), ("n", number(1))];
    ("training", row("staff", staff(n), more))
}

fn first_days(n: u8, end_ms: UnixMillis) -> (&'static str, Item) {
    ("training", row("staff", staff(n), [("g", number(end_ms))]))
}

fn case(n: u8, state: &str, received_days: i64) -> (&'static str, Item) {
    let id = CaseId::at(ago(received_days), [n; 32]);
    let words = [("d", "access"), ("b", "gdpr"), ("q", state), ("j", "[]")];
    let words = words.map(|(name, word)| (name, string(word)));
    let numbers = [("r", number(ago(received_days))), ("x", number(0)), ("n", number(1))];
    ("ledger", row("case", id, words.into_iter().chain(numbers)))
}

fn ends_late(since_ms: UnixMillis) -> (&'static str, Value) {
    (EXPIRES_AT, expiry(since_ms + RetentionPolicy::LONGEST_MS))
}

fn unfinished(hours: i64) -> (&'static str, Item) {
    let end = ends_late(NOW_MS - hours * HOUR_MS);
    ("ledger", row("unfinished", format!("{:020}", 7), [end]))
}

/// An erasure of everything of a subject, which waits for so many days.
fn waits(n: u8, days: i64) -> (&'static str, Item) {
    let more = [("r", number(ago(days))), ends_late(ago(days))];
    ("ledger", row("waiting", subject(n), more))
}

/// The same of the two conversations that the erasure of this number has kept.
fn kept(n: u8, days: i64) -> Items {
    let waiting = row("waiting", subject(n), [("n", number(n)), ends_late(ago(days))]);
    let kept = Value::Ss(vec![conversation(n).to_string(), conversation(n + 1).to_string()]);
    let entry = row("ledger", format!("{n:020}"), [("l", kept)]);
    vec![("ledger", waiting), ("ledger", entry)]
}

fn hold(
    n: u8,
    on: Option<ConversationId>,
    released_ms: Option<UnixMillis>,
) -> (&'static str, Item) {
    let id = HoldId::at(ago(100), [on.map_or(0, |on| on.as_bytes()[15]); 32]);
    let mut item = row("hold", id, [("u", binary(*subject(n).as_bytes()))]);
    item.extend(on.map(|on| ("c".to_owned(), binary(*on.as_bytes()))));
    item.extend(released_ms.map(|at_ms| ("l".to_owned(), number(at_ms))));
    ("ledger", item)
}

fn incident(
    n: u8,
    opened_ms: UnixMillis,
    change: impl FnOnce(&mut Incident),
) -> (&'static str, Item) {
    let id = IncidentId::at(opened_ms, [n; 32]);
    let of = (id, Kind::UnusualReads, Weight::High);
    let mut incident = Incident::open(of, Some(staff(n).to_string()), (opened_ms, true), None);
    change(&mut incident);
    let json = serde_json::to_string(&incident).unwrap();
    ("incidents", row("incident", id, [("j", string(json)), ("n", number(1))]))
}

fn drill(days: i64) -> (&'static str, Item) {
    incident(99, ago(days), |incident| {
        incident.status = Status::Resolved;
        let text = DRILL_NOTE.to_owned();
        incident.note(Note { at_ms: ago(days), by: staff(99), text });
    })
}

/// A deployment in which everything is as it should be, though some of it only just.
fn clean() -> Items {
    let mut items = vec![
        account(1, "admin,agent", 400),
        totp(1, 731, 90),
        trained(1, 1, NOW_MS + 1),
        // Admins need no courses.
        account(2, "admin", 400),
        identity(2, "passkey#a", vec![("t", number(ago(731)))]),
        identity(2, "session#a", vec![("t", number(ago(91))), ("u", number(ago(90)))]),
        account(3, "auditor", 20),
        totp(3, 20, 20),
        // In their first days.
        account(4, "agent,privacy", 7),
        first_days(4, NOW_MS + 1),
        case(1, "open", 30),
        case(2, "answered", 400),
        unfinished(24),
        waits(5, 300),
        hold(5, None, None),
        waits(6, 300),
        hold(6, None, Some(ago(1))),
        hold(7, Some(conversation(7)), None),
        hold(7, Some(conversation(8)), None),
        incident(1, ago(1), |_| {}),
        incident(2, ago(30), |incident| incident.status = Status::Acknowledged),
        incident(3, ago(400), |incident| incident.status = Status::Resolved),
        drill(182),
    ];
    items.extend(kept(7, 300));
    let mut disabled = account(8, "agent", 400);
    disabled.1.insert("s".to_owned(), string("disabled"));
    items.push(disabled);
    items
}

fn records(items: Items) -> Records {
    let mut tables: BTreeMap<_, _> = TABLES.map(|(table, _)| (table, Vec::new())).into();
    for (table, item) in items {
        tables.entry(table).or_default().push(item);
    }
    let (now_seconds, cut) = (NOW_MS / 1000, BTreeSet::new());
    Records { now_seconds, tables, cut, seen_before: None }
}

/// The same where only a part of a table was read.
fn without_all_of(table: &'static str, items: Items) -> Records {
    Records { cut: [table].into(), ..records(items) }
}

fn courses(version: u32) -> [(&'static str, u32); 5] {
    COURSES.map(|course| (course.id, version))
}

fn of(items: Items) -> Vec<Finding> {
    findings(&records(items), &courses(1), NOW_MS, Some(ago(400)))
}

/// The findings that are not as they should be.
fn faults(found: Vec<Finding>) -> Vec<Finding> {
    found.into_iter().filter(|one| one.severity != Severity::Fine).collect()
}

const CONTROLS: [(Control, &str); 8] = [
    (Control::StaffTraining, "staff_trained"),
    (Control::StaffFactors, "staff_factors_recent"),
    (Control::StaffDormant, "staff_active"),
    (Control::StaffAdmins, "staff_two_admins"),
    (Control::RequestsDue, "requests_in_time"),
    (Control::ErasuresLate, "erasures_in_time"),
    (Control::IncidentsOpen, "incidents_looked_at"),
    (Control::IncidentDrill, "incident_drilled"),
];

#[test]
fn a_clean_deployment_gives_one_fine_finding_a_control() {
    for found in [of(clean()), of(Vec::new())] {
        assert_eq!(found.len(), CONTROLS.len(), "{found:#?}");
        for (finding, (control, code)) in found.iter().zip(CONTROLS) {
            assert_eq!(finding.controls(), [control], "{finding:?}");
            if control != Control::IncidentDrill {
                assert_eq!((finding.severity, finding.code), (Severity::Fine, code));
            }
        }
    }
    assert_eq!(of(clean())[7].severity, Severity::Fine);
    assert_eq!(of(clean())[7].code, "incident_drilled");
}

/// The code and the severity of a fault, the change of a clean deployment, and what the finding names.
type Fault = (&'static str, Severity, fn(&mut Items), fn() -> String);

const WRONG: Severity = Severity::Wrong;
const LOOK: Severity = Severity::LookAtIt;

const FAULTS: [Fault; 22] = [
    (
        "staff_untrained",
        LOOK,
        // Nobody has looked at the account since there are courses.
        |items| items.extend([account(20, "agent", 8), totp(20, 8, 8)]),
        || staff(20).to_string(),
    ),
    (
        "staff_untrained",
        LOOK,
        |items| {
            let ended = first_days(20, NOW_MS);
            items.extend([account(20, "security", 400), totp(20, 8, 8), ended]);
        },
        || staff(20).to_string(),
    ),
    (
        "staff_untrained",
        LOOK,
        |items| {
            let ended = trained(20, 1, NOW_MS);
            items.extend([account(20, "agent,admin", 400), totp(20, 8, 8), ended]);
        },
        || "data-privacy, safe-communication".to_owned(),
    ),
    (
        "staff_untrained",
        LOOK,
        |items| {
            let mut again = trained(20, 1, NOW_MS + 1);
            again.1.insert("i".to_owned(), Value::Ss(vec![rfc3339(ago(14))]));
            items.extend([account(20, "agent", 400), totp(20, 8, 8), again]);
        },
        || "certificate of data-privacy, first-hour.".to_owned(),
    ),
    (
        "staff_no_factor",
        WRONG,
        |items| items.push(account(20, "admin", 8)),
        || staff(20).to_string(),
    ),
    (
        "staff_no_factor",
        WRONG,
        |items| {
            let mut unconfirmed = totp(20, 0, 0);
            unconfirmed.1.insert("c".to_owned(), number(0));
            items.extend([account(20, "auditor", 8), unconfirmed]);
        },
        || staff(20).to_string(),
    ),
    (
        "staff_old_factor",
        LOOK,
        |items| items.extend([account(20, "admin", 800), totp(20, 732, 1)]),
        || rfc3339(ago(732)),
    ),
    (
        "staff_dormant",
        LOOK,
        |items| items.extend([account(20, "admin", 400), totp(20, 400, 91)]),
        || rfc3339(ago(91)),
    ),
    (
        "staff_one_admin",
        LOOK,
        |items| items.retain(|(_, item)| text(item, "r") != Some("admin")),
        || "one active admin".to_owned(),
    ),
    (
        "request_overdue",
        WRONG,
        |items| items.push(case(20, "verified", 32)),
        || CaseId::at(ago(32), [20; 32]).to_string(),
    ),
    (
        "erasure_late",
        WRONG,
        |items| items.push(unfinished(25)),
        || "the erasure 7 waits".to_owned(),
    ),
    ("erasure_late", WRONG, |items| items.push(waits(20, 2)), || rfc3339(ago(2))),
    (
        "erasure_late",
        WRONG,
        // A hold on one conversation holds nobody as a whole.
        |items| items.extend([waits(20, 2), hold(20, Some(conversation(20)), None)]),
        || rfc3339(ago(2)),
    ),
    (
        "erasure_late",
        WRONG,
        |items| items.extend([waits(20, 300), hold(20, None, Some(ago(2)))]),
        || rfc3339(ago(2)),
    ),
    (
        "erasure_late",
        WRONG,
        |items| {
            items.extend(kept(20, 300));
            items.push(hold(20, Some(conversation(20)), None));
            items.push(hold(20, Some(conversation(21)), Some(ago(2))));
        },
        || "the erasure 20 waits".to_owned(),
    ),
    (
        "erasure_late",
        WRONG,
        |items| {
            // Its erasure is forgotten.
            items.extend(kept(20, 2).into_iter().take(1));
            items.push(hold(20, None, None));
        },
        || "the erasure 20 waits".to_owned(),
    ),
    (
        "incident_waits",
        WRONG,
        |items| items.push(incident(20, ago(2), |_| {})),
        || "(unusual_reads)".to_owned(),
    ),
    (
        "incident_waits",
        WRONG,
        |items| items.push(incident(20, ago(2), |one| one.status = Status::Contained)),
        || IncidentId::at(ago(2), [20; 32]).to_string(),
    ),
    (
        "incident_waits",
        WRONG,
        |items| items.push(incident(20, ago(50), |one| one.tell(ago(2), "open", Some(staff(1))))),
        || rfc3339(ago(2)),
    ),
    (
        "incident_open",
        LOOK,
        |items| items.push(incident(20, ago(31), |one| one.status = Status::Acknowledged)),
        || IncidentId::at(ago(31), [20; 32]).to_string(),
    ),
    (
        "incident_not_drilled",
        LOOK,
        |items| {
            items.retain(|(_, item)| *item != drill(182).1);
            items.push(drill(183));
        },
        || rfc3339(ago(183)),
    ),
    (
        "incident_not_drilled",
        LOOK,
        |items| {
            items.retain(|(_, item)| *item != drill(182).1);
            // Somebody real has noted the same words.
            items.push(incident(20, ago(1), |one| {
                one.status = Status::Resolved;
                let text = DRILL_NOTE.to_owned();
                one.note(Note { at_ms: ago(1), by: staff(1), text });
            }));
        },
        || "No attack".to_owned(),
    ),
];

#[test]
fn every_fault_is_found_and_names_what_it_is_about() {
    for (code, severity, change, name) in FAULTS {
        let mut items = clean();
        change(&mut items);
        let found = of(items);
        assert_eq!(found.len(), CONTROLS.len(), "{code}: {found:#?}");
        let faults = faults(found);
        let [fault] = faults.as_slice() else { panic!("{code}: {faults:#?}") };
        assert_eq!((fault.severity, fault.code), (severity, code));
        assert_eq!(fault.controls().len(), 1, "{code}");
        assert!(fault.what.contains(&name()), "{}: {}", name(), fault.what);
        assert!(!fault.advice.is_empty(), "{code}");
    }
}

#[test]
fn another_version_of_a_course_is_asked_for() {
    let found = findings(&records(clean()), &courses(2), NOW_MS, Some(ago(400)));
    let found = faults(found);
    let [untrained] = found.as_slice() else { panic!("{found:#?}") };
    assert!(untrained.what.contains(&staff(1).to_string()), "{}", untrained.what);
    let unknown = [("another-course", 1)];
    let found = faults(findings(&records(clean()), &unknown, NOW_MS, Some(ago(400))));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].what.ends_with("certificate of another-course."), "{}", found[0].what);
}

#[test]
fn a_young_stack_has_its_first_drill_to_come() {
    for (since_ms, severity, code) in [
        (ago(182) + 1, Severity::Fine, "incident_drill_to_come"),
        (ago(182), Severity::LookAtIt, "incident_not_drilled"),
    ] {
        let found = findings(&records(Vec::new()), &courses(1), NOW_MS, Some(since_ms));
        assert_eq!((found[7].severity, found[7].code), (severity, code));
        assert_eq!(found[7].controls(), [Control::IncidentDrill]);
    }
}

#[test]
fn a_part_of_a_table_proves_faults_of_single_items_alone() {
    let mut items = clean();
    items.extend([case(20, "open", 32), unfinished(25)]);
    let read = without_all_of("ledger", items.clone());
    let found = findings(&read, &courses(1), NOW_MS, Some(ago(400)));
    let told: Vec<_> = faults(found).iter().map(|one| (one.severity, one.controls())).collect();
    let expected = [
        (Severity::Wrong, vec![Control::RequestsDue]),
        (Severity::CouldNotLook, vec![Control::RequestsDue]),
        (Severity::CouldNotLook, vec![Control::ErasuresLate]),
    ];
    assert_eq!(told, expected);
    // A drill that was found was played, whatever was not read.
    let read = without_all_of("incidents", items);
    let found = findings(&read, &courses(1), NOW_MS, Some(ago(400)));
    let last = found.last().unwrap();
    assert_eq!((last.severity, last.code), (Severity::Fine, "incident_drilled"));
}

#[test]
fn an_item_that_cannot_be_read_leaves_its_control_unknown() {
    for (control, table, partition) in [
        (Control::StaffTraining, "training", "staff"),
        (Control::RequestsDue, "ledger", "case"),
        (Control::ErasuresLate, "ledger", "waiting"),
        (Control::ErasuresLate, "ledger", "unfinished"),
        (Control::IncidentsOpen, "incidents", "incident"),
    ] {
        let mut items = clean();
        items.extend([account(20, "agent", 20), totp(20, 20, 20)]);
        items.push((table, row(partition, staff(20), [("j", string("{"))])));
        if control != Control::StaffTraining {
            items.push(trained(20, 1, NOW_MS + 1));
        }
        let found = faults(of(items));
        let [unknown] = found.as_slice() else { panic!("{control:?}: {found:#?}") };
        assert_eq!(unknown.severity, Severity::CouldNotLook);
        assert_eq!(unknown.controls(), [control]);
    }
}

#[test]
fn of_many_the_first_are_told_and_the_others_counted() {
    let late = from_fn::<_, 25, _>(|n| case(u8::try_from(n).unwrap() + 20, "open", 32));
    let mut items = clean();
    items.extend(late);
    let found = faults(of(items));
    assert_eq!(found.len(), TOLD + 1);
    assert_eq!(found[TOLD].what, "More like these: 5.");
    assert!(found.iter().all(|one| one.code == "request_overdue"));
}

#[test]
fn each_invariant_belongs_to_a_control() {
    let end = (EXPIRES_AT, expiry(NOW_MS + DAY_MS));
    let plain = ("email", string("ada@example.org"));
    let customer = row("", "customer", [("u", binary([1; 16])), plain, end]);
    let table = [
        ("item_without_end", "events", row("2028-01-01#0", "a", [])),
        ("item_plain", "profiles", customer),
        ("record_broken", "identity", row("directory", staff(1), [])),
    ];
    let clean = ["items_end", "items_sealed", "records_whole"];
    let controls = [Control::ItemsExpire, Control::ItemsSealed, Control::RecordsWhole];
    let found = invariants(&records(Vec::new()));
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), clean);
    for ((code, table, mut item), control) in table.into_iter().zip(controls) {
        if table == "profiles" {
            item.remove("p");
        }
        let found = faults(invariants(&records(vec![(table, item)])));
        let [fault] = found.as_slice() else { panic!("{code}: {found:#?}") };
        assert_eq!((fault.severity, fault.code), (Severity::Wrong, code));
        assert_eq!(fault.controls(), [control]);
        assert!(!fault.what.contains("example.org"), "{}", fault.what);
    }
    let gone = ("identity", row("directory", staff(1), []));
    let read = without_all_of("events", vec![("events", row("a", "b", [])), gone]);
    let told = faults(invariants(&read));
    let told: Vec<_> = told.iter().map(|one| (one.severity, one.controls())).collect();
    let expected = [
        (Severity::Wrong, vec![Control::ItemsExpire]),
        (Severity::Wrong, vec![Control::RecordsWhole]),
        (Severity::CouldNotLook, vec![Control::RecordsWhole]),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_table_that_was_left_out_proves_nothing() {
    let mut read = records(clean());
    read.tables.remove("identity");
    let found = faults(findings(&read, &courses(1), NOW_MS, Some(ago(400))));
    let told: Vec<_> = found.iter().map(|one| (one.severity, one.controls())).collect();
    let expected =
        CONTROLS[..4].iter().map(|(control, _)| (Severity::CouldNotLook, vec![*control]));
    assert_eq!(told, expected.collect::<Vec<_>>());
}
