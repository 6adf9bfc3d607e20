//! Data under a legal hold is neither erased nor deleted, and goes when the hold does.

use serde_json::json;
use shared::ids::{HoldId, StaffId, SubjectId};
use shared::store::hold::{Hold, Placed, Rest};
use shared::values::site::Site;
use tests::api::Request;
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{
    DAY, conversation, delete, erase, erase_me, id_of, items_of, leave_contact, officer,
};

async fn hold(officer: &Staff, body: serde_json::Value) -> serde_json::Value {
    let placed = officer.post("/v1/holds", &body).await;
    assert_eq!(placed.status, 201, "{}", placed.json());
    placed.json()
}

#[tokio::test]
async fn a_held_subject_is_not_erased_until_the_hold_is_released() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 2).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let officer = officer(&world).await;
    let body = json!({ "subject_id": visitor.subject, "reason": "Litigation 7 of 2026" });
    let placed = hold(&officer, body).await;
    assert_eq!(placed["reason"], "Litigation 7 of 2026");
    assert_eq!(officer.get("/v1/holds").await.json()["items"][0]["id"], placed["id"]);

    for item in items_of(&world, "keys", &visitor.subject).await {
        assert!(!item.contains_key("expires_at") && !item.contains_key("x"), "{item:?}");
    }
    for item in items_of(&world, "conversations", &id_of(&path)).await {
        assert!(!item.contains_key("expires_at"), "{item:?}");
    }
    assert_eq!(visitor.transcript(&path).await.len(), 4, "the visitor reads on");
    assert_eq!(visitor.say(&path, "more").await.status, 201);
    let refused = erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await;
    assert_eq!((refused.status, &*refused.code()), (409, "legal_hold"));
    assert_eq!(erase_me(&visitor, &fresh_key()).await.code(), "legal_hold");
    world.sweep().await;
    assert_eq!(visitor.transcript(&path).await.len(), 6);

    let officer = officer.stepped_up(&world).await;
    let released = delete(&officer, "/v1/holds", &json!({ "id": placed["id"] })).await;
    assert_eq!(released.status, 200, "{}", released.json());
    assert!(released.json()["items"][0]["released_at"].is_string());
    assert_eq!(visitor.get(&path).await.code(), "erased", "it was asked for meanwhile");
    let receipt = erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await;
    assert_eq!(receipt.status, 200);
    assert_eq!(receipt.json()["keys_destroyed"], 2);
    assert_eq!(officer.get("/v1/holds").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_hold_on_one_conversation_does_not_freeze_the_person() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let held = conversation(&visitor, 1).await;
    let other = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    hold(&officer, json!({ "conversation_id": id_of(&held), "reason": "Asked by a court" })).await;

    let first = erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await;
    assert_eq!(first.status, 200, "{}", first.json());
    let kept = json!([{ "conversation_id": id_of(&held), "reason": "legal_hold" }]);
    assert_eq!(first.json()["kept"], kept);
    assert_eq!(first.json()["keys_destroyed"], 1);
    assert_eq!(visitor.get(&other).await.code(), "erased");
    world.advance_seconds(200);
    world.sweep().await;
    assert!(!items_of(&world, "conversations", &id_of(&held)).await.is_empty());

    let officer = officer.stepped_up(&world).await;
    let body = json!({ "conversation_id": id_of(&held) });
    assert_eq!(delete(&officer, "/v1/holds", &body).await.status, 200);
    assert_eq!(visitor.get(&held).await.code(), "erased");
    let path = format!("/v1/receipts/{}", first.json()["id"].as_str().expect("an id"));
    let receipt = officer.get(&path).await.json();
    assert_eq!((&receipt["kept"], &receipt["keys_destroyed"]), (&json!([]), &json!(2)));
    assert_eq!(receipt["messages"], 4);
    world.advance_seconds(200);
    world.sweep().await;
    assert!(items_of(&world, "conversations", &id_of(&held)).await.is_empty());
}

#[tokio::test]
async fn what_is_held_outlives_its_end_and_stays_seven_days_after() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let ends = shared::clock::rfc3339(world.clock.now_ms() + 40 * 86_400_000);
    let body = json!({
        "conversation_id": id_of(&path), "reason": "Until the hearing", "ends_at": ends,
    });
    hold(&officer, body).await;

    world.advance_seconds(31 * DAY);
    world.sweep().await;
    let row = items_of(&world, "keys", &visitor.subject).await.remove(0);
    assert!(row.contains_key("w") && row.contains_key("h"), "{row:?}");

    world.advance_seconds(10 * DAY);
    world.sweep().await;
    let row = items_of(&world, "keys", &visitor.subject).await.remove(0);
    assert!(row.contains_key("w") && row.contains_key("r") && row.contains_key("x"), "{row:?}");
    world.advance_seconds(200);
    world.sweep().await;
    for item in items_of(&world, "conversations", &id_of(&path)).await {
        assert!(item.contains_key("expires_at"), "{item:?}");
    }
    world.advance_seconds(8 * DAY);
    world.sweep().await;
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 0);
    world.sweep().await;
    assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
}

