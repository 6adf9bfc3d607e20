//! Requests of subjects: from the letter that came to the letter that went out, by the clock.

use serde_json::{Value, json};
use shared::ids::{CaseId, ReceiptId, StaffId, SubjectId};
use shared::store::case::{Noted, Step, What};
use tests::api::Request;
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;
use tokio::task::JoinSet;

const DAY_SECONDS: u64 = 86_400;

async fn officer(world: &World) -> Staff {
    let admin = world.admin().await;
    let officer = world.member(&admin, "officer@example.org", &["privacy"]).await;
    officer.signed_in(world).await
}

/// Moves the time by days, with the daily jobs that keep the sign-in going, and signs in again.
async fn later(world: &World, officer: &Staff, days: u64) -> Staff {
    for _ in 0..days {
        world.advance_seconds(DAY_SECONDS);
        if world.clock.now_ms() / 86_400_000 % 20 == 0 {
            world.rotate_keys().await;
        }
    }
    officer.signed_in(world).await
}

async fn open(officer: &Staff, kind: &str, law: &str) -> Value {
    let opened = officer.post("/v1/cases", &json!({ "kind": kind, "law": law })).await;
    assert_eq!(opened.status, 201, "{}", opened.json());
    opened.json()
}

/// A case about somebody who has shown who they are.
async fn verified(officer: &Staff, kind: &str, law: &str, subject: SubjectId) -> Value {
    let case = open(officer, kind, law).await;
    changed(officer, &case, json!({ "subject_id": subject, "state": "verified" })).await
}

fn path(case: &Value) -> String {
    format!("/v1/cases/{}", case["id"].as_str().expect("an id"))
}

fn id(case: &Value) -> CaseId {
    CaseId::parse(case["id"].as_str().expect("an id")).expect("a case's id")
}

fn staff_id(staff: &Staff) -> StaffId {
    StaffId::parse(&staff.id).expect("an id")
}

async fn changed(officer: &Staff, case: &Value, change: Value) -> Value {
    let changed = officer.patch(&path(case), &change).await;
    assert_eq!(changed.status, 200, "{change}: {}", changed.json());
    changed.json()
}

async fn refused(officer: &Staff, case: &Value, change: Value) -> (u16, String) {
    officer.patch(&path(case), &change).await.refusal()
}

/// The words of a case's log, and who is behind each.
async fn log(officer: &Staff, case: &Value) -> Vec<(String, Value)> {
    let found = officer.get(&path(case)).await.json();
    let lines = found["log"].as_array().expect("a log").clone();
    lines
        .iter()
        .map(|line| (line["what"].as_str().expect("a word").to_owned(), line["by"].clone()))
        .collect()
}

fn subject(world: &World) -> SubjectId {
    SubjectId::generate(&world.clock).expect("randomness")
}

/// How many events there are of that word.
async fn told(world: &World, word: &str) -> usize {
    let items = world.all_items().await;
    let of_word = |(table, item): &&(String, shared::store::attributes::Item)| {
        table == "world-events" && item["w"].as_s().is_ok_and(|w| w == word)
    };
    items.iter().filter(of_word).count()
}

