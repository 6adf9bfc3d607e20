//! Erasures in a crowd: of nothing, of very much, and of many at once.

use std::sync::Arc;

use local::aws::Service;
use serde_json::json;
use shared::ids::SubjectId;
use shared::store::attributes::Item;
use shared::store::body::Consent;
use shared::store::conversation::Opened;
use shared::store::erasure::{Erasure, OfNothing, Request, idempotency};
use shared::store::ledger::Basis;
use shared::store::session::Session;
use shared::values::site::Site;
use tests::api::{self, Api};
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::stage::{conversation, erase_me, id_of, items_of, leave_contact, officer};

/// The items that all erasures share, and what an erasure leaves in the ledger.
async fn ledger_of(world: &World) -> Vec<(String, Item)> {
    let is_shared = |item: &Item| {
        let nobody = [0; 16];
        let key = ["u", "c"].iter().any(|name| {
            item.get(*name)
                .and_then(|value| value.as_b().ok())
                .is_some_and(|b| b.as_ref() == nobody)
        });
        key || item.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| !p.starts_with("receipt#")))
    };
    let mut items = world.all_items().await;
    items.retain(|(table, item)| !table.ends_with("events") && is_shared(item));
    items.sort_by_key(|(table, item)| {
        (table.clone(), format!("{:?}{:?}", item.get("k"), item.get("p")))
    });
    items
}

#[tokio::test]
async fn an_erasure_of_nothing_takes_nothing_that_others_share() {
    let world = World::new().await;
    let before = ledger_of(&world).await;
    let visitor = world.visitor().await;
    let key = fresh_key();
    let response = erase_me(&visitor, &key).await;
    assert_eq!(response.status, 200, "{}", response.json());
    let receipt = response.json();
    assert_eq!(receipt["subject_id"], json!(visitor.subject));
    assert_eq!((&receipt["conversations"], &receipt["keys_destroyed"]), (&json!(0), &json!(0)));
    assert_eq!(ledger_of(&world).await, before, "no number, no head, no position");
    let ours: Vec<_> = ["keys", "ledger"].map(|table| (table, visitor.subject.clone())).into();
    for (table, id) in ours {
        let items = items_of(&world, table, &id).await;
        assert_eq!(items.len(), 1, "{table}");
        let end: i64 = items[0]["expires_at"].as_n().expect("an end").parse().expect("a number");
        assert_eq!(end, world.clock.now_seconds() + 86_400, "{table}: a day");
    }

    // It is found, verified and given again like any other.
    let staff = world.staff_api();
    let path = format!("/v1/receipts/{}", receipt["id"].as_str().expect("an id"));
    assert_eq!(staff.send(&api::Request::new("GET", &path)).await.json(), receipt);
    let verify = api::Request::new("POST", "/v1/receipts/verify").json(&receipt);
    assert_eq!(staff.send(&verify).await.json(), json!({ "valid": true }));
    let again = erase_me(&visitor, &key).await;
    assert_eq!((again.json(), &*again.headers["idempotent-replayed"]), (receipt.clone(), "true"));
    let other = erase_me(&visitor, &fresh_key()).await;
    assert_eq!(other.json(), receipt);
    assert!(!other.headers.contains_key("idempotent-replayed"));
    assert_eq!(visitor.post("/v1/conversations", &consent()).await.code(), "erased");

    world.advance_seconds(121);
    let swept = world.sweep().await;
    assert_eq!((swept.erasures, swept.oldest_erasure_seconds), (0, 0));
}

fn consent() -> serde_json::Value {
    json!({ "consent": { "notice_version": "2026-11", "purposes": ["support"] } })
}

