//! The audit log: every security event is in it once, with a proof that another implementation accepts, and
//! nothing of it is rewritten unseen.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use doctor::deployment::Deployment;
use doctor::verify_log;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::ids::{EventId, StaffId};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::table::Table;
use shared::values::encoding::{base64, from_base64url};
use template::Template;
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;
use tiles::leaf::Leaf;
use tiles::log::{AuditLog, Head};
use tiles::note::NoteVerifier;

const DAY: u64 = 24 * 60 * 60;
type Item = HashMap<String, AttributeValue>;

/// A team whose events are in the log.
struct Logged {
    world: World,
    admin: Staff,
    guard: Staff,
}

impl Logged {
    async fn begin() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let guard = world.member(&admin, "guard@example.org", &["security"]).await;
        Self { world, admin, guard }
    }

    /// The same with so many events more, all in the log.
    async fn with(self, events: usize) -> Self {
        let by = StaffId::parse(&self.guard.id).expect("an id");
        for _ in 0..events {
            let event = SecurityEvent::by(by, Action::AuditLogRead, "events");
            self.world.monitor.staff.events.append(event).await.expect("it is stored");
        }
        self.sequence().await;
        self
    }

    async fn sequence(&self) {
        for answer in self.world.sequence().await {
            assert_eq!(answer, json!({ "batchItemFailures": [] }));
        }
    }

    async fn guard(&mut self) -> &Staff {
        self.guard = self.guard.signed_in(&self.world).await;
        &self.guard
    }

    /// The last checkpoint, as a verifier reads it who knows the header's key alone.
    async fn checkpoint(&self) -> (String, u64, [u8; 32]) {
        let response = self.guard.get("/v1/audit/checkpoint").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), "text/plain; charset=utf-8");
        let note = String::from_utf8(response.body.clone()).expect("a text");
        let verifier = NoteVerifier::new(response.header("sotto-log-key")).expect("a key");
        let (size, root) = verifier.read(&note).expect("a checkpoint that is signed");
        (note, size, root.0)
    }

    async fn events(&self) -> Vec<Value> {
        let (mut events, mut query) = (Vec::new(), "?limit=100".to_owned());
        loop {
            let page = self.guard.get(&format!("/v1/audit/events{query}")).await.json();
            events.extend(page["items"].as_array().expect("a list").clone());
            let Some(cursor) = page["next_cursor"].as_str() else { return events };
            query = format!("?limit=100&cursor={cursor}");
        }
    }

    async fn proof(&self, event: &str) -> Response {
        self.guard.get(&format!("/v1/audit/proofs/{event}")).await
    }

    fn deployment(&self) -> Deployment {
        let template = Template::deployed().expect("the template");
        let name = |table: &template::Table| Some(name_of(&table.short_name()));
        Deployment::named(self.world.services(), template, name)
    }

    /// The faults that the verifier names in the tables as they are; it knows no key.
    async fn faults(&self, since: Option<&str>) -> Vec<String> {
        let outcome = verify_log::run(&self.deployment(), &self.world.clock, None, since).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
        outcome.verified.faults.iter().map(ToString::to_string).collect()
    }

    async fn rows(&self, table: &str) -> Vec<Item> {
        let found =
            self.world.dynamo().scan().table_name(name_of(table)).send().await.expect("the rows");
        found.items.unwrap_or_default()
    }

    async fn put(&self, table: &str, item: Item) {
        let put = self.world.dynamo().put_item().table_name(name_of(table));
        put.set_item(Some(item)).send().await.expect("it is put");
    }

    async fn delete(&self, table: &str, item: &Item) {
        let delete = self.world.dynamo().delete_item().table_name(name_of(table));
        let key = item.iter().filter(|(name, _)| ["p", "k"].contains(&name.as_str()));
        let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
        delete.set_key(Some(key)).send().await.expect("it is deleted");
    }

    /// Incidents about the log, after detection has seen all streams.
    async fn incidents(&mut self) -> Vec<Value> {
        self.world.detect().await;
        let list = self.guard().await.get("/v1/incidents").await.json();
        let all = list["items"].as_array().expect("a list");
        all.iter().filter(|one| one["kind"] == "log_tampered").cloned().collect()
    }
}

fn name_of(table: &str) -> String {
    format!("world-{table}")
}