#[tokio::test]
async fn an_erasure_goes_from_the_letter_to_the_answer() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let case = open(&officer, "erasure", "gdpr").await;
    assert_eq!(case["state"], "open");
    for null in ["subject_id", "confirm_by", "receipt_id", "closed_at"] {
        assert_eq!(case[null], Value::Null, "{null}");
    }
    assert_eq!((&case["overdue"], &case["extended"]), (&json!(false), &json!(false)));
    let subject = subject(&world);
    let found = changed(&officer, &case, json!({ "subject_id": subject })).await;
    assert_eq!(found["subject_id"], json!(subject));
    // Twice the same is once.
    changed(&officer, &case, json!({ "subject_id": subject })).await;
    assert_eq!(changed(&officer, &case, json!({ "state": "verified" })).await["state"], "verified");

    let retention = &world.retention;
    let (store, by) = (&retention.store, staff_id(&officer));
    let receipt = ReceiptId::generate(&world.clock).expect("randomness");
    let note = async |what| {
        let noted = store.note_in_case(&retention.events, by, id(&case), what, subject).await;
        noted.expect("it is noted")
    };
    assert!(matches!(note(What::Waiting).await, Noted::There(_)));
    assert_eq!(officer.get(&path(&case)).await.json()["state"], "waiting");
    let closed = store.close_waiting(&retention.events, subject, receipt).await;
    assert_eq!(closed.expect("the sweep notes it"), 1);
    // The route's note of the same erasure changes nothing.
    assert!(matches!(note(What::Erased(receipt)).await, Noted::There(_)));
    assert_eq!(store.close_waiting(&retention.events, subject, receipt).await, Ok(0));
    let done = officer.get(&path(&case)).await.json();
    assert_eq!((&done["state"], &done["receipt_id"]), (&json!("done"), &json!(receipt)));

    let answered = changed(&officer, &case, json!({ "state": "answered" })).await;
    assert!(answered["closed_at"].is_string(), "{answered}");
    assert_eq!(note(What::Erased(receipt)).await, Noted::Refused);
    let me = json!({ "id": officer.id });
    let expected = [
        ("opened", &me),
        ("subject_set", &me),
        ("verified", &me),
        ("waiting", &me),
        ("erased", &Value::Null),
        ("answered", &me),
    ];
    let lines = log(&officer, &case).await;
    assert_eq!(lines, expected.map(|(what, by)| (what.to_owned(), by.clone())));
    assert_eq!((told(&world, "case_opened").await, told(&world, "case_changed").await), (1, 5));
    // It is forgotten when the policy says, and not before it is closed.
    let items = world.all_items().await;
    let (_, item) = items
        .iter()
        .find(|(_, item)| item.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| p == "case")))
        .expect("the case");
    let ends: u64 = item["expires_at"].as_n().expect("a number").parse().expect("seconds");
    assert_eq!((ends - world.seconds()) / DAY_SECONDS, 731);
}

#[tokio::test]
async fn an_access_is_done_once_everything_was_given_out() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let case = open(&officer, "access", "ccpa").await;
    let (subject, other) = (subject(&world), subject(&world));
    let both = json!({ "subject_id": subject, "state": "verified", "extend": true });
    let known = changed(&officer, &case, both).await;
    assert_eq!((&known["state"], &known["extended"]), (&json!("verified"), &json!(true)));
    let (store, events) = (&world.retention.store, &world.retention.events);
    let note = async |id, what, subject| {
        store.note_in_case(events, staff_id(&officer), id, what, subject).await.expect("an answer")
    };
    let case_id = id(&case);
    assert_eq!(note(case_id, What::Exported, other).await, Noted::Refused);
    let receipt = ReceiptId::generate(&world.clock).expect("randomness");
    assert_eq!(note(case_id, What::Erased(receipt), subject).await, Noted::Refused);
    let nobody = CaseId::generate(&world.clock).expect("randomness");
    assert_eq!(note(nobody, What::Exported, subject).await, Noted::Absent);
    for _part in 0..3 {
        assert!(matches!(note(case_id, What::Exported, subject).await, Noted::There(_)));
    }
    assert_eq!(officer.get(&path(&case)).await.json()["state"], "done");
    changed(&officer, &case, json!({ "state": "answered" })).await;
    let words: Vec<_> = log(&officer, &case).await.into_iter().map(|(what, _)| what).collect();
    let expected = ["opened", "subject_set", "extended", "verified", "exported", "answered"];
    assert_eq!(words, expected);
}

