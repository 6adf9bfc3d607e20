//! An erasure that no case asks for: one officer asks, another approves, or the same one after a day.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::middleware::map_response;
use serde_json::{Value, json};
use shared::http::metrics::Noted;
use tests::api::{Api, Request};
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::stage::{DAY, REASON, ask_for_erasure, conversation, delete, id_of, with_reason};

async fn officers(world: &World) -> (Staff, Staff) {
    let admin = world.admin().await;
    let asks = world.member(&admin, "asks@example.org", &["privacy"]).await;
    let approves = world.member(&admin, "approves@example.org", &["privacy"]).await;
    (asks, approves)
}

async fn asked(officer: &Staff, subject: &str) -> Value {
    let response = ask_for_erasure(officer, subject, &fresh_key()).await;
    assert_eq!(response.status, 202, "{}", response.json());
    response.json()
}

fn path(asked: &Value) -> String {
    format!("/v1/erasures/{}", asked["id"].as_str().expect("an id"))
}

fn approve(asked: &Value) -> Request {
    Request::new("POST", &format!("{}/approve", path(asked)))
}

async fn chatted(world: &World) -> (Visitor, String) {
    let visitor = world.visitor().await;
    let conversation = conversation(&visitor, 1).await;
    (visitor, conversation)
}

#[tokio::test]
async fn another_officer_approves_it_and_nothing_is_destroyed_before() {
    let world = World::new().await;
    let (asks, approves) = officers(&world).await;
    let (visitor, conversation) = chatted(&world).await;
    let key = fresh_key();
    let first = ask_for_erasure(&asks, &visitor.subject, &key).await;
    assert_eq!(first.status, 202, "{}", first.json());
    let waiting = first.json();
    assert_eq!(waiting["status"], "awaiting_approval");
    assert_eq!(waiting["reason"], REASON);
    assert_eq!(ask_for_erasure(&asks, &visitor.subject, &key).await.json(), waiting, "asked once");
    let listed = approves.get("/v1/erasures").await.json();
    assert_eq!(listed["items"], json!([waiting]));
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
    let early = asks.send(approve(&waiting)).await;
    assert_eq!(early.refusal(), (403, "forbidden".to_owned()));
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);

    let receipt = approves.send(approve(&waiting)).await;
    assert_eq!(receipt.status, 200, "{}", receipt.json());
    assert_eq!(receipt.json()["subject_id"], json!(visitor.subject));
    assert_eq!(visitor.get(&conversation).await.refusal(), (410, "erased".to_owned()));
    assert_eq!(approves.get("/v1/erasures").await.json()["items"], json!([]), "nothing waits");
    let again = approves.send(approve(&waiting)).await;
    assert_eq!((again.status, again.json()["id"].clone()), (200, receipt.json()["id"].clone()));
    let late = approves.delete(&path(&waiting)).await;
    assert_eq!(late.refusal(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn a_single_officer_waits_a_day() {
    let world = World::new().await;
    let (asks, _) = officers(&world).await;
    let (visitor, _) = chatted(&world).await;
    let waiting = asked(&asks, &visitor.subject).await;
    // A sign-in may wait for the next code, so it begins well before the day is over.
    world.advance_seconds(DAY - 120);
    let asks = asks.signed_in(&world).await;
    assert_eq!(asks.send(approve(&waiting)).await.code(), "forbidden");
    world.advance_seconds(120);
    let receipt = asks.send(approve(&waiting)).await;
    assert_eq!((receipt.status, receipt.json()["conversations"].clone()), (200, json!(1)));
}

/// Where there is one officer, others learn of it by an alarm: once, however often it is repeated.
#[tokio::test]
async fn asking_for_one_rings_an_alarm_once() {
    let world = World::new().await;
    let (asks, _) = officers(&world).await;
    let (visitor, _) = chatted(&world).await;
    let noted = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&noted);
    let listen = move |answer: axum::response::Response| {
        let metric = answer.extensions().get::<Noted>().map(|noted| noted.0.name());
        notes.lock().expect("a list").push(metric);
        std::future::ready(answer)
    };
    let router = retention::router(world.retention.clone()).layer(map_response(listen));
    let asks = Staff { api: Api::Events(router), ..asks };
    let key = fresh_key();
    for _ in 0..2 {
        assert_eq!(ask_for_erasure(&asks, &visitor.subject, &key).await.status, 202);
    }
    assert_eq!(*noted.lock().expect("a list"), [Some("ErasureAsked"), None]);
}

#[tokio::test]
async fn it_is_withdrawn_and_forgotten() {
    let world = World::new().await;
    let (asks, approves) = officers(&world).await;
    let (visitor, conversation) = chatted(&world).await;
    let waiting = asked(&asks, &visitor.subject).await;
    assert_eq!(asks.delete(&path(&waiting)).await.status, 204);
    for refused in [approves.send(approve(&waiting)).await, asks.delete(&path(&waiting)).await] {
        assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    }
    assert_eq!(approves.get("/v1/erasures").await.json()["items"], json!([]));
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
}

#[tokio::test]
async fn neither_a_case_nor_a_reason_is_no_way_in() {
    let world = World::new().await;
    let (asks, _) = officers(&world).await;
    let (visitor, conversation) = chatted(&world).await;
    let subject = format!("/v1/subjects/{}", visitor.subject);
    let bare = || {
        Request::new("DELETE", &subject)
            .header("idempotency-key", fresh_key())
            .json(&json!({ "basis": "other" }))
    };
    for request in [
        bare(),
        bare().header("sotto-purpose", "support"),
        bare().header("sotto-purpose", "legal"),
        bare().header("sotto-reason", REASON),
        bare().header("sotto-purpose", "legal").header("sotto-reason", "short"),
    ] {
        assert_eq!(asks.send(request).await.refusal(), (403, "purpose_required".to_owned()));
    }
    let nobody = ask_for_erasure(&asks, "01890000-0000-7000-8000-000000000000", "k").await;
    assert_eq!(nobody.refusal(), (404, "not_found".to_owned()));
    for id in ["01890000-0000-7000-8000-000000000000", "7", "me"] {
        let missing = Request::new("POST", &format!("/v1/erasures/{id}/approve"));
        assert_eq!(asks.send(missing).await.refusal(), (404, "not_found".to_owned()), "{id}");
    }
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
}

#[tokio::test]
async fn a_row_that_was_edited_in_the_database_erases_nobody() {
    let world = World::new().await;
    let (asks, approves) = officers(&world).await;
    let (ada, _) = chatted(&world).await;
    let (eve, kept) = chatted(&world).await;
    let (first, second) = (asked(&asks, &ada.subject).await, asked(&asks, &eve.subject).await);
    let items = world.all_items().await;
    let sealed = |asked: &Value| {
        let found = items.iter().find(|(_, item)| {
            item.get("k").is_some_and(|key| key.as_s().is_ok_and(|key| *key == asked["id"]))
        });
        found.expect("the row").1["v"].clone()
    };
    // The content of one row under the id of the other, and a changed byte.
    let mut changed = sealed(&first).as_b().expect("bytes").as_ref().to_vec();
    *changed.last_mut().expect("a byte") ^= 1;
    for forged in [sealed(&second), AttributeValue::B(Blob::new(changed))] {
        let put = world.dynamo().put_item().table_name("world-ledger");
        put.item("p", AttributeValue::S("asked".to_owned()))
            .item("k", AttributeValue::S(first["id"].as_str().expect("an id").to_owned()))
            .item("v", forged)
            .item("expires_at", AttributeValue::N("9999999999".to_owned()))
            .send()
            .await
            .expect("an intruder writes");
        let refused = approves.send(approve(&first)).await;
        assert!(refused.status >= 500, "{}", refused.json());
        assert_eq!(eve.transcript(&kept).await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_held_waits_for_the_hold() {
    let world = World::new().await;
    let (asks, approves) = officers(&world).await;
    let (visitor, conversation) = chatted(&world).await;
    let body = json!({ "subject_id": visitor.subject, "reason": "A court has asked for it" });
    let hold = asks.post("/v1/holds", &body).await.json();
    let waiting = asked(&asks, &visitor.subject).await;
    assert_eq!(approves.send(approve(&waiting)).await.refusal(), (409, "legal_hold".to_owned()));
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
    let release = json!({ "id": hold["id"], "reason": "The court has decided" });
    assert_eq!(delete(&asks, "/v1/holds", &release).await.status, 200);
    world.sweep().await;
    assert_eq!(visitor.get(&conversation).await.code(), "erased");
}

#[tokio::test]
async fn content_and_refusals_ask_for_a_second_factor_just_now() {
    let world = World::new().await;
    let (officer, _) = officers(&world).await;
    let (visitor, conversation) = chatted(&world).await;
    let case = officer.post("/v1/cases", &json!({ "kind": "access", "law": "gdpr" })).await.json();
    world.advance_seconds(6 * 60);
    let stale = officer;
    let transcript = Request::new("GET", &format!("/v1/transcripts/{}", id_of(&conversation)));
    let search =
        Request::new("POST", "/v1/subjects/search").json(&json!({ "subject_id": visitor.subject }));
    let case = format!("/v1/cases/{}", case["id"].as_str().expect("an id"));
    let refuse = Request::new("PATCH", &case).json(&json!({ "state": "refused" }));
    for request in [with_reason(transcript), search, refuse] {
        assert_eq!(stale.send(request).await.refusal(), (403, "step_up_required".to_owned()));
    }
    let confirm = Request::new("PATCH", &case).json(&json!({ "confirmed": true }));
    assert_ne!(stale.send(confirm).await.status, 403, "other changes ask for none");
}
