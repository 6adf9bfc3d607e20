//! Data that a later release has stored is refused with an error code of its own, and nothing is
//! written over it or behind it.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::attributes::Item;
use shared::store::schema::{Noun, SHAPE};
use tests::api::{Api, Request, Response};
use tests::sealed::published_keys;
use tests::visitor::{Visitor, fresh_key, message};
use tests::world::World;

struct Later {
    world: World,
    visitor: Visitor,
    conversation: String,
}

impl Later {
    /// A conversation and a contact of this release.
    async fn prepare() -> Self {
        let world = World::new().await;
        let visitor = world.visitor().await;
        let conversation = visitor.open().await;
        let later = Self { world, visitor, conversation };
        assert_eq!(later.visitor.say(&later.conversation, "hello").await.status, 201);
        assert_eq!(later.send("lead", &contact()).await.status, 201);
        later
    }

    /// Alters the one item that `picks` picks, as a later release would have written it.
    async fn rewrite(&self, picks: impl Fn(&str, &Item) -> bool, alter: impl Fn(&mut Item)) {
        let items = self.world.all_items().await.into_iter();
        let mut picked: Vec<_> = items.filter(|(table, item)| picks(table, item)).collect();
        assert_eq!(picked.len(), 1, "one item is meant");
        let (table, mut item) = picked.remove(0);
        alter(&mut item);
        let put = self.world.dynamo().put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("a put");
    }

    /// The same visitor before a function that remembers nothing.
    fn cold(&self) -> Visitor {
        let api = Api::Events(intake::router(self.world.another_function()));
        Visitor { api, ..self.visitor.clone() }
    }

    async fn send(&self, route: &str, body: &Value) -> Response {
        self.cold().post(&format!("{}/{route}", self.conversation), body).await
    }

    /// Every route that reads the conversation refuses, and nothing is written.
    async fn assert_refused(&self, what: &str) {
        let before = self.stored().await;
        let conversation = &self.conversation;
        let post = |route: &str| Request::new("POST", &format!("{conversation}/{route}"));
        for request in [
            Request::new("GET", conversation),
            Request::new("GET", &format!("{conversation}/messages")),
            message(conversation, "hello", &fresh_key()),
            post("handover"),
            post("lead").json(&contact()),
            post("rating").json(&json!({ "score": 5 })),
            post("close"),
        ] {
            let asked = format!("{what}: {} {}", request.method, request.path);
            assert_refusal(&asked, &self.cold().send(request).await);
        }
        assert!(self.stored().await == before, "{what}: something was written");
    }

    async fn stored(&self) -> Vec<(String, Item)> {
        let mut items = self.world.all_items().await;
        items.sort_by_key(|(table, item)| (table.clone(), format!("{:?}", key_of(item))));
        items
    }
}

fn assert_refusal(what: &str, response: &Response) {
    assert_eq!(response.refusal(), (503, "other_version".to_owned()), "{what}");
    assert_eq!(response.header("retry-after"), "1", "{what}");
}

fn key_of(item: &Item) -> Vec<(&String, &AttributeValue)> {
    let mut key: Vec<_> = item
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "u" | "c" | "s" | "p" | "k"))
        .collect();
    key.sort_by_key(|(name, _)| *name);
    key
}

fn contact() -> Value {
    json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true })
}

fn kind(item: &Item) -> &str {
    item.get("k").and_then(|kind| kind.as_s().ok()).map_or("", String::as_str)
}

fn is_profile(item: &Item) -> bool {
    item.get("c").and_then(|id| id.as_b().ok()).is_some_and(|id| id.as_ref() == b"profile")
}

fn name_later(noun: Noun) -> impl Fn(&mut Item) {
    let later = noun.newest() + 1;
    move |item| {
        item.insert(SHAPE.to_owned(), AttributeValue::N(later.to_string()));
    }
}

#[tokio::test]
async fn the_key_of_a_conversation() {
    let later = Later::prepare().await;
    let picks = |table: &str, item: &Item| table.ends_with("keys") && !is_profile(item);
    later.rewrite(picks, name_later(Noun::ConversationKey)).await;
    later.assert_refused("the row of a key").await;
}

