//! Somebody who can edit the tables can destroy, but not read, alter, move or lengthen unnoticed.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::store::attributes::Item;
use tests::api::{Api, Request};
use tests::visitor::Visitor;
use tests::world::World;

struct Attack {
    world: World,
    visitor: Visitor,
    conversation: String,
    said: Vec<(String, String)>,
}

impl Attack {
    async fn prepare() -> Self {
        let world = World::new().await;
        let visitor = world.visitor().await;
        let conversation = visitor.open().await;
        for text in ["one", "two", "three"] {
            visitor.say(&conversation, text).await;
        }
        let said = visitor.transcript(&conversation).await;
        Self { world, visitor, conversation, said }
    }

    async fn rows(&self, table: &str) -> Vec<Item> {
        let mut rows: Vec<Item> = self
            .world
            .all_items()
            .await
            .into_iter()
            .filter(|(name, _)| name.ends_with(table))
            .map(|(_, item)| item)
            .collect();
        rows.sort_by_key(|row| row.get("s").and_then(|seq| seq.as_n().ok()).cloned());
        rows
    }

    async fn put(&self, table: &str, item: Item) {
        let name = format!("world-{table}");
        let put = self.world.dynamo().put_item().table_name(name).set_item(Some(item));
        put.send().await.expect("a put");
    }

    async fn delete(&self, row: &Item) {
        let delete = self.world.dynamo().delete_item().table_name("world-conversations");
        delete
            .key("c", row["c"].clone())
            .key("s", row["s"].clone())
            .send()
            .await
            .expect("a delete");
    }

    /// The page that a function with cold caches shows now.
    async fn page(&self) -> (u16, Value) {
        let router = intake::router(self.world.another_function());
        let request = Request::new("GET", &format!("{}/messages", self.conversation))
            .bearer(&self.visitor.token);
        let response = tests::api::invoke(router, &request.to_event()).await;
        (response.status, response.json())
    }

    /// Nothing is shown that was not said, and that something is wrong is shown.
    async fn assert_noticed(&self, what: &str) {
        let (status, page) = self.page().await;
        if status != 200 {
            assert!(matches!(status, 404 | 500), "{what}: {status}");
            return;
        }
        assert_eq!(page["integrity"], "broken", "{what} went unnoticed");
        for item in page["items"].as_array().expect("items") {
            let one = (
                item["author"].as_str().expect("author").to_owned(),
                item["text"].as_str().expect("text").to_owned(),
            );
            assert!(self.said.contains(&one), "{what} showed what was never said");
        }
    }
}

fn flipped(value: &AttributeValue, bit: usize) -> AttributeValue {
    let mut bytes = value.as_b().expect("bytes").as_ref().to_vec();
    let at = bit % (bytes.len() * 8);
    bytes[at / 8] ^= 1 << (at % 8);
    AttributeValue::B(Blob::new(bytes))
}

#[tokio::test]
async fn an_untouched_log_is_sound() {
    let attack = Attack::prepare().await;
    let (status, page) = attack.page().await;
    assert_eq!((status, page["integrity"].as_str()), (200, Some("ok")));
}

#[tokio::test]
async fn an_altered_event_is_noticed() {
    let attack = Attack::prepare().await;
    let rows = attack.rows("conversations").await;
    assert_eq!(rows.len(), 4);
    for row in &rows {
        for attribute in ["m", "v"] {
            for bit in [0, 1, 9, 77, 130, 250, 371] {
                let mut altered = row.clone();
                altered.insert(attribute.to_owned(), flipped(&row[attribute], bit));
                attack.put("conversations", altered).await;
                attack.assert_noticed(&format!("bit {bit} of {attribute}")).await;
            }
        }
        attack.put("conversations", row.clone()).await;
    }
    assert_eq!(attack.page().await.1["integrity"], "ok");
}

