//! All that is held about a subject, given to them or to the officer who answers them.

mod form;
mod page;
mod parts;

use std::time::Duration;

use serde_json::{Value, json};
use shared::access::permit::{Purpose, ReadPermit, SubjectRef};
use shared::access::token::{self, Visitor as Identified};
use shared::http::staff::KnowsStaff;
use shared::ids::{ConversationId, StaffId, SubjectId};
use shared::store::body::{Agent, Body, Claim, Release, Target, Why, Words};
use shared::store::claim::AtDesk;
use shared::store::inbox::Inbox;
use shared::store::log::{Appended, Draft};
use shared::store::state::Status;
use shared::values::role::Role;
use shared::values::site::Site;
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::stage::{
    DAY, REASON, conversation, erase_me, id_of, items_of, leave_contact, officer, with_reason,
};

/// A question that the shipped knowledge base answers with an entry.
const QUESTION: &str = "where is my parcel?";
const ME: &str = "/v1/me/export";

/// The visitor's own.
async fn mine(visitor: &Visitor) -> Value {
    let response = visitor.get(ME).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("content-type"), "application/json");
    response.json()
}

/// The staff's.
async fn theirs(officer: &Staff, subject: &str) -> Response {
    let request = Request::new("POST", &format!("/v1/subjects/{subject}/export"));
    officer.send(with_reason(request)).await
}

/// A visitor whom the site's server has named.
async fn customer(world: &World) -> Visitor {
    let store = &world.app.store;
    let customer =
        Box::pin(store.find_customer(Site::SHIPPED, "customer 7")).await.expect("a customer");
    let until = world.clock.now_ms() + 600_000;
    Box::pin(store.admit_customer(&customer, "proof 1", until)).await.expect("they are let in");
    let subject = customer.subject;
    let who = Identified::guest(subject, Site::SHIPPED, world.clock.now_seconds());
    let keys = world.app.keys.get().await.expect("the keys");
    let token = token::issue(&keys.visitors, &world.clock, "world", &who, i64::MAX);
    let token = token.expect("a token").token;
    Visitor { api: world.api(), token, subject: subject.to_string(), key: None }
}

/// Somebody of the staff reads something of a subject.
async fn read_by(
    world: &World,
    reader: &Staff,
    (purpose, words): (&str, Option<&str>),
    what: SubjectRef,
) {
    let app = &world.retention;
    let keys = app.staff_keys().get().await.expect("the keys");
    let staff = shared::access::staff::verify(&keys, &world.clock, "world", &reader.token);
    let staff = staff.expect("one of the staff");
    let why = Purpose::read(Some(purpose), words).expect("a purpose");
    let who = (staff.id, Role::Privacy);
    ReadPermit::issue(&app.store, &app.events, who, &why, what).await.expect("it is told");
}

fn subject_of(visitor: &Visitor) -> SubjectId {
    SubjectId::parse(&visitor.subject).expect("a subject")
}

/// A conversation in which everything happens that can happen.
async fn full_conversation(world: &World, visitor: &Visitor) -> String {
    let ok = |response: &Response, status: u16| {
        assert_eq!(response.status, status, "{}", response.json());
        world.clock.advance(Duration::from_secs(1));
    };
    world.somebody_is_there().await;
    let path = visitor.open().await;
    world.clock.advance(Duration::from_secs(1));
    ok(&visitor.say(&path, QUESTION).await, 201);
    let reason = json!({ "reason": "I would rather\nspeak to somebody" });
    ok(&visitor.post(&format!("{path}/handover"), &reason).await, 202);
    ok(&visitor.say(&path, "Is there anybody?").await, 201);
    leave_contact(visitor, &path, "ada@example.org").await;
    world.clock.advance(Duration::from_secs(1));
    let rating = json!({ "score": 2, "comment": "It took \"long\"" });
    ok(&visitor.post(&format!("{path}/rating"), &rating).await, 204);
    ok(&visitor.post(&format!("{path}/rating"), &json!({ "score": 4 })).await, 204);
    ok(&visitor.send(Request::new("POST", &format!("{path}/close"))).await, 200);
    path
}