#[tokio::test]
async fn an_event() {
    // In the header's second byte the shape, in its first the kind and the status.
    for (byte, bits) in [(1, 0x20), (1, 0x40), (1, 0x60), (0, 0xf0), (0, 0x0f)] {
        let later = Later::prepare().await;
        let is_last = |table: &str, item: &Item| {
            table.ends_with("conversations") && item["s"].as_n().is_ok_and(|seq| seq == "3")
        };
        let alter = |item: &mut Item| {
            let mut header = item["m"].as_b().expect("bytes").as_ref().to_vec();
            header[byte] |= bits;
            item.insert("m".to_owned(), AttributeValue::B(Blob::new(header)));
        };
        later.rewrite(is_last, alter).await;
        later.assert_refused(&format!("an event with {bits:#x} in byte {byte}")).await;
    }
}

/// A function that has not read the end of the log meets the later event when it appends.
#[tokio::test]
async fn an_event_in_the_way_of_a_cursor() {
    let later = Later::prepare().await;
    let conversation = &later.conversation;
    let said = later.visitor.say(conversation, "hello").await;
    let cursor = said.header("sotto-cursor").to_owned();
    later.visitor.say(conversation, "hello").await;
    let is_last = |table: &str, item: &Item| {
        table.ends_with("conversations") && item["s"].as_n().is_ok_and(|seq| seq == "5")
    };
    let alter = |item: &mut Item| {
        let mut header = item["m"].as_b().expect("bytes").as_ref().to_vec();
        header[1] |= 0x20;
        item.insert("m".to_owned(), AttributeValue::B(Blob::new(header)));
    };
    later.rewrite(is_last, alter).await;
    let before = later.stored().await;
    let request = message(conversation, "hello", &fresh_key()).header("sotto-cursor", cursor);
    let refused = later.visitor.send(request).await;
    assert_refusal("a message behind a cursor", &refused);
    assert!(later.stored().await == before, "something was written");
}

#[tokio::test]
async fn the_key_of_a_profile() {
    let later = Later::prepare().await;
    let picks = |table: &str, item: &Item| table.ends_with("keys") && is_profile(item);
    later.rewrite(picks, name_later(Noun::ProfileKey)).await;
    let before = later.stored().await;
    assert_refusal("a contact", &later.send("lead", &contact()).await);
    assert!(later.stored().await == before, "an event without a contact was written");
}

#[tokio::test]
async fn the_transcripts_branch_key() {
    let later = Later::prepare().await;
    let picks = |_: &str, item: &Item| kind(item).starts_with("branch#transcript#");
    later.rewrite(picks, name_later(Noun::BranchKey)).await;
    later.assert_refused("the branch key of transcripts").await;
    let before = later.stored().await;
    let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
    let refused = later.cold().post("/v1/conversations", &consent).await;
    assert_refusal("a new conversation", &refused);
    assert!(later.stored().await == before, "something was written");
}

#[tokio::test]
async fn the_keys_of_every_request() {
    for (row, noun) in [
        ("branch#signing#visitor", Noun::BranchKey),
        ("branch#transport#", Noun::BranchKey),
        ("key-list", Noun::KeyList),
    ] {
        let later = Later::prepare().await;
        later.rewrite(|_, item| kind(item).starts_with(row), name_later(noun)).await;
        later.assert_refused(row).await;
        let session = json!({ "site": "default", "identity": null });
        assert_refusal(row, &later.cold().post("/v1/sessions", &session).await);
        assert_refusal(row, &later.cold().get("/v1/keys").await);
    }
}

/// One key of a later release silences nobody else: a client that sealed to it is told to seal
/// again.
#[tokio::test]
async fn one_transport_key() {
    let later = Later::prepare().await;
    let keys = published_keys(&later.world.api()).await;
    let row = format!("transport#{}", keys[0].kid);
    later.rewrite(|_, item| kind(item) == row, name_later(Noun::TransportKey)).await;
    let refused = later.cold().sealing_to(&keys[0]).get(&later.conversation).await;
    assert_eq!(refused.refusal(), (422, "unknown_key".to_owned()));
    let other = later.cold().sealing_to(&keys[1]).get(&later.conversation).await;
    assert_eq!(other.status, 200);
}

/// The rotation neither lists nor replaces what it does not know.
#[tokio::test]
async fn the_list_before_a_rotation() {
    let later = Later::prepare().await;
    later.rewrite(|_, item| kind(item) == "key-list", name_later(Noun::KeyList)).await;
    later.world.advance_seconds(86_400);
    let before = later.stored().await;
    let run = Box::pin(intake::rotate::run(&later.world.rotation())).await;
    assert_eq!(run.err(), Some(shared::store::StoreError::OtherVersion));
    assert!(later.stored().await == before, "something was written");
}
