//! `cargo doctor check`: tables that were lived in are sound, and whatever is altered in them by hand is
//! found and named.

use aws_sdk_dynamodb::types::AttributeValue;
use checks::records::{Broken, Records};
use serde_json::json;
use shared::store::attributes::Item;
use shared::store::event::StoredEvent;
use template::Template;
use tests::api::{Request, Response};
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{DAY, conversation, erase_me, id_of, leave_contact};

/// Two visitors with a log, one of whom waits for a person and left a contact; two whom an agent has, and had;
/// a customer; one who is held, one who was erased, one of whose erasure a hold has kept something; staff.
///
/// Each log has three events at least: of the last one no other tells that it was altered.
async fn lived_in() -> World {
    let world = World::new().await.staffed().await;
    let server = SiteServer::ed25519(1);
    world.register_identity_key(&server.jwk(), false).await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
    let officer = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    at_work(&world, &agent).await;
    let identity = server.sign(&SiteServer::claims("customer-4711", world.clock.now_ms()));
    conversation(&visitor_of(world.api(), &sign_in(&world.api(), &identity).await), 2).await;
    let quiet = world.visitor().await;
    conversation(&quiet, 3).await;
    let waits = world.visitor().await;
    let path = conversation(&waits, 1).await;
    leave_contact(&waits, &path, "ada@example.org").await;
    assert_eq!(waits.say(&path, "agent please").await.status, 201);
    let held = world.visitor().await;
    conversation(&held, 2).await;
    let hold = json!({ "subject_id": held.subject, "reason": "A dispute" });
    let placed = officer.post("/v1/holds", &hold).await;
    assert_eq!(placed.status, 201, "{}", placed.json());
    let erased = world.visitor().await;
    let path = conversation(&erased, 2).await;
    leave_contact(&erased, &path, "grace@example.org").await;
    assert_eq!(erase_me(&erased, &fresh_key()).await.status, 200);
    let partly = world.visitor().await;
    conversation(&partly, 2).await;
    let kept = id_of(&conversation(&partly, 2).await);
    let hold = json!({ "conversation_id": kept, "reason": "A dispute" });
    assert_eq!(officer.post("/v1/holds", &hold).await.status, 201);
    assert_eq!(erase_me(&partly, &fresh_key()).await.status, 200);
    world.count_reports().await;
    world.advance_seconds(300);
    world.sweep().await;
    world.advance_seconds(300);
    world.sweep().await;
    world
}

/// An agent who has taken a conversation and closed another.
async fn at_work(world: &World, agent: &Staff) {
    let ok = |answer: Response| assert!(answer.status < 300, "{}", answer.json());
    ok(agent.put("/v1/presence", &json!({ "state": "available" })).await);
    ok(agent.put("/v1/canned/hello", &json!({ "text": "Hello, how can I help?" })).await);
    for closes in [false, true] {
        let inbox = format!("/v1/inbox/{}", id_of(&conversation(&world.visitor().await, 1).await));
        ok(agent.post(&format!("{inbox}/claim"), &json!({})).await);
        let said = Request::new("POST", &format!("{inbox}/messages"));
        let said = said.header("idempotency-key", fresh_key()).json(&json!({ "text": "Hello" }));
        ok(agent.send(said).await);
        ok(agent.post(&format!("{inbox}/notes"), &json!({ "text": "A note" })).await);
        if closes {
            let close = json!({ "reason": "solved", "tags": ["parcel"] });
            ok(agent.post(&format!("{inbox}/close"), &close).await);
        }
    }
}

async fn broken(world: &World) -> Vec<Broken> {
    let template = Template::deployed().expect("the template");
    let name = |logical: &str| {
        template.table(logical).map(|table| format!("world-{}", table.short_name()))
    };
    let now = world.clock.now_seconds();
    let records = Records::read(&world.dynamo(), template, name, now, None).await;
    let records = records.unwrap_or_else(|error| panic!("the tables were not read: {error:?}"));
    assert!(records.count() > 0, "nothing was read");
    records.broken()
}

#[tokio::test]
async fn tables_that_were_lived_in_are_sound() {
    let world = Box::pin(lived_in()).await;
    assert_eq!(broken(&world).await, []);
    // DynamoDB deletes what has ended; until three days later it may still be there.
    world.advance_seconds(32 * DAY);
    world.rotate_keys().await;
    world.sweep().await;
    world.aws.sweep_ttl().expect("the TTL runs");
    world.sweep().await;
    assert_eq!(broken(&world).await, []);
}