/// A conversation that an agent took, noted something on and gave back, and whose visitor said that an
/// answer helped.
async fn attended_conversation(world: &World, visitor: &Visitor) {
    let path = visitor.open().await;
    let said = visitor.say(&path, QUESTION).await.json();
    let helped = json!({ "message_id": said["reply"]["id"], "helpful": true });
    assert_eq!(visitor.post(&format!("{path}/feedback"), &helped).await.status, 204);
    let id = ConversationId::parse(&id_of(&path)).expect("an id");
    let agent =
        Agent { id: StaffId::generate(&world.clock).expect("randomness"), name: "Anna".to_owned() };
    let store = &world.desk.store;
    let words = || Words { agent: agent.clone(), text: "a regular".to_owned() };
    let claim = Claim { agent: agent.clone(), note: None, transferred_by: None };
    let release = Release { to: Target::Bot, why: Why::Released };
    for (body, status) in [
        (Body::Claimed(claim), Status::WithAgent),
        (Body::Annotated(words()), Status::WithAgent),
        (Body::AgentMessage(words()), Status::WithAgent),
        (Body::Released(release), Status::Open),
    ] {
        let AtDesk::Held(held) = store.at_desk(id).await.expect("it is read") else {
            panic!("it is there")
        };
        let state = held.tail.state.at(world.clock.now_ms()).with_status(status);
        let draft = Draft { body, state, idempotency: None, inbox: Inbox::Left, asked: None };
        let appended = store.append(&held.conversation, &held.tail, &draft).await;
        assert!(matches!(appended, Ok(Appended::Stored(..))));
    }
}

/// A time, so many seconds after the world began.
fn at(seconds: i64) -> String {
    shared::clock::rfc3339(tests::world::BEGINNING_MS + seconds * 1_000)
}

#[tokio::test]
async fn everything_is_in_it() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let begun = (world.clock.now_ms() - tests::world::BEGINNING_MS) / 1_000;
    let visitor = customer(&world).await;
    let path = full_conversation(&world, &visitor).await;
    let second = visitor.open_in("de").await;
    assert_eq!(visitor.say(&second, "Agent bitte").await.status, 201);
    let subject = subject_of(&visitor);
    let first = ConversationId::parse(&id_of(&path)).expect("an id");
    let why = ("quality", Some("Sample of the week 45"));
    read_by(&world, &officer, why, SubjectRef::Conversation(subject, first)).await;

    let export = mine(&visitor).await;
    let reply = visitor.transcript(&path).await.remove(1).1;
    let said = visitor.transcript(&second).await;
    let month = 30 * 24 * 60 * 60;
    assert_eq!(
        export,
        json!({
            "schema": "urn:sotto:export:1",
            "generated_at": at(begun + 8),
            "subject_id": visitor.subject,
            "site": "default",
            "customer": { "verified": true },
            "sessions_ended_at": null,
            "lead": {
                "name": "Ada", "email": "ada@example.org", "phone": null,
                "left_at": at(begun + 4), "expires_at": at(begun + 4 + 6 * month),
            },
            "conversations": [
                {
                    "id": id_of(&path), "status": "closed", "created_at": at(begun),
                    "expires_at": at(begun + month), "held": false, "integrity": "ok",
                    "consent": {
                        "notice_version": "2026-11", "purposes": ["support"], "locale": "en",
                    },
                    "events": [
                        { "kind": "message", "at": at(begun + 1), "author": "visitor", "text": QUESTION },
                        {
                            "kind": "message", "at": at(begun + 1), "author": "bot", "text": reply,
                            "sources": export["conversations"][0]["events"][1]["sources"],
                        },
                        {
                            "kind": "handover", "at": at(begun + 2),
                            "reason": "I would rather\nspeak to somebody",
                        },
                        {
                            "kind": "message", "at": at(begun + 3), "author": "visitor",
                            "text": "Is there anybody?",
                        },
                        { "kind": "contact_left", "at": at(begun + 4) },
                        {
                            "kind": "rated", "at": at(begun + 5), "score": 2,
                            "comment": "It took \"long\"",
                        },
                        { "kind": "rated", "at": at(begun + 6), "score": 4, "comment": null },
                        { "kind": "closed", "at": at(begun + 7) },
                    ],
                },
                {
                    "id": id_of(&second), "status": "waiting", "created_at": at(begun + 8),
                    "expires_at": at(begun + 8 + month), "held": false, "integrity": "ok",
                    "consent": {
                        "notice_version": "2026-11", "purposes": ["support"], "locale": "de",
                    },
                    "events": [
                        {
                            "kind": "message", "at": at(begun + 8), "author": "visitor",
                            "text": "Agent bitte",
                        },
                        {
                            "kind": "message", "at": at(begun + 8), "author": "bot",
                            "text": said[1].1, "sources": [],
                        },
                    ],
                },
            ],
            "reads": [{
                "at": at(begun + 8), "by_role": "privacy", "purpose": "quality",
                "reason": "Sample of the week 45", "conversation_id": id_of(&path),
            }],
            "next_cursor": null,
        })
    );
    let sources = export["conversations"][0]["events"][1]["sources"].as_array().expect("sources");
    assert!(sources.len() == 1 && sources[0]["id"].is_string(), "the entry is named: {sources:?}");

    // The officer gets the same, and it is told that they did, to the visitor as well.
    world.advance_seconds(1);
    let given = theirs(&officer, &visitor.subject).await;
    assert_eq!(given.status, 200, "{}", given.json());
    let mut expected = export;
    expected["generated_at"] = json!(at(begun + 9));
    let read = json!({
        "at": at(begun + 9), "by_role": "privacy", "purpose": "subject_request",
        "reason": REASON, "conversation_id": null,
    });
    expected["reads"].as_array_mut().expect("reads").push(read);
    assert_eq!(given.json(), expected);
    assert_eq!(mine(&visitor).await, expected);
    let told = items_of(&world, "events", &visitor.subject).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["w"].as_s().expect("a word"), "subject_exported");
}

