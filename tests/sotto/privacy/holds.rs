//! What is under a legal hold is neither erased nor deleted, and goes when the hold does.

use serde_json::json;
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