#[tokio::test]
async fn what_is_stored_while_nothing_is_erased_is_erased_or_refused() {
    let world = World::new().await;
    for _ in 0..20 {
        let visitor = world.visitor().await;
        let other = Api::Events(intake::router(world.another_function()));
        let there = Visitor { api: other, ..visitor.clone() };
        let (key, consent) = (fresh_key(), consent());
        let (erased, opened) =
            tokio::join!(erase_me(&visitor, &key), there.post("/v1/conversations", &consent));
        assert_eq!(erased.status, 200, "{}", erased.json());
        let rows = items_of(&world, "keys", &visitor.subject).await;
        let with_key = rows.iter().filter(|row| row.contains_key("w")).count();
        assert_eq!(with_key, 0, "opened: {}, receipt: {}", opened.status, erased.json());
        let counted = erased.json()["conversations"].clone();
        assert_eq!(counted, json!(u64::from(opened.status == 201)), "{}", opened.json());
    }
}

#[tokio::test]
async fn what_is_opened_while_a_subject_is_erased_is_counted_or_refused() {
    let world = World::new().await;
    let (mut counted, mut refused) = (0, 0);
    for turn in 0..25_u64 {
        let visitor = world.visitor().await;
        conversation(&visitor, 1).await;
        let other = Api::Events(intake::router(world.another_function()));
        let there = Visitor { api: other, ..visitor.clone() };
        let (key, consent) = (fresh_key(), consent());
        let open = async {
            // In another moment each time.
            for _ in 0..turn {
                tokio::task::yield_now().await;
            }
            there.post("/v1/conversations", &consent).await
        };
        let (erased, opened) = tokio::join!(erase_me(&visitor, &key), open);
        let receipt = erased.json();
        let rows = items_of(&world, "keys", &visitor.subject).await;
        let destroyed = rows.iter().filter(|row| row.contains_key("p") && !row.contains_key("w"));
        assert_eq!(receipt["keys_destroyed"], json!(destroyed.count()), "{receipt}");
        assert!(rows.iter().all(|row| !row.contains_key("w")), "{rows:?}");
        if opened.status == 201 { counted += 1 } else { refused += 1 }
    }
    assert_eq!(counted + refused, 25);
}

/// By the store, since sealing many requests at once on a busy machine takes longer than a caller waits.
#[tokio::test]
async fn erasures_that_meet_are_all_carried_out() {
    let world = World::new().await;
    let mut erasing = tokio::task::JoinSet::new();
    let mut requests = Vec::new();
    for _ in 0..8 {
        let visitor = world.visitor().await;
        visitor.open().await;
        requests.push(Request {
            subject: SubjectId::parse(&visitor.subject).expect("an id"),
            site: Site::SHIPPED,
            basis: Basis::Gdpr17,
            requested_ms: world.clock.now_ms(),
            idempotency: idempotency("key", "me"),
            of_nothing: OfNothing::Passing,
        });
    }
    for request in requests {
        let (store, events) = (Arc::clone(&world.app.store), world.app.events.clone());
        erasing.spawn(async move { store.erase(&request, (&events, None)).await });
    }
    for erased in erasing.join_all().await {
        assert!(matches!(erased, Ok(Erasure::Done(_))), "{erased:?}");
    }
    let positions = Box::pin(world.retention.store.positions()).await.expect("positions");
    assert_eq!((positions.head, positions.behind), (8, 8));
}

#[tokio::test]
async fn a_contact_and_a_customer_are_gone_with_the_answer() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let subject = visitor.subject.clone();
    assert_eq!(items_of(&world, "profiles", &subject).await.len(), 1);
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let left = items_of(&world, "profiles", &subject).await;
    let mut names: Vec<_> = left.iter().flat_map(Item::keys).map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["expires_at", "k", "u"], "before any sweep");
    let officer = officer(&world).await;
    let search = json!({ "email": "ada@example.org" });
    assert_eq!(officer.post("/v1/subjects/search", &search).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_hundred_conversations_is_a_hundred_however_many_are_opened_at_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    for _ in 0..95 {
        visitor.open().await;
    }
    let subject = SubjectId::parse(&visitor.subject).expect("an id");
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&world.app.store);
        let (locale, notice_version) = ("en".to_owned(), "1".to_owned());
        let consent = Consent { locale, notice_version, purposes: vec!["support".to_owned()] };
        let session = Session::of_guest(world.clock.now_seconds());
        opening.spawn(async move {
            let whose = (subject, &session);
            store.open_conversation(Site::SHIPPED, whose, 0, consent).await.expect("an answer")
        });
    }
    let opened = opening.join_all().await;
    let there = opened.iter().filter(|opened| matches!(opened, Opened::New(_))).count();
    let full = opened.iter().filter(|opened| matches!(opened, Opened::Full)).count();
    assert_eq!((there, full), (5, 3));
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert_eq!(rows.iter().filter(|row| row.contains_key("w")).count(), 100);
    // The row by which they see each other ends soon, and is no obstacle once it has.
    world.advance_seconds(3_601);
    world.aws.sweep_ttl().expect("the TTL runs");
    assert_eq!(visitor.post("/v1/conversations", &consent()).await.code(), "rate_limited");
    let before = world.aws.counts();
    let other = world.visitor().await;
    other.open().await;
    let counted = world.aws.counts().since(&before);
    assert_eq!(counted.of(Service::DynamoDb, "TransactWriteItems"), 1, "an opening is one write");
}