/// A change to a table, and the invariant that the check then reports.
struct Case {
    invariant: &'static str,
    table: &'static str,
    /// Picks the item; of several the first.
    of: fn(&Item) -> bool,
    /// The change to the item; `false` deletes it.
    to: fn(&mut Item) -> bool,
}

fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

fn has(item: &Item, names: &[&str]) -> bool {
    names.iter().all(|name| item.contains_key(*name))
}

fn set(item: &mut Item, name: &str, value: AttributeValue) -> bool {
    item.insert(name.to_owned(), value);
    true
}

fn words(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn count(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn add(item: &mut Item, name: &str, more: i64) -> bool {
    let now: i64 = item[name].as_n().expect("a number").parse().expect("whole");
    set(item, name, count(now + more))
}

fn flip(item: &mut Item, name: &str) -> bool {
    let mut bytes = item[name].as_b().expect("bytes").as_ref().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    set(item, name, AttributeValue::B(bytes.into()))
}

fn without(item: &mut Item, name: &str) -> bool {
    item.remove(name);
    true
}

fn event(item: &Item, seq: &str) -> bool {
    has(item, &["m"]) && item["s"].as_n().is_ok_and(|s| s == seq)
}

const fn deleted(_: &mut Item) -> bool {
    false
}

/// One a row and more: text in the clear, ends, logs, keys, contacts, positions, the ledger, staff.
const CASES: [Case; 52] = [
    Case {
        invariant: "no_conversation",
        table: "conversations",
        of: |i| event(i, "1"),
        to: |i| set(i, "c", AttributeValue::B(vec![1; 3].into())),
    },
    Case {
        invariant: "time_goes_back",
        table: "conversations",
        of: |i| event(i, "3"),
        to: |i| {
            let mut event = StoredEvent::from_item(i.clone()).expect("an event");
            event.header.state.at_ms -= 3_600_000;
            set(i, "m", AttributeValue::B(event.header.encode().into()))
        },
    },
    Case {
        invariant: "not_sealed",
        table: "conversations",
        of: |i| has(i, &["q", "t"]),
        to: |i| set(i, "t", AttributeValue::B(br#"["parcel"]"#.to_vec().into())),
    },
    Case {
        invariant: "plain_text",
        table: "conversations",
        of: |i| has(i, &["q", "t"]),
        to: |i| set(i, "t", words(r#"["parcel"]"#)),
    },
    Case {
        invariant: "inbox_missing",
        table: "conversations",
        of: |i| text(i, "q").starts_with("with_agent#"),
        to: |i| without(i, "q"),
    },
    Case {
        invariant: "branch_empty",
        table: "settings",
        of: |i| text(i, "k").starts_with("branch#transcript"),
        to: |i| without(i, "w"),
    },
    Case {
        invariant: "entry_not_whole",
        table: "ledger",
        of: |i| text(i, "p") == "ledger",
        to: |i| without(i, "g"),
    },
    Case {
        invariant: "entry_not_whole",
        table: "ledger",
        of: |i| text(i, "p") == "ledger",
        to: |i| without(i, "u"),
    },
    Case {
        invariant: "unfinished_without_entry",
        table: "ledger",
        of: |i| text(i, "p") == "ledger",
        to: |i| {
            set(i, "k", words("00000000000000000099"));
            set(i, "p", words("unfinished"))
        },
    },
    Case {
        invariant: "waiting_missing",
        table: "ledger",
        of: |i| text(i, "p") == "waiting",
        to: deleted,
    },
    Case {
        invariant: "hold_on_nothing",
        table: "ledger",
        of: |i| text(i, "p") == "hold",
        to: |i| set(i, "k", words("01890000-0000-7000-8000-000000000000")),
    },
    Case {
        invariant: "no_end",
        table: "desk",
        of: |i| text(i, "p").starts_with("facts#"),
        to: |i| without(i, "expires_at"),
    },
    Case {
        invariant: "no_end",
        table: "profiles",
        of: |i| text(i, "k") == "customer",
        to: |i| without(i, "expires_at"),
    },
    Case {
        invariant: "chain_broken",
        table: "conversations",
        of: |i| event(i, "2"),
        to: |i| flip(i, "v"),
    },
    Case { invariant: "event_missing", table: "conversations", of: |i| event(i, "2"), to: deleted },
    Case {
        invariant: "event_unreadable",
        table: "conversations",
        of: |i| event(i, "3"),
        to: |i| without(i, "m"),
    },
    Case {
        invariant: "not_sealed",
        table: "conversations",
        of: |i| event(i, "3"),
        to: |i| set(i, "v", AttributeValue::B(b"hello".to_vec().into())),
    },
    Case {
        invariant: "plain_text",
        table: "conversations",
        of: |i| event(i, "1"),
        to: |i| set(i, "note", words("hello")),
    },
    Case {
        invariant: "plain_text",
        table: "profiles",
        of: |i| has(i, &["b"]),
        to: |i| set(i, "email", words("ada@example.org")),
    },
    Case {
        invariant: "plain_text",
        table: "keys",
        of: |i| has(i, &["w"]),
        to: |i| set(i, "b", words("a text of more letters than any word here has")),
    },
    Case {
        invariant: "inbox_missing",
        table: "conversations",
        of: |i| text(i, "q").starts_with("waiting#"),
        to: deleted,
    },
    Case {
        invariant: "inbox_too_much",
        table: "conversations",
        of: |i| has(i, &["q"]),
        to: |i| set(i, "c", AttributeValue::B(vec![7; 16].into())),
    },
    Case { invariant: "log_without_key", table: "keys", of: |i| has(i, &["w", "x"]), to: deleted },
    Case {
        invariant: "key_not_whole",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| without(i, "m"),
    },
    Case {
        invariant: "key_not_whole",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| without(i, "p"),
    },
    Case {
        invariant: "longer_than_promised",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| add(i, "expires_at", 86_400),
    },
    Case {
        invariant: "index_differs",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| set(i, "x", words("2020-01-01T00")),
    },
    Case {
        invariant: "no_end",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| without(i, "expires_at"),
    },
    Case {
        invariant: "end_too_far",
        table: "keys",
        of: |i| has(i, &["w", "x"]),
        to: |i| add(i, "expires_at", 1_000_000_000_000),
    },
    Case {
        invariant: "end_unreadable",
        table: "events",
        of: |_| true,
        to: |i| set(i, "expires_at", words("soon")),
    },
    Case {
        invariant: "overdue",
        table: "profiles",
        of: |i| has(i, &["b"]),
        to: |i| set(i, "expires_at", count(1)),
    },
    Case {
        invariant: "held_and_ending",
        table: "keys",
        of: |i| has(i, &["h", "w"]),
        to: |i| set(i, "expires_at", count(2_000_000_000)),
    },
    Case {
        invariant: "end_and_hold_differ",
        table: "keys",
        of: |i| has(i, &["h", "w"]),
        to: |i| without(i, "h"),
    },
    Case {
        invariant: "hold_missing",
        table: "ledger",
        of: |i| text(i, "p") == "hold",
        to: deleted,
    },
    Case {
        invariant: "contact_without_key",
        table: "keys",
        of: |i| has(i, &["t", "w"]),
        to: deleted,
    },
    Case {
        invariant: "contact_not_whole",
        table: "profiles",
        of: |i| has(i, &["b"]),
        to: |i| without(i, "t"),
    },
    Case {
        invariant: "branch_missing",
        table: "settings",
        of: |i| text(i, "k").starts_with("branch#transcript"),
        to: deleted,
    },
    Case {
        invariant: "replaced_key_left",
        table: "settings",
        of: |i| text(i, "k").starts_with("branch#index"),
        to: |i| set(i, "o", i["w"].clone()),
    },
    Case {
        invariant: "position_differs",
        table: "profiles",
        of: |i| has(i, &["n"]),
        to: |i| add(i, "n", 1),
    },
    Case {
        invariant: "beyond_the_head",
        table: "settings",
        of: |i| text(i, "k") == "head",
        to: |i| set(i, "n", count(0)),
    },
    Case {
        invariant: "receipt_missing",
        table: "ledger",
        of: |i| text(i, "k") == "receipt",
        to: deleted,
    },
    Case {
        invariant: "login_missing",
        table: "identity",
        of: |i| text(i, "k") == "login",
        to: deleted,
    },
    Case {
        invariant: "epoch_ahead",
        table: "identity",
        of: |i| text(i, "k").starts_with("session#"),
        to: |i| add(i, "e", 1),
    },
    Case {
        invariant: "key_without_log",
        table: "keys",
        of: |i| has(i, &["w", "x"]) && i["c"].as_b().is_ok_and(|id| id.as_ref().len() == 16),
        to: |i| {
            set(
                i,
                "c",
                AttributeValue::B(
                    [vec![1; 6], vec![0x70; 1], vec![1; 1], vec![0x80; 8]].concat().into(),
                ),
            )
        },
    },
    Case {
        invariant: "key_without_contact",
        table: "profiles",
        of: |i| has(i, &["b"]),
        to: deleted,
    },
    Case {
        invariant: "mark_differs",
        table: "keys",
        of: |i| has(i, &["g", "n"]),
        to: |i| without(i, "g"),
    },
    Case {
        invariant: "entry_missing",
        table: "ledger",
        of: |i| text(i, "p") == "ledger",
        to: deleted,
    },
    Case {
        invariant: "unfinished_missing",
        table: "ledger",
        of: |i| text(i, "p") == "ledger",
        to: |i| set(i, "q", words("purge")),
    },
    Case { invariant: "row_missing", table: "ledger", of: |i| text(i, "p") == "hold", to: deleted },
    Case {
        invariant: "earlier_state",
        table: "ledger",
        of: |i| text(i, "p") == "hold",
        to: |i| set(i, "n", count(0)),
    },
    Case {
        invariant: "event_missing",
        table: "events",
        of: |i| text(i, "w") == "hold_placed",
        to: deleted,
    },
    Case {
        invariant: "contact_and_key_differ",
        table: "profiles",
        of: |i| has(i, &["b"]),
        to: |i| add(i, "t", 1),
    },
];

/// The key of an item.
fn key(table: &str, item: &Item) -> Item {
    let names = match table {
        "keys" => ["u", "c"],
        "conversations" => ["c", "s"],
        "profiles" => ["u", "k"],
        _ => ["p", "k"],
    };
    names.map(|name| (name.to_owned(), item[name].clone())).into()
}

async fn put(world: &World, table: &str, item: &Item) {
    let put = world.dynamo().put_item().table_name(format!("world-{table}"));
    put.set_item(Some(item.clone())).send().await.expect("a put");
}

async fn delete(world: &World, table: &str, item: &Item) {
    let delete = world.dynamo().delete_item().table_name(format!("world-{table}"));
    delete.set_key(Some(key(table, item))).send().await.expect("a deletion");
}

async fn first(world: &World, table: &str, of: impl Fn(&Item) -> bool) -> Item {
    let name = format!("world-{table}");
    let items = world.all_items().await.into_iter();
    let mut fitting = items.filter(|(of_table, item)| *of_table == name && of(item));
    fitting.next().unwrap_or_else(|| panic!("no such item in {table}")).1
}

#[tokio::test]
async fn whatever_is_altered_by_hand_is_found_and_named() {
    let world = Box::pin(lived_in()).await;
    for Case { invariant, table, of, to } in CASES {
        let item = first(&world, table, of).await;
        let mut altered = item.clone();
        let kept = to(&mut altered);
        if kept {
            put(&world, table, &altered).await;
        } else {
            delete(&world, table, &item).await;
        }
        let said = broken(&world).await;
        assert!(said.iter().any(|one| one.invariant == invariant), "{invariant}: {said:#?}");
        if kept {
            delete(&world, table, &altered).await;
        }
        put(&world, table, &item).await;
        assert_eq!(broken(&world).await, [], "after {invariant}");
    }
}

#[tokio::test]
async fn a_key_that_outlived_an_erasure_is_named() {
    let world = Box::pin(lived_in()).await;
    let entry = first(&world, "ledger", |item| text(item, "p") == "ledger").await;
    let mut row = first(&world, "keys", |item| has(item, &["w", "x"])).await;
    row.insert("u".to_owned(), entry["u"].clone());
    put(&world, "keys", &row).await;
    let said = broken(&world).await;
    assert!(
        said.iter().any(|one| one.table == "keys" && one.invariant == "erased_and_readable"),
        "{said:#?}"
    );
}