#[tokio::test]
async fn who_has_left_nothing_is_told_so_and_the_staff_find_nobody() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    let export = mine(&visitor).await;
    assert_eq!((&export["customer"], &export["lead"]), (&Value::Null, &Value::Null));
    assert_eq!((&export["conversations"], &export["reads"]), (&json!([]), &json!([])));
    let stranger = "00000000-0000-7000-8000-000000000000";
    for subject in [&*visitor.subject, stranger, "me", "%20"] {
        let refused = theirs(&officer, subject).await;
        assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{subject}");
    }
    assert_eq!(items_of(&world, "ledger", &visitor.subject).await.len(), 0, "nothing was read");
}

#[tokio::test]
async fn nothing_of_another_subject_is_in_it() {
    let world = World::new().await;
    let (ada, bob) = (world.visitor().await, world.visitor().await);
    full_conversation(&world, &ada).await;
    let path = conversation(&bob, 2).await;
    let export = mine(&bob).await;
    assert!(export["lead"].is_null());
    let conversations = export["conversations"].as_array().expect("conversations");
    let ids: Vec<_> = conversations.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [json!(id_of(&path))]);
}

#[tokio::test]
async fn what_was_erased_is_in_none() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    full_conversation(&world, &visitor).await;
    // Both functions have its key in memory from here on.
    mine(&visitor).await;
    assert_eq!(theirs(&officer, &visitor.subject).await.status, 200);
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let gone = (410, "erased".to_owned());
    assert_eq!(visitor.get(ME).await.refusal(), gone);
    assert_eq!(theirs(&officer, &visitor.subject).await.refusal(), gone);
}

#[tokio::test]
async fn what_has_ended_is_not_in_it() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let old = conversation(&visitor, 1).await;
    leave_contact(&visitor, &old, "ada@example.org").await;
    world.advance_seconds(20 * DAY);
    let visitor = visitor.returned().await;
    let young = conversation(&visitor, 1).await;
    assert_eq!(mine(&visitor).await["conversations"].as_array().map(Vec::len), Some(2));
    assert_eq!(mine(&visitor).await["conversations"][0]["status"], "closed", "by the clock");

    world.advance_seconds(10 * DAY);
    let visitor = visitor.returned().await;
    let export = mine(&visitor).await;
    assert_eq!(export["conversations"].as_array().map(Vec::len), Some(1));
    assert_eq!(export["conversations"][0]["id"], json!(id_of(&young)));
    assert_eq!(export["lead"]["email"], "ada@example.org", "a contact is kept longer");

    // With the last conversation the session ends, so its last token is given before.
    world.advance_seconds(20 * DAY - 1);
    let visitor = visitor.returned().await;
    world.advance_seconds(1);
    let export = mine(&visitor).await;
    assert_eq!(export["conversations"], json!([]));
    assert_eq!(export["lead"]["email"], "ada@example.org", "a contact is kept longer");
}