#[tokio::test]
async fn each_law_has_its_deadlines() {
    let world = World::new().await;
    let officer = officer(&world).await;
    // From Monday, 2 November 2026; a case that came on the last of a month is answered by the last.
    let cases = [
        (
            "gdpr",
            "2026-11-01T10:00:00Z",
            None,
            "2026-12-01T10:00:00.000Z",
            "2027-02-01T10:00:00.000Z",
        ),
        ("gdpr", "2026-08-31T08:30:00+02:00", None, "2026-09-30T06:30:00.000Z", ""),
        (
            "ccpa",
            "2026-11-01T10:00:00Z",
            Some("2026-11-13T10:00:00.000Z"),
            "2026-12-16T10:00:00.000Z",
            "2027-01-30T10:00:00.000Z",
        ),
        (
            "other",
            "2026-11-01T10:00:00Z",
            None,
            "2026-12-01T10:00:00.000Z",
            "2026-12-31T10:00:00.000Z",
        ),
    ];
    for (law, received_at, confirm_by, due_at, extended) in cases {
        let body = json!({ "kind": "access", "law": law, "received_at": received_at });
        let case = officer.post("/v1/cases", &body).await.json();
        assert_eq!((&case["confirm_by"], &case["due_at"]), (&json!(confirm_by), &json!(due_at)));
        assert_eq!(case["overdue"], extended.is_empty());
        if extended.is_empty() {
            // It is too late to ask for more time.
            assert_eq!(refused(&officer, &case, json!({ "extend": true })).await.1, "conflict");
            continue;
        }
        let longer = changed(&officer, &case, json!({ "extend": true })).await;
        assert_eq!((&longer["due_at"], &longer["extended"]), (&json!(extended), &json!(true)));
        assert_eq!(refused(&officer, &case, json!({ "extend": true })).await.1, "conflict");
    }
}

#[tokio::test]
async fn the_clock_runs_until_a_case_is_closed() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let gdpr = open(&officer, "access", "gdpr").await;
    let ccpa = open(&officer, "access", "ccpa").await;
    let due = async || world.sweep().await.requests_due;
    assert_eq!(due().await, 0);
    // Two days before the ten business days of the second are over.
    let officer = later(&world, &officer, 12).await;
    assert_eq!(due().await, 1);
    changed(&officer, &ccpa, json!({ "subject_id": subject(&world), "state": "verified" })).await;
    assert_eq!(due().await, 1, "that somebody is known is no word to them");
    let confirmed = changed(&officer, &ccpa, json!({ "confirmed": true })).await;
    assert!(confirmed["confirmed_at"].is_string(), "{confirmed}");
    assert_eq!(refused(&officer, &ccpa, json!({ "confirmed": true })).await.1, "conflict");
    assert_eq!(due().await, 0);
    let officer = later(&world, &officer, 13).await;
    assert_eq!(due().await, 1);
    assert_eq!(officer.get(&path(&gdpr)).await.json()["overdue"], false);
    let officer = later(&world, &officer, 5).await;
    assert_eq!(officer.get(&path(&gdpr)).await.json()["overdue"], true);
    let listed = officer.get("/v1/cases?state=open").await.json();
    assert_eq!(listed["items"][0]["id"], gdpr["id"]);
    assert_eq!(listed["items"][0]["overdue"], true);
    changed(&officer, &gdpr, json!({ "state": "refused" })).await;
    assert_eq!(officer.get(&path(&gdpr)).await.json()["overdue"], false);
    assert_eq!(due().await, 0);
}

#[tokio::test]
async fn of_two_officers_at_once_one_is_told_so() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let case = open(&officer, "access", "gdpr").await;
    changed(&officer, &case, json!({ "subject_id": subject(&world) })).await;
    let verify = json!({ "state": "verified" });
    let path = path(&case);
    let mut at_once = JoinSet::new();
    for _ in 0..6 {
        let request = Request::new("PATCH", &path).json(&verify);
        let officer = officer.clone();
        at_once.spawn(async move { officer.send(request).await.status });
    }
    let mut answers = at_once.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409]);
    assert_eq!(log(&officer, &case).await.len(), 3);
    // A decision on an outdated state changes nothing, whether or not the step is still allowed.
    let (store, events) = (&world.retention.store, &world.retention.events);
    let known = store.find_case(id(&case)).await.expect("a read").expect("the case");
    let by = Some(staff_id(&officer));
    let after = |step| known.clone().after(step, by, world.clock.now_ms()).expect("a step");
    let first = store.change_case(events, by, &known, after(Step::Answer)).await;
    assert!(first.expect("a write").is_some());
    let second = store.change_case(events, by, &known, after(Step::Refuse)).await;
    assert_eq!(second, Ok(None));
    assert_eq!(officer.get(&path).await.json()["state"], "answered");
}

