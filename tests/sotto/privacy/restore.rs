//! A table that is restored from an old copy brings back nothing that was erased.

use shared::store::attributes::Item;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use super::stage::{conversation, erase_me, id_of, items_of, leave_contact, officer};

/// Puts a table back to a copy: deletes the items that are there, and writes those of the copy.
pub(super) async fn restore(world: &World, table: &str, copy: &[(String, Item)], keys: [&str; 2]) {
    let dynamo = world.dynamo();
    for (name, item) in world.all_items().await {
        if name.ends_with(table) {
            let key = keys.map(|key| (key.to_owned(), item[key].clone()));
            dynamo
                .delete_item()
                .table_name(&name)
                .set_key(Some(key.into()))
                .send()
                .await
                .expect("deleted");
        }
    }
    for (name, item) in copy.iter().filter(|(name, _)| name.ends_with(table)) {
        dynamo.put_item().table_name(name).set_item(Some(item.clone())).send().await.expect("put");
    }
}

const TABLES: [(&str, [&str; 2]); 5] = [
    ("keys", ["u", "c"]),
    ("conversations", ["c", "s"]),
    ("profiles", ["u", "k"]),
    ("settings", ["p", "k"]),
    ("ledger", ["p", "k"]),
];

#[tokio::test]
async fn no_table_that_is_restored_brings_back_who_was_erased() {
    for (table, keys) in TABLES {
        let world = World::new().await;
        let visitor = world.visitor().await;
        let path = conversation(&visitor, 2).await;
        leave_contact(&visitor, &path, "ada@example.org").await;
        let earlier = world.visitor().await;
        conversation(&earlier, 1).await;
        assert_eq!(erase_me(&earlier, &fresh_key()).await.status, 200);
        world.advance_seconds(121);
        world.sweep().await;
        let copy = world.all_items().await;

        assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
        world.advance_seconds(121);
        world.sweep().await;
        restore(&world, table, &copy, keys).await;

        // A restored table has another name: the functions that read it are new.
        let api = tests::api::Api::Events(intake::router(world.another_function()));
        let there = Visitor { api, ..visitor.clone() };
        for path in [path.clone(), format!("{path}/messages")] {
            let read = there.get(&path).await;
            assert!(matches!(read.status, 410 | 503), "{table}: {}", read.status);
        }
        world.sweep().await;
        world.advance_seconds(121);
        world.sweep().await;
        for path in [path.clone(), format!("{path}/messages")] {
            assert_eq!(there.get(&path).await.code(), "erased", "{table}");
        }
        for of in ["conversations", "profiles"] {
            let id = if of == "profiles" { visitor.subject.clone() } else { id_of(&path) };
            assert_eq!(
                items_of(&world, of, &id).await.len(),
                0,
                "{table} restored, {of} looked at"
            );
        }
        // And everything works on.
        let next = Visitor::arrive(there.api.clone()).await;
        conversation(&next, 1).await;
        assert_eq!(erase_me(&next, &fresh_key()).await.status, 200, "{table}");
    }
}

#[tokio::test]
async fn what_is_held_is_held_again_in_a_restored_table() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let held = conversation(&visitor, 1).await;
    let other = conversation(&visitor, 1).await;
    let copy = world.all_items().await;

    let officer = officer(&world).await;
    let body = serde_json::json!({ "conversation_id": id_of(&held), "reason": "Asked by a court" });
    assert_eq!(officer.post("/v1/holds", &body).await.status, 201);
    let receipt = erase_me(&visitor, &fresh_key()).await.json();
    assert_eq!(receipt["kept"][0]["reason"], "legal_hold");
    restore(&world, "keys", &copy, ["u", "c"]).await;
    world.sweep().await;

    let rows = items_of(&world, "keys", &visitor.subject).await;
    let with_key: Vec<_> = rows.iter().filter(|row| row.contains_key("w")).collect();
    assert_eq!(with_key.len(), 1, "{rows:?}");
    assert!(with_key[0].contains_key("h"));
    assert_eq!(visitor.get(&other).await.code(), "erased");
}

#[tokio::test]
async fn a_copy_from_the_time_of_a_hold_brings_nothing_back() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let body = serde_json::json!({ "subject_id": visitor.subject, "reason": "For a while" });
    let hold = officer.post("/v1/holds", &body).await.json();
    let copy = world.all_items().await;
    let officer = officer.stepped_up(&world).await;
    let body = serde_json::json!({ "id": hold["id"] });
    assert_eq!(super::stage::delete(&officer, "/v1/holds", &body).await.status, 200);
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    restore(&world, "keys", &copy, ["u", "c"]).await;
    world.sweep().await;
    let api = tests::api::Api::Events(intake::router(world.another_function()));
    let there = Visitor { api, ..visitor.clone() };
    assert_eq!(there.get(&path).await.code(), "erased");
}

#[tokio::test]
async fn a_hold_is_put_again_though_nobody_was_erased_since() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    world.sweep().await;
    let copy = world.all_items().await;
    let officer = officer(&world).await;
    let body = serde_json::json!({ "subject_id": visitor.subject, "reason": "For a while" });
    assert_eq!(officer.post("/v1/holds", &body).await.status, 201);
    world.advance_seconds(200);
    world.sweep().await;
    restore(&world, "keys", &copy, ["u", "c"]).await;
    world.sweep().await;
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert!(rows.iter().filter(|row| row.contains_key("w")).all(|row| row.contains_key("h")));
}

#[tokio::test]
async fn a_copy_from_between_an_erasure_and_the_release_brings_nothing_back() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let officer = officer(&world).await.stepped_up(&world).await;
    let body = serde_json::json!({ "conversation_id": id_of(&path), "reason": "For a while" });
    let hold = officer.post("/v1/holds", &body).await.json();
    let receipt = erase_me(&visitor, &fresh_key()).await.json();
    let copy = world.all_items().await;
    let body = serde_json::json!({ "id": hold["id"] });
    assert_eq!(super::stage::delete(&officer, "/v1/holds", &body).await.status, 200);
    world.advance_seconds(200);
    world.sweep().await;
    restore(&world, "keys", &copy, ["u", "c"]).await;
    world.sweep().await;
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert!(rows.iter().all(|row| !row.contains_key("w")), "{rows:?}");
    let path = format!("/v1/receipts/{}", receipt["id"].as_str().expect("an id"));
    let told = officer.get(&path).await.json();
    assert_eq!((&told["kept"], &told["keys_destroyed"]), (&serde_json::json!([]), &1.into()));
    // And numbers go on.
    let next = world.visitor().await;
    conversation(&next, 1).await;
    assert_eq!(erase_me(&next, &fresh_key()).await.status, 200);
}

#[tokio::test]
async fn what_has_ended_since_the_copy_goes_again() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    world.sweep().await;
    let copy = world.all_items().await;
    world.advance_seconds(31 * super::stage::DAY);
    world.sweep().await;
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 0);
    world.advance_seconds(super::stage::DAY);
    world.sweep().await;
    restore(&world, "keys", &copy, ["u", "c"]).await;
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 1);
    world.sweep().await;
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 0);
}

#[tokio::test]
async fn who_was_erased_by_a_ledger_that_forgot_it_is_erased_again() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    let copy = world.all_items().await;
    let first = erase_me(&visitor, &fresh_key()).await.json();
    restore(&world, "ledger", &copy, ["p", "k"]).await;
    let again = erase_me(&visitor, &fresh_key()).await;
    assert_eq!(again.status, 200, "{}", again.json());
    assert_ne!(again.json()["id"], first["id"]);
}