#[tokio::test]
async fn what_was_taken_out_is_noticed_in_its_conversation() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 3).await;
    world.advance_seconds(1);
    conversation(&visitor, 1).await;
    let items = items_of(&world, "conversations", &id_of(&path)).await;
    let third = items.into_iter().find(|item| item["s"].as_n().is_ok_and(|seq| seq == "3"));
    let third = third.expect("an event");
    let dynamo = world.dynamo();
    let delete = dynamo.delete_item().table_name("world-conversations");
    let delete = delete.key("c", third["c"].clone()).key("s", third["s"].clone());
    delete.send().await.expect("it is deleted");

    let export = mine(&visitor).await;
    let integrity = |at: usize| export["conversations"][at]["integrity"].clone();
    assert_eq!((integrity(0), integrity(1)), (json!("broken"), json!("ok")));
    assert_eq!(export["conversations"][0]["events"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_case_is_named_by_its_id_and_nothing_else_is_said() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let path = format!("/v1/subjects/{}/export", visitor.subject);
    let request = || Request::new("POST", &path);
    let body = json!({ "kind": "access", "law": "gdpr" });
    let opened = officer.post("/v1/cases", &body).await.json();
    let case = opened["id"].as_str().expect("an id");
    let early = officer.send(request().header("sotto-case", case)).await;
    assert_eq!(early.refusal(), (409, "conflict".to_owned()), "nobody was verified");
    let known = json!({ "subject_id": visitor.subject, "state": "verified" });
    assert_eq!(officer.patch(&format!("/v1/cases/{case}"), &known).await.status, 200);
    let unknown = "01890000-0000-7000-8000-000000000000";
    for (request, answer) in [
        (request().header("sotto-case", case), (200, "")),
        (with_reason(request()).json(&json!({})), (200, "")),
        (with_reason(request()).bytes("application/json", " "), (200, "")),
        (request(), (403, "purpose_required")),
        (request().header("sotto-purpose", "legal"), (403, "purpose_required")),
        (request().header("sotto-purpose", "support"), (403, "purpose_required")),
        (request().header("sotto-reason", REASON), (403, "purpose_required")),
        (request().header("sotto-case", "7"), (422, "invalid")),
        (request().header("sotto-case", unknown), (422, "invalid")),
        (request().json(&json!({ "subject_id": visitor.subject })), (400, "unknown_field")),
        (request().bytes("application/json", "{"), (400, "malformed_json")),
        (request().bytes("text/plain", "{}"), (415, "unsupported_media_type")),
    ] {
        let given = officer.send(request).await;
        assert_eq!(given.refusal(), (answer.0, answer.1.to_owned()), "{}", given.json());
    }
    let refused = officer.send(request().header("sotto-case", "7")).await.json();
    assert_eq!(refused["errors"][0]["pointer"], "/headers/sotto-case");
    assert_eq!(officer.get(&format!("/v1/cases/{case}")).await.json()["state"], "done");
    assert_eq!(items_of(&world, "events", &visitor.subject).await.len(), 3, "one a reading");
}

#[tokio::test]
async fn nothing_is_given_out_that_cannot_be_told() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let dynamo = world.dynamo();
    dynamo.delete_table().table_name("world-events").send().await.expect("the table is gone");
    let refused = theirs(&officer, &visitor.subject).await;
    assert!(refused.status >= 500, "{}", refused.json());
    let ledger = dynamo.scan().table_name("world-ledger").send().await.expect("a scan");
    assert!(!ledger.items().iter().any(|item| item.contains_key("d")), "nor is it told elsewhere");
    assert_eq!(visitor.get(ME).await.status, 200, "the visitor's own is no reading by the staff");
}