#[tokio::test]
async fn a_moved_copied_or_missing_event_is_noticed() {
    let attack = Attack::prepare().await;
    let rows = attack.rows("conversations").await;
    for (from, to) in [(1, 2), (2, 1), (3, 1), (1, 3), (0, 2)] {
        let mut copy = rows[from].clone();
        copy.insert("s".to_owned(), rows[to]["s"].clone());
        attack.put("conversations", copy).await;
        attack.assert_noticed(&format!("{from} put over {to}")).await;
        attack.put("conversations", rows[to].clone()).await;
    }
    for row in &rows[..3] {
        attack.delete(row).await;
        attack.assert_noticed("a missing event").await;
        attack.put("conversations", row.clone()).await;
    }
    let other = attack.visitor.open().await;
    attack.visitor.say(&other, "elsewhere").await;
    let elsewhere: Vec<Item> = attack
        .rows("conversations")
        .await
        .into_iter()
        .filter(|row| row["c"] != rows[0]["c"] && row["s"] == rows[1]["s"])
        .collect();
    let mut transplanted = elsewhere[0].clone();
    transplanted.insert("c".to_owned(), rows[1]["c"].clone());
    attack.put("conversations", transplanted).await;
    attack.assert_noticed("an event of another conversation").await;
}

#[tokio::test]
async fn a_key_row_gives_nothing_in_another_place_or_for_a_longer_time() {
    let attack = Attack::prepare().await;
    let stranger = Visitor::arrive(attack.visitor.api.clone()).await;
    let row = attack.rows("keys").await.remove(0);
    let tries: [(&str, HashMap<&str, AttributeValue>); 5] = [
        ("a longer life", HashMap::from([("p", AttributeValue::N("1999999999999".to_owned()))])),
        ("another branch", HashMap::from([("b", AttributeValue::S("2026-10".to_owned()))])),
        ("another commitment", HashMap::from([("m", flipped(&row["m"], 5))])),
        ("another wrapping", HashMap::from([("w", flipped(&row["w"], 400))])),
        ("another salt", HashMap::from([("w", flipped(&row["w"], 3))])),
    ];
    for (what, changes) in tries {
        let mut altered = row.clone();
        altered.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        attack.put("keys", altered).await;
        let (status, _) = attack.page().await;
        assert_eq!(status, 500, "{what} was accepted");
    }
    attack.put("keys", row.clone()).await;
    assert_eq!(attack.page().await.0, 200);

    let mut stolen = row;
    let subject = shared::ids::SubjectId::parse(&stranger.subject).expect("a subject");
    stolen.insert("u".to_owned(), AttributeValue::B(Blob::new(subject.as_bytes().to_vec())));
    attack.put("keys", stolen).await;
    let cold = Api::Events(intake::router(attack.world.another_function()));
    let request =
        Request::new("GET", &format!("{}/messages", attack.conversation)).bearer(&stranger.token);
    let Api::Events(router) = cold else { unreachable!("events") };
    let response = tests::api::invoke(router, &request.to_event()).await;
    assert_eq!(response.status, 500, "a copied key row opened a foreign conversation");
}

#[tokio::test]
async fn nothing_is_decided_on_a_header_that_somebody_else_wrote() {
    let attack = Attack::prepare().await;
    let close = Request::new("POST", &format!("{}/close", attack.conversation));
    attack.visitor.send(close).await;
    let mut last = attack.rows("conversations").await.pop().expect("an event");
    let mut header = last["m"].as_b().expect("bytes").as_ref().to_vec();
    // The status stands in the lower half of the first byte; 0 is open.
    header[0] &= 0xf0;
    last.insert("m".to_owned(), AttributeValue::B(Blob::new(header)));
    attack.put("conversations", last).await;
    let request = tests::visitor::message(&attack.conversation, "open again?", "k")
        .bearer(&attack.visitor.token);
    let router = intake::router(attack.world.another_function());
    let response = tests::api::invoke(router, &request.to_event()).await;
    assert_eq!(response.status, 500, "a closed conversation was opened by an edit");
}