async fn erase(visitor: &Visitor) -> Value {
    let request = Request::new("DELETE", "/v1/me").header("idempotency-key", fresh_key());
    let receipt = visitor.send(request).await;
    assert_eq!(receipt.status, 200, "{}", receipt.json());
    receipt.json()
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn bytes(item: &Item, name: &str) -> Vec<u8> {
    item[name].as_b().expect("bytes").clone().into_inner()
}

fn set(item: &mut Item, name: &str, bytes: Vec<u8>) {
    item.insert(name.to_owned(), AttributeValue::B(bytes.into()));
}

fn hashes(value: &Value) -> Vec<u8> {
    let hashes = value.as_array().expect("hashes").iter();
    hashes.flat_map(|hash| from_base64url(hash.as_str().expect("a text")).expect("bytes")).collect()
}

fn root(size: u64, hash: [u8; 32]) -> RootHash<Sha256> {
    RootHash::new(hash.into(), size)
}

#[tokio::test]
async fn every_event_is_in_the_log_with_a_proof_that_another_implementation_accepts() {
    let mut team = Logged::begin().await.with(30).await;
    team.guard().await;
    let events = team.events().await;
    team.sequence().await;
    assert!(events.len() > 30, "{}", events.len());
    let (note, size, hash) = team.checkpoint().await;
    for event in &events {
        let id = event["id"].as_str().expect("an id");
        let proof = team.proof(id).await;
        assert_eq!(proof.status, 200, "{id}: {}", proof.json());
        let proof = proof.json();
        assert_eq!(
            (&proof["checkpoint"], &proof["tree_size"], &proof["event_id"]),
            (&json!(note), &json!(size), &json!(id))
        );
        let leaf = from_base64url(proof["leaf"].as_str().expect("a leaf")).expect("bytes");
        let path = InclusionProof::try_from_bytes(hashes(&proof["hashes"])).expect("hashes");
        let at = proof["leaf_index"].as_u64().expect("a place");
        root(size, hash).verify_inclusion(&leaf, at, &path).expect("it is in the tree");
        // Of the same length, so only the hashes can tell.
        let other = [&leaf[..leaf.len() - 1], &[leaf[leaf.len() - 1] ^ 1]].concat();
        root(size, hash).verify_inclusion(&other, at, &path).expect_err("another leaf");
    }
    let key = team.guard.get("/.well-known/jwks.json").await.json();
    let of_log = |key: &&Value| key["sotto_use"] == "log";
    let published: Vec<_> = key["keys"].as_array().expect("keys").iter().filter(of_log).collect();
    let x = from_base64url(published[0]["x"].as_str().expect("a key")).expect("bytes");
    let header = team.guard.get("/v1/audit/checkpoint").await;
    let encoded = base64(&[&[1], x.as_slice()].concat());
    assert!(header.header("sotto-log-key").ends_with(&encoded), "the header has the published key");
    assert_eq!(team.faults(None).await, [""; 0]);
}

#[tokio::test]
async fn a_tree_goes_on_from_each_that_it_was() {
    let mut team = Logged::begin().await;
    let mut kept = Vec::new();
    for _ in 0..12 {
        team = team.with(3).await;
        let (_, size, hash) = team.checkpoint().await;
        kept.push((size, hash));
    }
    for (place, (from, old)) in kept.iter().enumerate() {
        for (to, new) in &kept[place..] {
            let path = format!("/v1/audit/consistency?from={from}&to={to}");
            let proof = team.guard.get(&path).await;
            assert_eq!(proof.status, 200, "{}", proof.json());
            let hashes = hashes(&proof.json()["hashes"]);
            if from == to {
                assert!(hashes.is_empty());
                continue;
            }
            let proof = ConsistencyProof::try_from_bytes(hashes).expect("hashes");
            let (old, new) = (root(*from, *old), root(*to, *new));
            new.verify_consistency(&old, &proof).expect("it goes on");
            new.verify_consistency(&root(*from, [7; 32]), &proof).expect_err("another tree");
        }
    }
    let (last, _) = kept[kept.len() - 1];
    for (query, pointer) in [
        (format!("from={}&to={last}", last + 1), "/query/from"),
        (format!("from=1&to={}", last + 1), "/query/to"),
        ("from=2&to=1".to_owned(), "/query/from"),
        ("to=1".to_owned(), "/query/from"),
        ("from=1".to_owned(), "/query/to"),
        ("from=-1&to=2".to_owned(), "/query/from"),
        ("from=1&to=18446744073709551616".to_owned(), "/query/to"),
    ] {
        let refused = team.guard.get(&format!("/v1/audit/consistency?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{query}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{query}");
    }
    let nothing = team.guard.get(&format!("/v1/audit/consistency?from=0&to={last}")).await;
    assert_eq!(nothing.json()["hashes"], json!([]));
}

#[tokio::test]
async fn an_event_is_appended_once_however_often_and_in_whatever_order_it_comes() {
    let team = Logged::begin().await.with(10).await;
    let (_, size, _) = team.checkpoint().await;
    let [_, records, _] = team.world.records();
    let sequencer = team.world.sequencer();
    let hand = async |records: Vec<Value>| {
        let event = LambdaEvent::new(json!({ "Records": records }), Context::default());
        let answer = Box::pin(sequencer.handle(&event)).await.expect("a batch");
        serde_json::to_value(answer).expect("an answer")
    };
    let mut reversed = records.clone();
    reversed.reverse();
    for again in [records.clone(), reversed, records[3..7].to_vec(), Vec::new()] {
        assert_eq!(hand(again).await, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(team.checkpoint().await.1, size);
    // Two of the same, one that nobody can read, and a change: the new one is appended.
    assert_eq!(team.guard.get("/v1/audit/events?limit=1").await.status, 200);
    let [_, all, _] = team.world.records();
    let new = all[records.len()].clone();
    let mut poison = new.clone();
    poison["dynamodb"]["NewImage"] = json!({ "k": { "S": "nothing" } });
    let mut changed = new.clone();
    changed["eventName"] = json!("MODIFY");
    let answer = hand(vec![poison, changed, new.clone(), new]).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(team.checkpoint().await.1, size + 1);
    // After 23 hours the stream still has it.
    team.world.advance_seconds(23 * 60 * 60);
    assert_eq!(hand(all).await, json!({ "batchItemFailures": [] }));
    let rows = team.rows("log").await;
    let head = rows.iter().find(|row| text(row, "p") == "head").expect("a head");
    assert_eq!(head["n"].as_n().expect("a number"), &(size + 1).to_string());
    let event = LambdaEvent::new(json!({ "Records": [{}] }), Context::default());
    assert!(Box::pin(sequencer.handle(&event)).await.is_err(), "a record without a number");
}

#[tokio::test]
async fn of_two_sequencers_at_once_none_makes_a_fork() {
    let mut team = Logged::begin().await.with(1).await;
    for round in 0..15 {
        for _ in 0..3 {
            assert_eq!(team.guard.get("/v1/audit/events?limit=1").await.status, 200);
        }
        let (one, other) = tokio::join!(team.world.sequence(), team.world.sequence());
        for answer in one.into_iter().chain(other) {
            assert_eq!(answer, json!({ "batchItemFailures": [] }), "{round}");
        }
    }
    assert_eq!(team.faults(None).await, [""; 0]);
    let [_, records, _] = team.world.records();
    let rows = team.rows("log").await;
    let entries: usize = rows
        .iter()
        .filter(|row| text(row, "p").starts_with("index#"))
        .map(|row| bytes(row, "v").len() / 24)
        .sum();
    assert_eq!(entries, records.len(), "each event once");
    assert!(team.incidents().await.is_empty());
}

/// Something that is done by hand, and the lines by which the verifier names it.
type Edit =
    (&'static str, fn(&[Item], &[Item]) -> Vec<(&'static str, Change)>, fn(&[Item], u64) -> String);

enum Change {
    Put(Item),
    Delete(Item),
}

fn of<'a>(rows: &'a [Item], partition: &str) -> Vec<&'a Item> {
    let mut found: Vec<_> =
        rows.iter().filter(|row| text(row, "p").starts_with(partition)).collect();
    found.sort_by_key(|row| (text(row, "p").to_owned(), text(row, "k").to_owned()));
    found
}

/// The event in the middle of those that the log has.
fn middle(events: &[Item]) -> Item {
    let mut found: Vec<_> = events.iter().collect();
    found.sort_by_key(|event| text(event, "k").to_owned());
    found[found.len() / 2].clone()
}

fn name_of_middle(events: &[Item]) -> String {
    let event = middle(events);
    format!("event {}", text(&event, "k").split_once('#').expect("an id").1)
}

fn size_of(checkpoint: &Item) -> String {
    format!("checkpoint {}", text(checkpoint, "k").trim_start_matches('0'))
}

/// The same with another id at its end, of the same day's shard.
fn made_up(text: &str) -> String {
    let (before, after) = text.split_at(text.len() - 4);
    let other = if after.starts_with('0') { '1' } else { '0' };
    format!("{before}{other}{}", &after[1..])
}

const EDITS: [Edit; 17] = [
    (
        "another did it",
        |events, _| {
            let mut event = middle(events);
            event.insert(
                "a".to_owned(),
                AttributeValue::S("01800000-0000-7000-8000-000000000000".into()),
            );
            vec![("events", Change::Put(event))]
        },
        |events, _| name_of_middle(events),
    ),
    (
        "it may be forgotten sooner",
        |events, _| {
            let mut event = middle(events);
            event.insert("expires_at".to_owned(), AttributeValue::N("1".into()));
            vec![("events", Change::Put(event))]
        },
        |events, _| name_of_middle(events),
    ),
    (
        "an event is deleted",
        |events, _| vec![("events", Change::Delete(middle(events)))],
        |events, _| name_of_middle(events),
    ),
    (
        "an event is made up",
        |events, _| {
            let mut event = middle(events);
            let key = made_up(text(&event, "k"));
            event.insert("k".to_owned(), AttributeValue::S(key));
            vec![("events", Change::Put(event))]
        },
        |events, _| made_up(&name_of_middle(events)),
    ),
    (
        "two events change places",
        |events, _| {
            let (one, other) = (middle(events), of(events, "")[0].clone());
            let put = |at: &Item, what: &Item| {
                let mut moved = what.clone();
                moved.extend(["p", "k"].map(|name| (name.to_owned(), at[name].clone())));
                ("events", Change::Put(moved))
            };
            vec![put(&one, &other), put(&other, &one)]
        },
        |events, _| name_of_middle(events),
    ),
    (
        "a leaf is another",
        |_, log| {
            let mut piece = of(log, "leaves#")[0].clone();
            let mut leaves = bytes(&piece, "v");
            let last = leaves.len() - 1;
            leaves[last] ^= 1;
            set(&mut piece, "v", leaves);
            vec![("log", Change::Put(piece))]
        },
        |_, _| "tile 0/0".to_owned(),
    ),
    (
        "a piece of leaves is gone",
        |_, log| vec![("log", Change::Delete(of(log, "leaves#")[1].clone()))],
        |_, _| "tile 0/0".to_owned(),
    ),
    (
        "two leaves change places",
        |_, log| {
            let (one, other) = (of(log, "leaves#")[0], of(log, "leaves#")[1]);
            let (mut first, mut second) = (one.clone(), other.clone());
            set(&mut first, "v", bytes(other, "v"));
            set(&mut second, "v", bytes(one, "v"));
            vec![("log", Change::Put(first)), ("log", Change::Put(second))]
        },
        |_, _| "tile 0/0".to_owned(),
    ),
    (
        "a leaf is inserted",
        |_, log| {
            let mut piece = of(log, "leaves#")[0].clone();
            let leaves = bytes(&piece, "v");
            set(&mut piece, "v", [leaves.clone(), leaves].concat());
            vec![("log", Change::Put(piece))]
        },
        |_, _| "tile 0/0".to_owned(),
    ),
    (
        "a hash of a complete tile is another",
        |_, log| {
            let mut hash = of(log, "tile#")[0].clone();
            set(&mut hash, "v", vec![7; 32]);
            vec![("log", Change::Put(hash))]
        },
        |_, _| "tile 1/0".to_owned(),
    ),
    (
        "a hash of a complete tile is gone",
        |_, log| vec![("log", Change::Delete(of(log, "tile#")[0].clone()))],
        |_, _| "tile 1/0".to_owned(),
    ),
    (
        "a hash of a complete tile stands elsewhere",
        |_, log| {
            let hash = of(log, "tile#")[0].clone();
            let mut moved = hash.clone();
            moved.insert("k".to_owned(), AttributeValue::S("001".to_owned()));
            vec![("log", Change::Delete(hash)), ("log", Change::Put(moved))]
        },
        |_, _| "tile 1/0".to_owned(),
    ),
    (
        "a checkpoint of the past is another",
        |_, log| {
            let mut checkpoint = of(log, "checkpoint")[0].clone();
            let note = text(&checkpoint, "j").replace("/audit\n", "/other\n");
            checkpoint.insert("j".to_owned(), AttributeValue::S(note));
            vec![("log", Change::Put(checkpoint))]
        },
        |log, _| size_of(of(log, "checkpoint")[0]),
    ),
    (
        "a checkpoint of the past is gone",
        |_, log| vec![("log", Change::Delete(of(log, "checkpoint")[1].clone()))],
        |log, _| size_of(of(log, "checkpoint")[1]),
    ),
    (
        "two checkpoints change places",
        |_, log| {
            let checkpoints = of(log, "checkpoint");
            let (mut one, mut other) = (checkpoints[0].clone(), checkpoints[1].clone());
            one.insert("j".to_owned(), checkpoints[1]["j"].clone());
            other.insert("j".to_owned(), checkpoints[0]["j"].clone());
            vec![("log", Change::Put(one)), ("log", Change::Put(other))]
        },
        |log, _| size_of(of(log, "checkpoint")[0]),
    ),
    (
        "a checkpoint is made up",
        |_, log| {
            let mut made = of(log, "checkpoint")[0].clone();
            made.insert("k".to_owned(), AttributeValue::S(format!("{:020}", 3)));
            vec![("log", Change::Put(made))]
        },
        |_, _| "checkpoint 3".to_owned(),
    ),
    (
        "the head is set back",
        |_, log| {
            let checkpoints = of(log, "checkpoint");
            let mut head = of(log, "head")[0].clone();
            let before = text(checkpoints[checkpoints.len() - 2], "j").to_owned();
            head.insert("j".to_owned(), AttributeValue::S(before));
            vec![("log", Change::Put(head))]
        },
        |_, size| format!("checkpoint {size}"),
    ),
];

#[tokio::test]
async fn whatever_is_done_by_hand_is_named_and_an_incident() {
    // More than a tile, in pieces.
    let mut team = Logged::begin().await;
    for events in [4, 5, 280] {
        team = team.with(events).await;
    }
    team.world.advance_seconds(10 * 60);
    assert_eq!(team.faults(None).await, [""; 0]);
    assert!(team.incidents().await.is_empty(), "what the sequencer does is no incident");
    for (name, edit, named) in EDITS {
        let mut team = Logged::begin().await;
        for events in [4, 5, 280] {
            team = team.with(events).await;
        }
        team.world.detect().await;
        team.world.advance_seconds(5 * 60);
        let (events, log) = (team.rows("events").await, team.rows("log").await);
        let changes = edit(&events, &log);
        let of_events = changes.iter().all(|(table, _)| *table == "events");
        let (_, size, _) = team.checkpoint().await;
        let expected = named(if of_events { &events } else { &log }, size);
        for (table, change) in changes {
            match change {
                Change::Put(item) => team.put(table, item).await,
                Change::Delete(item) => team.delete(table, &item).await,
            }
        }
        let faults = team.faults(None).await;
        assert!(faults.contains(&expected), "{name}: {expected} is not among {faults:?}");
        assert!(faults.len() <= 2, "{name}: {faults:?}");
        assert_eq!(team.incidents().await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn rows_that_are_made_up_are_an_incident_within_the_minute() {
    let rows: [(&str, &str); 9] = [
        ("leaves#0000000000", "007"),
        ("leaves#0000000009", "000"),
        ("tile#1#0000000000", "003"),
        ("tile#2#0000000000", "000"),
        ("checkpoint", "00000000000000000003"),
        ("checkpoint", "+13"),
        ("leaves#0", "000"),
        ("index#2026-11-02T12", "01800000-0000-7000-8000-000000000000#00000000000000000000"),
        ("anything", "else"),
    ];
    for (partition, sort) in rows {
        let mut team = Logged::begin().await.with(8).await;
        assert!(team.incidents().await.is_empty(), "{partition}");
        let mut item = Item::new();
        item.insert("p".to_owned(), AttributeValue::S(partition.to_owned()));
        item.insert("k".to_owned(), AttributeValue::S(sort.to_owned()));
        item.insert("j".to_owned(), AttributeValue::S("a note".to_owned()));
        set(&mut item, "v", vec![1; 24]);
        team.put("log", item).await;
        let incidents = team.incidents().await;
        assert_eq!(incidents.len(), 1, "{partition}");
        assert_eq!(incidents[0]["severity"], "critical");
    }
}

#[tokio::test]
async fn nothing_is_built_upon_a_head_that_somebody_has_made() {
    let team = Logged::begin().await.with(8).await;
    let (note, size, _) = team.checkpoint().await;
    let rows = team.rows("log").await;
    let mut head = of(&rows, "head")[0].clone();
    let mut frontier = bytes(&head, "v");
    frontier[0] ^= 1;
    set(&mut head, "v", frontier);
    team.put("log", head.clone()).await;
    assert_eq!(team.guard.get("/v1/audit/events?limit=1").await.status, 200);
    let answers = team.world.sequence().await;
    assert_ne!(answers[0]["batchItemFailures"], json!([]), "{answers:?}");
    assert_eq!(team.rows("log").await.len(), rows.len(), "nothing was appended");
    assert!(team.faults(None).await.contains(&format!("checkpoint {size}")));
    let other = Logged::begin().await.with(2).await;
    let (deployment, clock) = (other.deployment(), &other.world.clock);
    let verified = verify_log::run(&deployment, clock, None, Some(&note)).await;
    assert!(verified.is_err(), "a checkpoint of another key");
}

#[tokio::test]
async fn a_log_that_was_set_back_is_not_the_one_whose_checkpoint_was_kept() {
    let team = Logged::begin().await.with(8).await;
    let before = team.rows("log").await;
    assert_eq!(team.guard.get("/v1/audit/events?limit=1").await.status, 200);
    team.sequence().await;
    let (kept, size, _) = team.checkpoint().await;
    for row in team.rows("log").await {
        team.delete("log", &row).await;
    }
    for row in before {
        team.put("log", row).await;
    }
    let faults = team.faults(Some(&kept)).await;
    assert!(faults.contains(&format!("checkpoint {size}")), "{faults:?}");
    assert!(!team.faults(None).await.contains(&format!("checkpoint {size}")));
}

#[tokio::test]
async fn a_proof_says_when_the_event_is_another_or_gone() {
    let mut team = Logged::begin().await.with(3).await;
    let event = middle(&team.rows("events").await);
    let id = text(&event, "k").split_once('#').expect("an id").1.to_owned();
    assert_eq!(team.proof(&id).await.status, 200, "{}", team.proof(&id).await.json());
    let mut changed = event.clone();
    changed.insert("w".to_owned(), AttributeValue::S("signed_in_".to_owned()));
    team.put("events", changed).await;
    assert_eq!(team.proof(&id).await.refusal(), (409, "leaf_mismatch".to_owned()));
    team.delete("events", &event).await;
    assert_eq!(team.proof(&id).await.refusal(), (409, "leaf_mismatch".to_owned()));
    team.world.advance_seconds(800 * DAY);
    team.world.rotate_keys().await;
    team.guard().await;
    assert_eq!(team.proof(&id).await.refusal(), (404, "not_found".to_owned()), "its time is up");
    for unknown in ["01800000-0000-7000-8000-000000000000", "x"] {
        assert_eq!(team.proof(unknown).await.refusal(), (404, "not_found".to_owned()), "{unknown}");
    }
}

/// Sizes around the borders of tiles, of two levels.
const BORDERS: [u64; 12] = [1, 2, 3, 255, 256, 257, 511, 1_000, 65_535, 65_536, 65_537, 66_300];

#[tokio::test]
async fn proofs_hold_across_the_borders_of_tiles() {
    let world = World::new().await;
    let table = Table::new(world.dynamo(), name_of("log"));
    let log = AuditLog::new(table);
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let (mut head, mut roots) = (None, Vec::new());
    for size in BORDERS {
        while head.as_ref().map_or(0, size_at) < size {
            let room = size - head.as_ref().map_or(0, size_at);
            let leaf = |_| Leaf::Event {
                id: EventId::generate(&world.clock).expect("randomness"),
                end_s: 1_999_999_999,
                commitment: [7; 32],
            };
            let leaves: Vec<_> = (0..room.min(1_000)).map(leaf).collect();
            for leaf in &leaves {
                other.push(leaf.to_bytes());
            }
            world.advance_seconds(60);
            let sign = |_, _| Ok("a note".to_owned());
            head = log.append(head.as_ref(), &leaves, sign).await.expect("it is appended");
        }
        let hash = head.as_ref().expect("a head").frontier.root();
        assert_eq!(hash.0.as_slice(), other.root().as_bytes().as_slice(), "{size}");
        assert_eq!(log.root(size).await.expect("a root").0, hash.0, "{size}, from the tiles");
        roots.push((size, hash.0));
        for place in [0, size / 3, size / 2, size - 1] {
            let leaf = log.leaf(place).await.expect("it is read").expect("a leaf");
            let proof = log.inclusion(size, place).await.expect("a proof");
            let proof = proof.iter().flat_map(|hash| hash.0).collect();
            let proof = InclusionProof::try_from_bytes(proof).expect("hashes");
            root(size, hash.0).verify_inclusion(&leaf, place, &proof).expect("it is in the tree");
        }
    }
    for (place, (from, old)) in roots.iter().enumerate() {
        for (to, new) in &roots[place + 1..] {
            let proof = log.consistency(*to, *from).await.expect("a proof");
            let proof = proof.iter().flat_map(|hash| hash.0).collect();
            let proof = ConsistencyProof::try_from_bytes(proof).expect("hashes");
            let (old, new) = (root(*from, *old), root(*to, *new));
            new.verify_consistency(&old, &proof).expect("it goes on");
        }
    }
}

fn size_at(head: &Head) -> u64 {
    head.frontier.size()
}

#[tokio::test]
async fn before_the_first_event_there_is_no_checkpoint() {
    let mut team = Logged::begin().await;
    let refused = team.guard().await.get("/v1/audit/checkpoint").await;
    assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    assert_eq!(team.guard.get("/v1/audit/consistency?from=0&to=0").await.status, 200);
}

#[tokio::test]
async fn the_log_has_no_id_of_anybody_and_no_word() {
    let mut team = Logged::begin().await;
    let visitor = team.world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    erase(&visitor).await;
    team = team.with(3).await;
    let rows = team.rows("log").await;
    assert_eq!(rows.len(), 4, "leaves, index, checkpoint, head");
    let text = format!("{rows:?}");
    let ids = [&*team.guard.id, &*team.admin.id, conversation.rsplit('/').next().expect("an id")];
    for word in ids.into_iter().chain(["audit_log_read", "subject_erased", "guard@example.org"]) {
        assert!(!text.contains(word), "{word}");
    }
    // Nor as the 16 bytes of an id.
    for id in ids {
        let id = StaffId::parse(id).expect("an id");
        for row in &rows {
            let Some(AttributeValue::B(value)) = row.get("v") else { continue };
            let found = value.as_ref().windows(16).any(|window| window == id.as_bytes());
            assert!(!found, "{row:?}");
        }
    }
}

#[tokio::test]
async fn what_the_stack_publishes_is_stated_when_it_changes() {
    let mut team = Logged::begin().await.with(1).await;
    let stated = async |team: &Logged| {
        let rows = team.rows("log").await;
        of(&rows, "head")[0]["a"].as_s().expect("a text").clone()
    };
    let (before, size) = (stated(&team).await, team.checkpoint().await.1);
    for name in ["jwks", "key-list"] {
        assert!(before.contains(&format!("\"{name}\"")), "{before}");
    }
    team = team.with(1).await;
    assert_eq!(stated(&team).await, before, "nothing was published");
    assert_eq!(team.checkpoint().await.1, size + 1, "the event alone");
    team.world.clock.advance(Duration::from_secs(2 * DAY));
    team.world.rotate_keys().await;
    team.guard().await;
    team = team.with(1).await;
    assert_ne!(stated(&team).await, before, "a new list of keys");
    assert_eq!(team.faults(None).await, [""; 0]);
}

#[tokio::test]
async fn a_receipt_says_where_the_log_has_the_erasure() {
    // More than a tile of leaves, so that the proof goes over its border.
    let team = Logged::begin().await.with(300).await;
    let visitor = team.world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    let given = erase(&visitor).await;
    assert_eq!(given["log"], Value::Null);
    let path = format!("/v1/receipts/{}", given["id"].as_str().expect("an id"));
    assert_eq!(team.guard.get(&path).await.json(), given, "not in the log yet");
    team.sequence().await;
    let (_, size, hash) = team.checkpoint().await;
    let placed = team.guard.get(&path).await.json();
    assert_eq!(placed["log"]["tree_size"], size);
    let named = from_base64url(placed["log"]["root_hash"].as_str().expect("a hash"));
    assert_eq!(named.expect("bytes"), hash);
    assert_eq!(team.guard.get(&path).await.json(), placed, "once filled in, it stays");
    let events = team.events().await;
    let told: Vec<_> = events.iter().filter(|event| event["action"] == "subject_erased").collect();
    assert_eq!((told.len(), &told[0]["actor"]), (1, &Value::Null));
    let event = told[0]["id"].as_str().expect("an id");
    assert_ne!(event, given["id"].as_str().expect("an id"), "the log tells no receipt's id");
    let proof = team.proof(event).await.json();
    assert_eq!(proof["leaf_index"], placed["log"]["leaf_index"]);
    for receipt in [&given, &placed] {
        let asked = Request::new("POST", "/v1/receipts/verify").json(receipt);
        assert_eq!(team.guard.send(asked).await.json(), json!({ "valid": true }));
    }
    let mut other = placed.clone();
    other["log"]["leaf_index"] = json!(0);
    let asked = Request::new("POST", "/v1/receipts/verify").json(&other);
    assert_eq!(team.guard.send(asked).await.json()["reason"], "altered");
}

#[tokio::test]
async fn nothing_that_somebody_wrote_into_the_ledger_or_the_log_is_signed() {
    let team = Logged::begin().await.with(3).await;
    let visitor = team.world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    let given = erase(&visitor).await;
    team.sequence().await;
    let path = format!("/v1/receipts/{}", given["id"].as_str().expect("an id"));
    let ledger = team.rows("ledger").await;
    let stored = of(&ledger, "receipt#")[0].clone();
    // A receipt that says more than was signed.
    let mut receipt = given.clone();
    receipt["conversations"] = json!(7);
    let mut forged = stored.clone();
    forged.insert("j".to_owned(), AttributeValue::S(receipt.to_string()));
    team.put("ledger", forged).await;
    let answered = team.guard.get(&path).await.json();
    assert_eq!((&answered["log"], &answered["jws"]), (&Value::Null, &given["jws"]));
    team.put("ledger", stored).await;
    // A place that is another's: the row of the index names the first leaf.
    let log = team.rows("log").await;
    let head = of(&log, "head")[0].clone();
    for row in of(&log, "index#") {
        let mut other = row.clone();
        let entries: Vec<u8> =
            bytes(row, "v").chunks(24).flat_map(|entry| [&entry[..16], &[0; 8]].concat()).collect();
        set(&mut other, "v", entries);
        team.put("log", other).await;
    }
    assert_eq!(team.guard.get(&path).await.json()["log"], Value::Null);
    for row in of(&log, "index#") {
        team.put("log", row.clone()).await;
    }
    // A head that nobody has signed.
    let mut other = head.clone();
    let note = text(&head, "j").replace("— ", "— x");
    other.insert("j".to_owned(), AttributeValue::S(note));
    team.put("log", other).await;
    assert_eq!(team.guard.get(&path).await.json()["log"], Value::Null);
    team.put("log", head).await;
    assert_ne!(team.guard.get(&path).await.json()["log"], Value::Null, "as it was");
}

#[tokio::test]
async fn what_somebody_puts_in_the_way_keeps_no_event_out() {
    let team = Logged::begin().await.with(3).await;
    let log = team.rows("log").await;
    let index = of(&log, "index#")[0].clone();
    let mut unreadable = index.clone();
    unreadable.insert("k".to_owned(), AttributeValue::S("zzz".to_owned()));
    unreadable.remove("v");
    team.put("log", unreadable).await;
    let published = [("settings", "ledger", "head"), ("settings", "staff", "jwks")];
    for (table, partition, sort) in published {
        let rows = team.rows(table).await;
        let found = rows.iter().find(|row| text(row, "p") == partition && text(row, "k") == sort);
        let Some(mut row) = found.cloned() else { continue };
        row.insert("x".to_owned(), AttributeValue::Bool(true));
        team.put(table, row).await;
    }
    // The next event is said to be the first leaf.
    let by = StaffId::parse(&team.guard.id).expect("an id");
    let event = SecurityEvent::by(by, Action::AuditLogRead, "events");
    team.world.monitor.staff.events.append(event).await.expect("it is stored");
    let [_, records, _] = team.world.records();
    let key = records[records.len() - 1].pointer("/dynamodb/Keys/k/S").expect("a key").clone();
    let id = key.as_str().expect("a text").split_once('#').expect("an id").1.to_owned();
    let mut claimed = index.clone();
    claimed.insert("k".to_owned(), AttributeValue::S(format!("{id}#{:020}", 0)));
    let bytes_of = StaffId::parse(&id).expect("an id");
    set(&mut claimed, "v", [bytes_of.as_bytes().as_slice(), &[0; 8]].concat());
    team.put("log", claimed).await;
    let size = team.checkpoint().await.1;
    team.sequence().await;
    assert!(team.checkpoint().await.1 > size, "it is appended");
    assert_eq!(team.proof(&id).await.status, 200);
}

#[tokio::test]
async fn a_verification_holds_while_the_log_grows_and_says_when_it_was_emptied() {
    let team = Logged::begin().await.with(300).await;
    let deployment = team.deployment();
    let verified = verify_log::run(&deployment, &team.world.clock, None, None);
    let growing = async {
        for _ in 0..10 {
            let by = StaffId::parse(&team.guard.id).expect("an id");
            let event = SecurityEvent::by(by, Action::AuditLogRead, "events");
            team.world.monitor.staff.events.append(event).await.expect("it is stored");
            team.sequence().await;
        }
    };
    let (outcome, ()) = tokio::join!(verified, growing);
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.verified.faults, [], "it grew");
    assert_eq!(team.faults(None).await, [""; 0]);
    // Without its rows the log proves nothing, and every event is missing from it.
    let (key, events) = (outcome.verifier_key, team.rows("events").await.len());
    team.world.advance_seconds(10 * 60);
    for row in team.rows("log").await {
        team.delete("log", &row).await;
    }
    let clock = &team.world.clock;
    let emptied = verify_log::run(&deployment, clock, Some(key), None).await;
    let emptied = emptied.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(emptied.verified.faults.len(), events);
}

#[tokio::test]
async fn a_log_goes_on_under_its_name_when_the_issuer_gets_another() {
    let team = Logged::begin().await.with(3).await;
    let size = team.checkpoint().await.1;
    let by = StaffId::parse(&team.guard.id).expect("an id");
    let event = SecurityEvent::by(by, Action::AuditLogRead, "events");
    team.world.monitor.staff.events.append(event).await.expect("it is stored");
    let answers = team.world.sequence_as("another.example").await;
    assert_eq!(answers, [json!({ "batchItemFailures": [] })]);
    assert_eq!(team.checkpoint().await.1, size + 1);
    assert_eq!(team.faults(None).await, [""; 0]);
}