#[tokio::test]
async fn what_comes_later_of_a_held_subject_is_held() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    hold(&officer, json!({ "subject_id": visitor.subject, "reason": "All that comes" })).await;
    let later = conversation(&visitor, 1).await;
    leave_contact(&visitor, &later, "ada@example.org").await;
    for item in items_of(&world, "keys", &visitor.subject).await {
        assert!(item.contains_key("h") && !item.contains_key("expires_at"), "{item:?}");
    }
    for item in items_of(&world, "conversations", &id_of(&later)).await {
        assert!(!item.contains_key("expires_at"), "{item:?}");
    }
    assert_eq!(visitor.transcript(&later).await.len(), 2);
}

#[tokio::test]
async fn a_hold_on_what_is_gone_or_badly_asked_for_changes_nothing() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let before = world.all_items().await.len();
    let reason = "A good reason";
    let unknown = "01800000-0000-7000-8000-000000000000";
    for (body, code) in [
        (json!({ "conversation_id": unknown, "reason": reason }), "not_found"),
        (json!({ "conversation_id": "x", "reason": reason }), "not_found"),
        (json!({ "subject_id": unknown, "reason": reason }), "not_found"),
        (json!({ "reason": reason }), "invalid"),
        (json!({ "subject_id": unknown, "conversation_id": unknown, "reason": reason }), "invalid"),
        (json!({ "subject_id": visitor.subject, "reason": "short" }), "invalid"),
        (
            json!({ "subject_id": visitor.subject, "reason": reason, "review_at": "soon" }),
            "invalid",
        ),
        (
            json!({ "subject_id": visitor.subject, "reason": reason, "ends_at": "2020-01-01T00:00:00Z" }),
            "invalid",
        ),
    ] {
        assert_eq!(officer.post("/v1/holds", &body).await.code(), code, "{body}");
    }
    assert_eq!(world.all_items().await.len(), before + 1, "a branch key, and nothing else");
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let body = json!({ "conversation_id": id_of(&path), "reason": reason });
    assert_eq!(officer.post("/v1/holds", &body).await.code(), "erased");
    assert_eq!(delete(&officer, "/v1/holds", &json!({ "id": unknown })).await.code(), "not_found");
}

#[tokio::test]
async fn a_contact_is_held_with_its_subject_and_released_with_it() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let officer = officer(&world).await;
    let ends = shared::clock::rfc3339(world.clock.now_ms() + 10 * 86_400_000);
    let body = json!({ "subject_id": visitor.subject, "reason": "For ten days", "ends_at": ends });
    hold(&officer, body).await;
    let contact = items_of(&world, "profiles", &visitor.subject).await.remove(0);
    assert!(!contact.contains_key("expires_at"), "{contact:?}");
    world.advance_seconds(11 * DAY);
    world.sweep().await;
    for row in items_of(&world, "keys", &visitor.subject).await {
        assert!(!row.contains_key("h"), "{row:?}");
    }
    let contact = items_of(&world, "profiles", &visitor.subject).await.remove(0);
    assert!(contact.contains_key("expires_at"), "{contact:?}");
}

#[tokio::test]
async fn a_long_log_is_frozen_to_its_last_item() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 5).await;
    world.sweep().await;
    let officer = officer(&world).await;
    let app = &world.retention;
    let store = &app.store;
    let policy = store.settings.retention_policy(Site::SHIPPED).await.expect("a policy").policy;
    let id = HoldId::generate(&world.clock).expect("randomness");
    let reasons = store.settings.reasons(Site::SHIPPED).await.expect("reasons");
    let hold = Hold {
        id,
        subject: SubjectId::parse(&visitor.subject).expect("a subject"),
        conversation: None,
        site: Site::SHIPPED,
        reason: reasons.seal(&id.to_string(), "Of a long talk").expect("sealed"),
        placed_by: StaffId::parse(&officer.id).expect("an id"),
        placed_ms: world.clock.now_ms(),
        review_ms: world.clock.now_ms(),
        ends_ms: None,
        released: None,
        end_ms: 0,
        rest: Rest::Freeze,
    };
    let placed = store.place_hold(&app.events, &hold, &policy).await;
    assert_eq!(placed, Ok(Placed::Holding));
    let log = id_of(&path);
    let mortal = async || {
        let items = items_of(&world, "conversations", &log).await;
        items.iter().filter(|item| item.contains_key("expires_at")).count()
    };
    let mut left = vec![mortal().await];
    let budget = retention::sweep::Budget { until_ms: 0, step: 2 };
    while *left.last().expect("a number") > 0 {
        retention::sweep::run_within(&world.sweeper(), budget).await.expect("a run");
        left.push(mortal().await);
        assert!(left.len() < 10, "{left:?}");
    }
    // Two a run, from the first to the last.
    assert!(left.windows(2).all(|pair| pair[0] - pair[1] <= 2 && pair[0] > pair[1]), "{left:?}");
}