#[tokio::test]
async fn a_list_is_by_due_date_and_goes_on_where_it_ended() {
    let world = World::new().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "officer@example.org", &["privacy"]).await;
    let other = world.member(&admin, "second@example.org", &["privacy"]).await;
    let mut due = Vec::new();
    for (kind, law) in
        [("access", "ccpa"), ("erasure", "gdpr"), ("access", "other"), ("erasure", "ccpa")]
    {
        let case = open(&officer, kind, law).await;
        due.push((case["due_at"].as_str().expect("a time").to_owned(), case["id"].clone()));
        world.advance_seconds(1);
    }
    due.sort_by(|(one, _), (other, _)| one.cmp(other));
    let sorted: Vec<_> = due.into_iter().map(|(_, id)| id).collect();
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = officer.get(&format!("/v1/cases?limit=3&cursor={cursor}")).await.json();
        let items = page["items"].as_array().expect("items").clone();
        ids.extend(items.iter().map(|item| item["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(ids, sorted);
    let closed = json!({ "id": sorted[1] });
    changed(&officer, &closed, json!({ "state": "answered" })).await;
    let count = async |query: &str| {
        let page = officer.get(&format!("/v1/cases{query}")).await.json();
        page["items"].as_array().expect("items").len()
    };
    for (query, expected) in [
        ("", 4),
        ("?state=", 4),
        ("?state=open", 3),
        ("?state=verified", 0),
        ("?state=answered", 1),
        ("?state=refused", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    // A cursor is good for its caller and its list.
    let page = officer.get("/v1/cases?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
    let list = format!("/v1/cases?cursor={cursor}");
    assert_eq!(officer.get(&list).await.status, 200);
    assert_eq!(officer.get(&format!("{list}&state=open")).await.status, 422);
    assert_eq!(other.get(&list).await.status, 422);
    for query in ["state=closed", "state=Open", "cursor=1", "cursor=x.y", "limit=0"] {
        let answer = officer.get(&format!("/v1/cases?{query}")).await;
        assert_eq!(answer.refusal(), (422, "invalid".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_step_from_here_changes_nothing() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let subject = subject(&world);
    let closed = open(&officer, "access", "gdpr").await;
    changed(&officer, &closed, json!({ "state": "refused" })).await;
    let unknown = open(&officer, "access", "gdpr").await;
    let verified = self::verified(&officer, "access", "gdpr", subject).await;
    let done = self::verified(&officer, "access", "gdpr", subject).await;
    let (store, events) = (&world.retention.store, &world.retention.events);
    let noted = store
        .note_in_case(events, staff_id(&officer), id(&done), What::Exported, subject)
        .await
        .expect("it is noted");
    assert!(matches!(noted, Noted::There(_)));
    let before = (told(&world, "case_changed").await, log(&officer, &done).await);
    for (case, change) in [
        (&closed, json!({ "state": "verified" })),
        (&closed, json!({ "state": "answered" })),
        (&closed, json!({ "state": "refused" })),
        (&closed, json!({ "subject_id": subject })),
        (&closed, json!({ "extend": true })),
        (&unknown, json!({ "state": "verified" })),
        (&verified, json!({ "told_of_hold": true })),
        (&verified, json!({ "state": "verified" })),
        // All or nothing.
        (&verified, json!({ "extend": true, "state": "verified" })),
        (&done, json!({ "state": "verified" })),
        (&done, json!({ "subject_id": subject })),
    ] {
        let refusal = refused(&officer, case, change.clone()).await;
        assert_eq!(refusal, (409, "conflict".to_owned()), "{change}");
    }
    assert_eq!(officer.get(&path(&verified)).await.json()["extended"], false);
    for change in [
        json!({ "state": "open" }),
        json!({ "state": "waiting" }),
        json!({ "state": "done" }),
        json!({ "state": "" }),
        json!({ "subject_id": "somebody" }),
        json!({ "subject_id": subject.to_string().to_uppercase() }),
    ] {
        let refusal = refused(&officer, &verified, change.clone()).await;
        assert_eq!(refusal, (422, "invalid".to_owned()), "{change}");
    }
    let after = (told(&world, "case_changed").await, log(&officer, &done).await);
    assert_eq!(after, before);
    // Nothing asked for, nothing changed.
    changed(&officer, &closed, json!({})).await;
    changed(&officer, &verified, json!({ "extend": false, "subject_id": null })).await;
    assert_eq!(told(&world, "case_changed").await, before.0);
}

#[tokio::test]
async fn a_case_begins_with_what_it_has_to_have() {
    let world = World::new().await;
    let officer = officer(&world).await;
    for (body, pointer, code) in [
        (json!({ "law": "gdpr" }), "/kind", "missing"),
        (json!({ "kind": "access" }), "/law", "missing"),
        (json!({ "kind": "portability", "law": "gdpr" }), "/kind", "not_allowed"),
        (json!({ "kind": "access", "law": "lgpd" }), "/law", "not_allowed"),
        (
            json!({ "kind": "access", "law": "gdpr", "subject_id": "x" }),
            "/subject_id",
            "bad_format",
        ),
        (
            json!({ "kind": "access", "law": "gdpr", "received_at": "2026-11-01" }),
            "/received_at",
            "bad_format",
        ),
        (
            json!({ "kind": "access", "law": "gdpr", "received_at": "2026-11-03T00:00:00Z" }),
            "/received_at",
            "too_large",
        ),
        (
            json!({ "kind": "access", "law": "gdpr", "received_at": "2006-11-03T00:00:00Z" }),
            "/received_at",
            "too_small",
        ),
    ] {
        let answer = officer.post("/v1/cases", &body).await;
        assert_eq!(answer.refusal(), (422, "invalid".to_owned()), "{body}");
        let error = &answer.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    assert_eq!(officer.get("/v1/cases").await.json()["items"], json!([]));
    assert_eq!(told(&world, "case_opened").await, 0);
    let nobody = CaseId::generate(&world.clock).expect("randomness");
    for id in ["x".to_owned(), nobody.to_string(), nobody.to_string().to_uppercase()] {
        let path = format!("/v1/cases/{id}");
        assert_eq!(officer.get(&path).await.refusal(), (404, "not_found".to_owned()));
        let change = officer.patch(&path, &json!({ "state": "verified" })).await;
        assert_eq!(change.refusal(), (404, "not_found".to_owned()));
    }
}

#[tokio::test]
async fn holds_on_the_subject_are_seen_in_its_case() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    let path_of = visitor.open().await;
    let conversation = path_of.rsplit('/').next().expect("an id");
    let subject = visitor.subject.clone();
    let case = open(&officer, "erasure", "gdpr").await;
    assert_eq!(officer.get(&path(&case)).await.json()["holds"], json!([]));
    changed(&officer, &case, json!({ "subject_id": subject })).await;
    assert_eq!(officer.get(&path(&case)).await.json()["holds"], json!([]));
    let officer = officer.stepped_up(&world).await;
    for on in [json!({ "subject_id": subject }), json!({ "conversation_id": conversation })] {
        let mut body = json!({ "reason": "A court has asked for it" });
        body.as_object_mut().expect("an object").extend(on.as_object().expect("an object").clone());
        let placed = officer.post("/v1/holds", &body).await;
        assert_eq!(placed.status, 201, "{}", placed.json());
    }
    let holds = officer.get(&path(&case)).await.json()["holds"].clone();
    let holds = holds.as_array().expect("holds");
    assert_eq!(holds.len(), 2);
    assert!(holds.iter().all(|hold| hold["reason"] == "A court has asked for it"));
    let release = json!({ "subject_id": subject });
    let release = Request::new("DELETE", "/v1/holds").json(&release);
    let released = officer.send(release).await;
    assert_eq!(released.status, 200, "{}", released.json());
    let holds = officer.get(&path(&case)).await.json()["holds"].clone();
    assert_eq!(holds[0]["conversation_id"], json!(conversation));
    assert_eq!(holds.as_array().expect("holds").len(), 1);
}

#[tokio::test]
async fn nothing_is_carried_out_for_somebody_who_was_not_verified() {
    let world = World::new().await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let [ada, eve] = [world.visitor().await, world.visitor().await];
    for visitor in [&ada, &eve] {
        super::stage::conversation(visitor, 1).await;
    }
    let case = open(&officer, "erasure", "gdpr").await;
    changed(&officer, &case, json!({ "subject_id": ada.subject })).await;
    let erase = async |subject: &str| {
        let request = Request::new("DELETE", &format!("/v1/subjects/{subject}"))
            .header("idempotency-key", fresh_key())
            .header("sotto-case", case["id"].as_str().expect("an id"))
            .json(&json!({ "basis": "gdpr_17" }));
        officer.send(request).await
    };
    assert_eq!(erase(&ada.subject).await.refusal(), (409, "conflict".to_owned()));
    changed(&officer, &case, json!({ "state": "verified" })).await;
    // The verification of one person does not count for another.
    let other = changed(&officer, &case, json!({ "subject_id": eve.subject })).await;
    assert_eq!(other["state"], "open");
    assert_eq!(erase(&eve.subject).await.refusal(), (409, "conflict".to_owned()));
    changed(&officer, &case, json!({ "state": "verified" })).await;
    assert_eq!(erase(&ada.subject).await.refusal(), (409, "conflict".to_owned()));
    assert_eq!(erase(&eve.subject).await.status, 200);
    assert_eq!(officer.get(&path(&case)).await.json()["state"], "done");
}

/// A case whose erasure waits for a hold, and that hold.
async fn waiting(world: &World, officer: &Staff, subject: &str) -> (Value, Value) {
    let body = json!({ "subject_id": subject, "reason": "A court has asked for it" });
    let hold = officer.post("/v1/holds", &body).await.json();
    let id = SubjectId::parse(subject).expect("a subject");
    let case = verified(officer, "erasure", "gdpr", id).await;
    let request = Request::new("DELETE", &format!("/v1/subjects/{subject}"))
        .header("idempotency-key", fresh_key())
        .header("sotto-case", case["id"].as_str().expect("an id"))
        .json(&json!({ "basis": "gdpr_17" }));
    assert_eq!(officer.send(request).await.code(), "legal_hold");
    assert_eq!(officer.get(&path(&case)).await.json()["state"], "waiting");
    world.advance_seconds(1);
    (case, hold)
}

#[tokio::test]
async fn a_refused_erasure_is_not_carried_out_when_the_hold_ends() {
    let world = World::new().await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let visitor = world.visitor().await;
    let conversation = super::stage::conversation(&visitor, 1).await;
    let (case, hold) = waiting(&world, &officer, &visitor.subject).await;
    changed(&officer, &case, json!({ "state": "refused" })).await;
    let release = json!({ "id": hold["id"], "reason": "The court has decided" });
    let released = super::stage::delete(&officer, "/v1/holds", &release).await;
    assert_eq!(released.json()["items"][0]["release_reason"], "The court has decided");
    world.sweep().await;
    assert_eq!(visitor.transcript(&conversation).await.len(), 2, "nothing is destroyed");

    // An officer cannot refuse an erasure that the subject has requested themselves.
    let (case, _) = waiting(&world, &officer, &visitor.subject).await;
    assert_eq!(super::stage::erase_me(&visitor, &fresh_key()).await.code(), "legal_hold");
    assert_eq!(
        refused(&officer, &case, json!({ "state": "refused" })).await,
        (409, "conflict".to_owned())
    );
    assert_eq!(officer.get(&path(&case)).await.json()["state"], "waiting");
}

#[tokio::test]
async fn what_waits_for_a_hold_is_not_late_once_that_was_told() {
    let world = World::new().await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let visitor = world.visitor().await;
    super::stage::conversation(&visitor, 1).await;
    let (case, _) = waiting(&world, &officer, &visitor.subject).await;
    let officer = later(&world, &officer, 40).await;
    let due = async || world.sweep().await.requests_due;
    assert_eq!(officer.get(&path(&case)).await.json()["overdue"], true);
    assert_eq!(due().await, 1);
    let told = changed(&officer, &case, json!({ "told_of_hold": true })).await;
    assert!(told["told_of_hold_at"].is_string(), "{told}");
    assert_eq!((told["overdue"].clone(), due().await), (json!(false), 0));
    let words: Vec<_> = log(&officer, &case).await.into_iter().map(|(what, _)| what).collect();
    assert_eq!(words, ["opened", "subject_set", "verified", "waiting", "told_of_hold"]);
}
