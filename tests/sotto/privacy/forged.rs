//! Rows that somebody has written into the ledger by hand. One without our code is nothing, and stops
//! nobody. One with it, from a function that was taken over: nothing is signed of what did not happen.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::ids::SubjectId;
use shared::store::attributes::{Item, binary, number, string};
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{conversation, delete, erase, erase_me, id_of, items_of, officer};

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

/// As a function that has the key would write it.
async fn put(world: &World, item: Item) {
    let evidence = world.settings().evidence().await.expect("the key");
    put_as_it_is(world, evidence.sign(item).expect("a row")).await;
}

async fn put_as_it_is(world: &World, item: Item) {
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

#[tokio::test]
async fn an_entry_without_our_code_erases_nobody_and_is_in_nobodys_way() {
    let world = World::new().await;
    let (victim, other) = (world.visitor().await, world.visitor().await);
    let path = conversation(&victim, 1).await;
    conversation(&other, 1).await;
    for at in [1, 3, u64::MAX] {
        put_as_it_is(&world, entry(&world, at, &victim.subject, 1, 1)).await;
    }
    let unfinished = entry(&world, 1, &victim.subject, 1, 1);
    let row = [("p", string("unfinished")), ("k", unfinished["k"].clone())];
    let mut row: Item = row.map(|(name, value)| (name.to_owned(), value)).into();
    row.insert("expires_at".to_owned(), unfinished["expires_at"].clone());
    put_as_it_is(&world, row).await;
    for _ in 0..2 {
        world.advance_seconds(121);
        let swept = world.sweep().await;
        assert_eq!((swept.damaged, swept.unproven, swept.replayed), (1, 0, 0), "told each time");
    }
    assert_eq!(victim.transcript(&path).await.len(), 2, "nothing is destroyed");
    // The numbers 1 and 3 are taken, by whomever.
    assert_eq!(erase_me(&other, &fresh_key()).await.status, 200);
    let next = world.visitor().await;
    conversation(&next, 1).await;
    assert_eq!(erase_me(&next, &fresh_key()).await.status, 200);
    let marks = [&other, &next].map(async |erased| {
        let rows = items_of(&world, "keys", &erased.subject).await;
        rows.iter().find_map(|row| row.get("n").cloned()).expect("a mark")
    });
    let [first, second] = marks;
    assert_eq!((first.await, second.await), (number(2), number(4)));
    world.advance_seconds(121);
    assert_eq!(world.sweep().await.erasures, 2);
}

/// A table that is restored follows the entries that are ours.
#[tokio::test]
async fn a_changed_entry_does_not_keep_a_restored_table_from_the_others() {
    let world = World::new().await;
    let visitors = [world.visitor().await, world.visitor().await, world.visitor().await];
    let mut paths = Vec::new();
    for visitor in &visitors {
        paths.push(conversation(visitor, 1).await);
    }
    let copy = world.all_items().await;
    for visitor in &visitors {
        assert_eq!(erase_me(visitor, &fresh_key()).await.status, 200);
    }
    world.advance_seconds(121);
    world.sweep().await;
    super::restore::restore(&world, "keys", &copy, ["u", "c"]).await;
    let entries = items_of(&world, "ledger", &visitors[1].subject).await;
    let mut changed = entries.into_iter().find(|item| item["p"] == string("ledger")).expect("it");
    changed.insert("b".to_owned(), string("other"));
    put_as_it_is(&world, changed).await;
    let swept = world.sweep().await;
    assert_eq!((swept.replayed, swept.damaged, swept.behind), (2, 1, false));
    for at in [0, 2] {
        assert_eq!(visitors[at].get(&paths[at]).await.code(), "erased");
    }
    let next = world.visitor().await;
    conversation(&next, 1).await;
    assert_eq!(erase_me(&next, &fresh_key()).await.status, 200);
}

/// Holds, cases, waiting erasures and the policy: an edited row is refused, whoever acts by it, and
/// stops nobody else. Put back as it was, it counts as before.
#[tokio::test]
async fn an_edited_row_is_refused_by_whoever_acts_by_it() {
    let world = World::new().await;
    let (held, other) = (world.visitor().await, world.visitor().await);
    let path = conversation(&held, 1).await;
    conversation(&other, 1).await;
    let officer = officer(&world).await;
    let on = |subject: &str| json!({ "subject_id": subject, "reason": "Asked by a court" });
    assert_eq!(officer.post("/v1/holds", &on(&held.subject)).await.status, 201);
    assert_eq!(officer.post("/v1/holds", &on(&other.subject)).await.status, 201);
    let waits = erase(&officer, &held.subject, &fresh_key(), "gdpr_17").await;
    assert_eq!(waits.code(), "legal_hold");
    let days = json!({ "transcript_days": 20, "lead_days": 90, "audit_days": 731, "conversation_max_days": 5 });
    let policy = tests::api::Request::new("PUT", "/v1/retention/policy").json(&days);
    assert_eq!(officer.send(policy).await.status, 200);
    assert_eq!(world.sweep().await.damaged, 0);

    let is_coded = |(table, item): &(String, Item)| {
        item.contains_key("m") && (table.ends_with("ledger") || table.ends_with("settings"))
    };
    let coded: Vec<_> = world.all_items().await.into_iter().filter(is_coded).collect();
    let kinds: Vec<_> = coded.iter().map(|(_, item)| item["p"].as_s().expect("text")).collect();
    for kind in ["hold", "case", "waiting", "default"] {
        assert!(kinds.iter().any(|known| *known == kind), "{kind} is missing in {kinds:?}");
    }
    let case = coded.iter().find(|(_, item)| item["p"] == string("case")).expect("the case");
    let case = format!("/v1/cases/{}", case.1["k"].as_s().expect("an id"));
    for (table, row) in &coded {
        let mut edited = row.clone();
        edited.insert("x".to_owned(), string("0"));
        let edit = async |item: &Item| {
            let put = world.dynamo().put_item().table_name(table).set_item(Some(item.clone()));
            put.send().await.expect("put");
        };
        edit(&edited).await;
        let kind = row["p"].as_s().expect("text").as_str();
        let what = format!("{kind} {:?}", row["k"]);
        assert!(world.sweep().await.damaged > 0, "{what}: nobody is told");
        let id = row["k"].as_s().expect("text");
        let refused = match kind {
            "hold" => delete(&officer, "/v1/holds", &json!({ "id": id })).await,
            "case" => officer.get(&format!("/v1/cases/{id}")).await,
            "waiting" => officer.patch(&case, &json!({ "state": "refused" })).await,
            _ => held.get(&path).await,
        };
        assert_eq!(refused.refusal(), (500, "integrity_failed".to_owned()), "{what}");
        edit(row).await;
        assert_eq!(world.sweep().await.damaged, 0, "{what}");
    }
    assert_eq!(held.get(&path).await.status, 200);
}

/// An earlier policy has its code too. The sweep knows the version that it has followed.
#[tokio::test]
async fn a_policy_that_is_put_back_or_taken_away_is_told() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let change = async |transcript_days: u32| {
        let days = json!({ "transcript_days": transcript_days, "lead_days": 90, "audit_days": 731,
            "conversation_max_days": 5 });
        let put = tests::api::Request::new("PUT", "/v1/retention/policy").json(&days);
        let changed = officer.send(put).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        let rows = world.all_items().await;
        let is_policy = |item: &Item| item.get("k") == Some(&string("retention"));
        rows.into_iter().map(|(_, item)| item).find(is_policy).expect("the policy")
    };
    let first = change(20).await;
    let second = change(10).await;
    assert_eq!(world.sweep().await.damaged, 0);
    let dynamo = world.dynamo();
    for before in [Some(first), None] {
        if let Some(row) = before {
            let put = dynamo.put_item().table_name("world-settings").set_item(Some(row));
            put.send().await.expect("put");
        } else {
            let gone = dynamo.delete_item().table_name("world-settings");
            let gone = gone.key("p", second["p"].clone()).key("k", second["k"].clone());
            gone.send().await.expect("deleted");
        }
        for _ in 0..2 {
            assert_eq!(world.sweep().await.damaged, 1);
        }
    }
    // Whoever is told sets it again, and the ends follow.
    let again = change(10).await;
    assert_eq!(again["n"], number(3));
    assert_eq!(world.sweep().await.damaged, 0);
}

/// Each of them is valid, and it is not the one that was asked for.
#[tokio::test]
async fn a_receipt_in_the_place_of_another_is_refused() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let mut receipts = Vec::new();
    for _ in 0..2 {
        let visitor = world.visitor().await;
        conversation(&visitor, 1).await;
        receipts.push(erase_me(&visitor, &fresh_key()).await.json());
    }
    let id = |at: usize| receipts[at]["id"].as_str().expect("an id").to_owned();
    let rows = items_of(&world, "ledger", &id(0)).await;
    let is_receipt = |row: &Item| row["k"] == string("receipt");
    let mut row = rows.into_iter().find(is_receipt).expect("the receipt");
    row.insert("p".to_owned(), string(format!("receipt#{}", id(1))));
    put_as_it_is(&world, row).await;
    let path = |at: usize| format!("/v1/receipts/{}", id(at));
    assert_eq!(officer.get(&path(0)).await.json(), receipts[0]);
    assert_eq!(officer.get(&path(1)).await.refusal(), (500, "integrity_failed".to_owned()));
}