/// Somebody who asks for the erasure of very much, and very many who ask for little.
#[tokio::test]
async fn what_is_small_does_not_wait_for_what_is_large() {
    let world = World::new().await;
    let large = world.visitor().await;
    let path = large.open().await;
    let said = |_| ("a".repeat(40), "b".repeat(40));
    world.exchange_many(&large, &path, 300, said).await;
    assert_eq!(erase_me(&large, &fresh_key()).await.status, 200);
    let small = world.visitor().await;
    let theirs = conversation(&small, 2).await;
    assert_eq!(erase_me(&small, &fresh_key()).await.status, 200);
    world.advance_seconds(121);
    // A step of a few items, and no time for more than one of each.
    let budget = retention::sweep::Budget { until_ms: 0, step: 4 };
    retention::sweep::run_within(&world.sweeper(), budget).await.expect("a run");
    retention::sweep::run_within(&world.sweeper(), budget).await.expect("a run");
    assert_eq!(items_of(&world, "conversations", &id_of(&theirs)).await.len(), 0);
    assert!(!items_of(&world, "conversations", &id_of(&path)).await.is_empty());
    let swept = world.sweep().await;
    assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
    assert_eq!(swept.oldest_erasure_seconds, 0);
}

#[tokio::test]
async fn more_erasures_than_a_step_are_finished_in_one_sweep_and_their_age_is_told() {
    let world = World::new().await;
    let mut paths = Vec::new();
    for _ in 0..60 {
        let visitor = world.visitor().await;
        paths.push(conversation(&visitor, 1).await);
        assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    }
    let swept = world.sweep().await;
    assert_eq!((swept.erasures, swept.oldest_erasure_seconds), (0, 0), "not yet quiet");
    world.advance_seconds(300);
    let none = retention::sweep::Budget { until_ms: 0, step: 10 };
    let swept = retention::sweep::run_within(&world.sweeper(), none).await.expect("a run");
    assert!(swept.erasures <= 10, "{swept:?}");
    assert_eq!(swept.oldest_erasure_seconds, 300);
    assert_eq!(world.sweep().await.oldest_erasure_seconds, 0);
    for path in paths {
        assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
    }
    // The time of a run is what a deadline leaves of it.
    let now_ms = world.clock.now_ms();
    let deadline = u64::try_from(now_ms + 120_000).expect("a time");
    assert_eq!(retention::sweep::Budget::until(now_ms, deadline).until_ms, now_ms + 100_000);
    for unlikely in [0, 1, u64::MAX, deadline + 3_600_000] {
        let budget = retention::sweep::Budget::until(now_ms, unlikely);
        assert_eq!(budget.until_ms, now_ms + 90_000, "{unlikely}");
    }
}

#[tokio::test]
async fn a_damaged_row_of_a_queue_does_not_stop_the_others() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    for partition in ["unfinished", "purge", "waiting"] {
        let put = world.dynamo().put_item().table_name("world-ledger");
        put.item("p", text(partition)).item("k", text("0")).send().await.expect("put");
    }
    world.advance_seconds(121);
    let swept = world.sweep().await;
    assert_eq!((swept.erasures, swept.damaged), (1, 3));
    assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
}
