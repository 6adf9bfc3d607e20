//! Erasures that somebody has written into the ledger by hand: nothing is signed of what did not happen.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::ids::SubjectId;
use shared::store::attributes::{Item, binary, number, string};
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{conversation, erase_me, id_of, items_of, officer};

const RECEIPT: &str = "01800000-0000-7000-8000-000000000001";

/// An entry as the service writes it.
fn entry(world: &World, at: u64, subject: &str, conversations: u64, keys: u64) -> Item {
    let now_ms = world.clock.now_ms();
    let subject = SubjectId::parse(subject).expect("an id");
    Item::from(
        [
            ("p", string("ledger")),
            ("k", string(format!("{at:020}"))),
            ("u", binary(subject.as_bytes().to_vec())),
            ("g", string(RECEIPT)),
            ("s", string("default")),
            ("b", string("gdpr_17")),
            ("r", number(now_ms)),
            ("t", number(now_ms)),
            ("i", binary([7; 32])),
            ("o", number(conversations)),
            ("d", number(keys)),
            ("q", string("purge")),
            ("expires_at", number(now_ms / 1000 + 63_072_000)),
        ]
        .map(|(name, value): (&str, AttributeValue)| (name.to_owned(), value)),
    )
}

async fn put(world: &World, item: Item) {
    let put = world.dynamo().put_item().table_name("world-ledger").set_item(Some(item));
    put.send().await.expect("put");
}

async fn receipts(world: &World) -> usize {
    let items = world.all_items().await;
    let is_receipt = |item: &Item| {
        item.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| p.starts_with("receipt#")))
    };
    items.iter().filter(|(_, item)| is_receipt(item)).count()
}

async fn told(world: &World) -> Vec<String> {
    let items = world.all_items().await.into_iter();
    let told = items.filter(|(table, item)| {
        table.ends_with("events") && item.get("w") == Some(&string("erasure_unproven"))
    });
    told.map(|(_, item)| item["o"].as_s().expect("an id").clone()).collect()
}

#[tokio::test]
async fn of_a_held_subject_no_entry_makes_an_erasure() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 2).await;
    let officer = officer(&world).await;
    let body = json!({ "subject_id": visitor.subject, "reason": "Asked by a court" });
    assert_eq!(officer.post("/v1/holds", &body).await.status, 201);
    world.sweep().await;
    put(&world, entry(&world, 1, &visitor.subject, 42, 43)).await;
    let mut unproven = 0;
    for _ in 0..3 {
        world.advance_seconds(121);
        unproven += world.sweep().await.unproven;
    }
    assert_eq!((unproven, told(&world).await), (1, vec![visitor.subject.clone()]), "told once");
    assert_eq!(receipts(&world).await, 0);
    assert_eq!(visitor.transcript(&path).await.len(), 4, "nothing is destroyed");
    let opened = conversation(&visitor, 1).await;
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert!(rows.iter().filter(|row| row.contains_key("w")).all(|row| row.contains_key("h")));
    assert_eq!(visitor.transcript(&opened).await.len(), 2, "held and not marked as erased");
    // And it goes on for everybody else.
    let next = world.visitor().await;
    conversation(&next, 1).await;
    assert_eq!(erase_me(&next, &fresh_key()).await.status, 200);
}

#[tokio::test]
async fn an_entry_that_says_more_than_was_destroyed_is_not_signed() {
    for (conversations, keys) in [(42, 43), (2, 1), (1, 3)] {
        let world = World::new().await;
        let visitor = world.visitor().await;
        conversation(&visitor, 1).await;
        put(&world, entry(&world, 1, &visitor.subject, conversations, keys)).await;
        let mut unproven = 0;
        for _ in 0..3 {
            world.advance_seconds(121);
            unproven += world.sweep().await.unproven;
        }
        assert_eq!((unproven, receipts(&world).await), (1, 0), "{conversations} and {keys}");
        assert_eq!(told(&world).await, [visitor.subject]);
    }
}

#[tokio::test]
async fn an_entry_in_the_place_of_another_destroys_nothing() {
    let world = World::new().await;
    let (erased, victim) = (world.visitor().await, world.visitor().await);
    conversation(&erased, 1).await;
    let path = conversation(&victim, 1).await;
    assert_eq!(erase_me(&erased, &fresh_key()).await.status, 200);
    put(&world, entry(&world, 1, &victim.subject, 0, 0)).await;
    world.advance_seconds(121);
    let swept = world.sweep().await;
    assert_eq!((swept.unproven, swept.erasures), (1, 0));
    assert_eq!(told(&world).await, std::slice::from_ref(&victim.subject));
    assert_eq!(victim.transcript(&path).await.len(), 2);
    assert!(!items_of(&world, "conversations", &id_of(&path)).await.is_empty());
}

#[tokio::test]
async fn another_receipt_proves_nothing() {
    let world = World::new().await;
    let (erased, victim) = (world.visitor().await, world.visitor().await);
    conversation(&erased, 1).await;
    conversation(&victim, 1).await;
    let receipt = erase_me(&erased, &fresh_key()).await.json();
    let mut forged = entry(&world, 2, &victim.subject, 1, 1);
    forged.insert("g".to_owned(), string(receipt["id"].as_str().expect("an id")));
    put(&world, forged).await;
    world.advance_seconds(121);
    world.sweep().await;
    world.advance_seconds(121);
    world.sweep().await;
    assert_eq!(told(&world).await, std::slice::from_ref(&victim.subject));
    let again = erase_me(&victim, &fresh_key()).await;
    assert_eq!(again.code(), "integrity_failed", "not somebody else's receipt");
}
