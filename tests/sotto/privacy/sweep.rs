//! Keys past their time are gone within one sweep, and what they guarded cannot be opened by any key.

use shared::http::app;
use shared::ids::ConversationId;
use shared::seal::conversation_key::ConversationKey;
use shared::seal::place::{BranchName, Purpose};
use shared::secret::Secret;
use shared::store::event::{StoredEvent, place};
use shared::store::key_row::KeyRow;
use shared::values::site::Site;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{DAY, conversation, erase_me, id_of, items_of, leave_contact};

#[tokio::test]
async fn a_conversation_is_unreadable_at_its_second_and_its_key_gone_within_a_sweep() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 2).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    world.advance_seconds(30 * DAY);
    let swept = world.sweep().await;
    assert_eq!(swept.expired, 1);
    let rows = items_of(&world, "keys", &visitor.subject).await;
    assert_eq!(rows.len(), 1, "the contact has 180 days: {rows:?}");
    world.advance_seconds(150 * DAY);
    assert_eq!(world.sweep().await.expired, 1);
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 0);
    assert_eq!(items_of(&world, "profiles", &visitor.subject).await.len(), 0);
}

#[tokio::test]
async fn nothing_is_destroyed_a_second_before_its_time() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    conversation(&visitor, 1).await;
    world.advance_seconds(30 * DAY - 1);
    assert_eq!(world.sweep().await.expired, 0);
    world.advance_seconds(1);
    assert_eq!(world.sweep().await.expired, 1);
}

#[tokio::test]
async fn a_sweep_that_was_down_for_weeks_goes_on_where_it_was() {
    let world = World::new().await;
    for _ in 0..3 {
        let visitor = world.visitor().await;
        conversation(&visitor, 1).await;
        world.sweep().await;
        world.advance_seconds(5 * DAY);
    }
    world.advance_seconds(60 * DAY);
    assert_eq!(world.sweep().await.expired, 3);
}

#[tokio::test]
async fn a_budget_is_kept_and_the_next_run_does_the_rest() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    for _ in 0..5 {
        conversation(&visitor, 1).await;
    }
    world.advance_seconds(30 * DAY);
    let budget = retention::sweep::Budget { until_ms: 0, step: 2 };
    let mut destroyed = Vec::new();
    for _ in 0..4 {
        let swept = retention::sweep::run_within(&world.sweeper(), budget).await.expect("a run");
        destroyed.push(swept.expired);
    }
    // A step of what is found by its hour, and one of what is found by looking at every row.
    assert_eq!(destroyed, [4, 1, 0, 0]);
}

#[tokio::test]
async fn what_is_left_opens_with_no_key_of_any_table() {
    let world = World::new().await;
    let expiring = world.visitor().await;
    let gone = conversation(&expiring, 3).await;
    world.advance_seconds(DAY);
    let (erased, living) = (world.visitor().await, world.visitor().await);
    let taken = conversation(&erased, 3).await;
    let there = conversation(&living, 3).await;
    assert_eq!(erase_me(&erased, &fresh_key()).await.status, 200);
    assert!(!opens_with_any_key(&world, &taken).await, "erased, and its ciphertext still there");
    assert!(opens_with_any_key(&world, &gone).await, "its time has not come");
    world.advance_seconds(29 * DAY);
    world.sweep().await;
    assert!(!opens_with_any_key(&world, &gone).await, "past its time");
    assert!(opens_with_any_key(&world, &there).await, "the trial itself works");
}

/// Whether an event of a conversation, whose ciphertext is there, opens by any key that any table has,
/// those that wrap others included, or by the bytes of any attribute of any table.
async fn opens_with_any_key(world: &World, path: &str) -> bool {
    let items = world.all_items().await;
    let sdk = world.sdk_of("intake");
    let settings = app::settings(&world.config.backend, world.clock.clone(), &sdk);
    let mut keys: Vec<ConversationKey> = Vec::new();
    let derived = |secret: &Secret| ConversationKey::from_secret(secret).expect("its keys");
    for (_, item) in &items {
        for bytes in item.values().filter_map(|value| value.as_b().ok()) {
            let windows = bytes.as_ref().windows(32);
            keys.extend(windows.filter_map(Secret::from_slice).map(|secret| derived(&secret)));
        }
    }
    let mut branches = 0;
    for (_, item) in items.iter().filter(|(table, _)| table.ends_with("settings")) {
        let Ok(name) = item["k"].as_s() else { continue };
        for purpose in [Purpose::Transcript, Purpose::Profile] {
            let prefix = format!("branch#{}#", purpose.as_str());
            let Some(month) = name.strip_prefix(&prefix) else { continue };
            let branch = BranchName::new(Site::SHIPPED.id, purpose, month);
            keys.push(derived(&settings.existing_branch_key(&branch).await.expect("a key")));
            branches += 1;
        }
    }
    assert!(branches > 0, "there is a key that wraps others");
    for (_, item) in items.iter().filter(|(table, _)| table.ends_with("keys")) {
        let Ok(Some(row)) = KeyRow::from_item(item.clone()) else { continue };
        if !row.is_destroyed() {
            let branch = settings.existing_branch_key(&row.branch()).await.expect("its branch");
            keys.push(derived(&row.open(&branch).expect("a key").expect("a key")));
        }
    }
    let id = ConversationId::parse(&id_of(path)).expect("an id");
    let events: Vec<StoredEvent> = items
        .iter()
        .filter(|(table, item)| {
            table.ends_with("conversations")
                && item["c"].as_b().is_ok_and(|c| c.as_ref() == id.as_bytes())
                && item.contains_key("v")
        })
        .map(|(_, item)| StoredEvent::from_item(item.clone()).expect("an event"))
        .collect();
    assert_eq!(events.len(), 4, "the ciphertext is there");
    events.iter().any(|event| {
        let place = place(Site::SHIPPED.id, id, event.seq, &event.header);
        keys.iter().any(|key| key.events.open(&place, &event.sealed).is_ok())
    })
}

#[tokio::test]
async fn every_item_that_speaks_of_a_person_has_an_end() {
    let world = World::new().await.staffed().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    visitor.post(&format!("{path}/handover"), &serde_json::json!({})).await;
    let other = world.visitor().await;
    conversation(&other, 1).await;
    assert_eq!(erase_me(&other, &fresh_key()).await.status, 200);
    world.sweep().await;
    let without: Vec<String> = world
        .all_items()
        .await
        .into_iter()
        .filter(|(_, item)| !item.contains_key("expires_at"))
        .map(|(table, item)| {
            let name = ["k", "c", "s"].iter().find_map(|name| item.get(*name));
            let name = match name {
                Some(aws_sdk_dynamodb::types::AttributeValue::S(text)) => text.clone(),
                other => format!("{other:?}"),
            };
            format!("{}/{name}", table.trim_start_matches("world-"))
        })
        .filter(|name| !name.starts_with("settings/") && !name.starts_with("desk/0"))
        .collect();
    // What the bot knows, and the places of the ledger, speak of nobody, the sweep's stamp and progress neither.
    let positions = without.iter().filter(|name| {
        name.starts_with("keys/")
            || name.starts_with("conversations/")
            || *name == "profiles/ledger"
            || *name == "ledger/progress"
    });
    assert_eq!(positions.count(), without.len(), "{without:?}");
    assert_eq!(without.len(), 5, "{without:?}");
}