#[tokio::test]
async fn what_had_ended_before_a_hold_stays_so() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let ended = conversation(&visitor, 1).await;
    world.advance_seconds(15 * DAY);
    let visitor = visitor.returned().await;
    let live = conversation(&visitor, 1).await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let policy = json!({
        "transcript_days": 10, "lead_days": 180, "audit_days": 730, "conversation_max_days": 7,
    });
    let put = officer.send(Request::new("PUT", "/v1/retention/policy").json(&policy)).await;
    assert_eq!(put.status, 200, "{}", put.json());
    world.advance_seconds(1);
    hold(&officer, json!({ "subject_id": visitor.subject, "reason": "All that is there" })).await;
    for _ in 0..2 {
        world.sweep().await;
        let read = async |path: &str| {
            let request = Request::new("GET", &format!("/v1/transcripts/{}", id_of(path)))
                .header("sotto-purpose", "legal")
                .header("sotto-reason", "To see what is held");
            officer.send(request).await.status
        };
        assert_eq!((read(&ended).await, read(&live).await), (404, 200));
    }
    let held = items_of(&world, "keys", &visitor.subject).await;
    assert_eq!(held.iter().filter(|row| row.contains_key("w")).count(), 1, "{held:?}");
}

#[tokio::test]
async fn a_held_contact_is_not_written_over() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let officer = officer(&world).await;
    hold(&officer, json!({ "subject_id": visitor.subject, "reason": "The address counts" })).await;
    let before = items_of(&world, "profiles", &visitor.subject).await;
    let body = json!({ "name": "Eve", "email": "eve@example.org", "phone": null, "consent": true });
    let refused = visitor.post(&format!("{path}/lead"), &body).await;
    assert_eq!(refused.refusal(), (409, "legal_hold".to_owned()));
    assert_eq!(items_of(&world, "profiles", &visitor.subject).await, before);
}

#[tokio::test]
async fn what_an_erasure_has_kept_may_be_held_for_another_reason_too() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let on = |reason: &str| json!({ "conversation_id": id_of(&path), "reason": reason });
    let first = hold(&officer, on("The first court")).await;
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let second = hold(&officer, on("The second court")).await;
    let with_key = async || {
        let rows = items_of(&world, "keys", &visitor.subject).await;
        rows.iter().filter(|row| row.contains_key("w")).count()
    };
    for (hold, left) in [(first, 1), (second, 0)] {
        let released = delete(&officer, "/v1/holds", &json!({ "id": hold["id"] })).await;
        assert_eq!(released.status, 200, "{}", released.json());
        world.sweep().await;
        assert_eq!(with_key().await, left);
    }
}

#[tokio::test]
async fn a_damaged_row_under_a_hold_stops_nobody_else() {
    let world = World::new().await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let ends = shared::clock::rfc3339(world.clock.now_ms() + 86_400_000);
    let [damaged, other] = [world.visitor().await, world.visitor().await];
    for visitor in [&damaged, &other] {
        conversation(visitor, 1).await;
        let body = json!({
            "subject_id": visitor.subject, "reason": "Until tomorrow", "ends_at": ends,
        });
        hold(&officer, body).await;
    }
    assert_eq!(erase_me(&other, &fresh_key()).await.code(), "legal_hold");
    let mut row = items_of(&world, "keys", &damaged.subject)
        .await
        .into_iter()
        .find(|row| row.contains_key("w"))
        .expect("a key");
    row.remove("m");
    let put = world.dynamo().put_item().table_name("world-keys").set_item(Some(row));
    put.send().await.expect("put");
    world.advance_seconds(DAY + 1);
    let swept = world.sweep().await;
    assert!(swept.damaged > 0 && swept.released == 1, "{swept:?}");
    // No event names an officer who has not released it.
    let events = items_of(&world, "events", &officer.id).await;
    let by_officer = events.iter().filter(|event| {
        event.get("w").is_some_and(|w| w.as_s().is_ok_and(|w| w == "hold_released"))
    });
    assert_eq!(by_officer.count(), 0);
}
