//! Data that 0.1.0 stored and handed out, served by the present code.

use local::aws::Service;
use serde_json::json;
use shared::store::session;
use tests::api::{Api, Request};
use tests::sealed::published_keys;
use tests::visitor::{Visitor, fresh_key, message};

use super::fixture::{Inherited, Visit, resend};

const BEFORE: &str = "0.1.0";
const NAMES: [&str; 3] = ["open", "waiting", "closed"];

fn rows<'a>(
    items: &'a [(String, shared::store::attributes::Item)],
    table: &str,
    prefix: &str,
) -> Vec<&'a shared::store::attributes::Item> {
    let begins = |item: &shared::store::attributes::Item| {
        item["k"].as_s().is_ok_and(|kind| kind.starts_with(prefix))
    };
    let of_table = |(name, item): &&(String, shared::store::attributes::Item)| {
        name.ends_with(table) && begins(item)
    };
    items.iter().filter(of_table).map(|(_, item)| item).collect()
}

#[tokio::test]
async fn conversations_are_read_as_they_were() {
    let inherited = Inherited::from(BEFORE).await;
    for name in NAMES {
        let Visit { ref visitor, ref conversation, ref held } = inherited.visit(name);
        assert_eq!(visitor.get(conversation).await.json(), held["seen"], "{name}");
        let said = visitor.transcript(conversation).await;
        assert!(said.len() >= 2, "{name}");
        assert_eq!(said, inherited.visit(name).said(), "{name}");
    }
    assert_eq!(inherited.world.waiting().await.len(), 1);
}

#[tokio::test]
async fn conversations_go_on() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, conversation, held } = inherited.visit("open");
    let answered = visitor.say(&conversation, "where is my parcel?").await;
    assert_eq!(answered.status, 201);
    assert_eq!(answered.json()["reply"]["text"], held["last"]["response"]["reply"]["text"]);
    let before = held["said"].as_array().expect("messages").len();
    assert_eq!(visitor.transcript(&conversation).await.len(), before + 2);

    let Visit { visitor, conversation, .. } = inherited.visit("waiting");
    let stored = visitor.say(&conversation, "noch da?").await;
    assert_eq!((stored.status, stored.json()["status"].as_str()), (201, Some("waiting")));
    assert_eq!(visitor.post(&format!("{conversation}/close"), &json!({})).await.status, 200);
    assert!(inherited.world.waiting().await.is_empty(), "it waits in the inbox for ever");

    let Visit { visitor, conversation, .. } = inherited.visit("closed");
    let refused = visitor.say(&conversation, "hello?").await;
    assert_eq!(refused.refusal(), (409, "conversation_closed".to_owned()));
}

#[tokio::test]
async fn cursors_are_taken() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, conversation, held } = inherited.visit("open");
    visitor.get(&conversation).await;
    // The settings of the site, its bases and the locks are read once a minute.
    assert_eq!(visitor.get(&format!("{conversation}/messages")).await.status, 200);
    inherited.world.app.locks.get().await.expect("the locks");
    let before = inherited.world.aws.counts();
    let cursor = held["last"]["cursor"].as_str().expect("a cursor");
    let said = message(&conversation, "hello", &fresh_key()).header("sotto-cursor", cursor);
    assert_eq!(visitor.send(said).await.status, 201);
    let used = inherited.world.aws.counts().since(&before);
    assert_eq!(used.total(Service::DynamoDb), 1, "the cursor saved no read");

    let cursor = held["page_cursor"].as_str().expect("a cursor");
    let page = visitor.get(&format!("{conversation}/messages?limit=2&cursor={cursor}")).await;
    assert_eq!((page.status, page.json()["integrity"].as_str()), (200, Some("ok")));
    assert_eq!(page.json()["items"][0]["text"], held["said"][3][1]);
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_response() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, conversation, held } = inherited.visit("open");
    let last = &held["last"];
    let text = |name: &str| last[name].as_str().expect(name);
    let again = visitor.say_as(&conversation, text("text"), text("key")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.json(), last["response"]);
    let other = visitor.say_as(&conversation, "something else", text("key")).await;
    assert_eq!(other.refusal(), (422, "idempotency_mismatch".to_owned()));
}

#[tokio::test]
async fn what_was_sealed_before_the_upgrade_opens_after_it() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, conversation, held } = inherited.visit("open");
    let sealed = held["sealed"].as_array().expect("requests");
    assert_eq!(sealed.len(), 4, "two keys a suite");
    for request in sealed {
        assert_eq!(resend(&visitor.api, request).await.status, 201);
    }
    let said = visitor.transcript(&conversation).await;
    let asked = said.iter().filter(|(_, text)| text == "can I pay by invoice?");
    assert_eq!(asked.count(), sealed.len());
}

#[tokio::test]
async fn a_contact_is_replaced_under_the_key_that_is_there() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, conversation, .. } = inherited.visit("waiting");
    let contact =
        json!({ "name": "Ada", "email": "ada@example.net", "phone": null, "consent": true });
    let left = visitor.post(&format!("{conversation}/lead"), &contact).await;
    assert_eq!((left.status, left.json()["id"].as_str()), (201, Some(visitor.subject.as_str())));
    assert_eq!(inherited.world.count_items("profiles").await, 1);
    assert_eq!(inherited.world.count_items("keys").await, NAMES.len() + 1);
}

#[tokio::test]
async fn a_token_is_renewed_for_the_same_subject() {
    let inherited = Inherited::from(BEFORE).await;
    let Visit { visitor, .. } = inherited.visit("open");
    let lifetime = u64::try_from(session::TOKEN_SECONDS).expect("a time");
    inherited.world.advance_seconds(lifetime);
    let session = json!({ "site": "default", "identity": null });
    let renewed = visitor.post("/v1/sessions", &session).await;
    assert_eq!(renewed.json()["subject_id"].as_str(), Some(visitor.subject.as_str()));
}

/// A function of 0.1.0 looks for transport keys beside the list and nowhere else, and there is one
/// while traffic is moved, and again if the release is taken back.
#[tokio::test]
async fn the_rotation_leaves_the_keys_where_the_release_before_finds_them() {
    let inherited = Inherited::from(BEFORE).await;
    let world = &inherited.world;
    let before = published_keys(&world.api()).await;
    world.rotate_keys().await;
    let kids = |keys: &[tests::sealed::PublishedKey]| -> Vec<_> {
        keys.iter().map(|key| key.kid.clone()).collect()
    };
    assert_eq!(kids(&published_keys(&world.api()).await), kids(&before), "a run without a reason");

    world.advance_seconds(86_400);
    world.rotate_keys().await;
    let published = published_keys(&world.api()).await;
    assert!(published[0].kid != before[0].kid, "no new key");
    let items = world.all_items().await;
    for key in &published {
        assert_eq!(rows(&items, "settings", &format!("transport#{}", key.kid)).len(), 1);
    }
    assert!(rows(&items, "transport", "").is_empty());
    assert!(rows(&items, "settings", "key-list").iter().all(|row| !row.contains_key("y")));
    let visitor = Visitor::arrive(Api::Events(intake::router(world.another_function()))).await;
    visitor.sealing_to(&published[0]).open().await;

    world.advance_seconds(3 * 86_400);
    world.rotate_keys().await;
    let items = world.all_items().await;
    for key in &before {
        let left = rows(&items, "settings", &format!("transport#{}", key.kid));
        assert!(left.is_empty(), "a key that opens nothing any more is still there");
    }
}

/// So every such row has to have a code, whatever the age of the stack.
#[tokio::test]
async fn no_release_wrote_a_row_that_needs_a_code() {
    let inherited = Inherited::from(BEFORE).await;
    let items = inherited.world.all_items().await;
    assert!(rows(&items, "settings", "retention").is_empty());
    assert!(!items.iter().any(|(table, _)| table.ends_with("ledger")));
    // The first rotation of the upgrade makes the key; before it nothing is erased half.
    let Visit { visitor, conversation, .. } = inherited.visit("open");
    let erase = |key: &str| Request::new("DELETE", "/v1/me").header("idempotency-key", key);
    let early = visitor.send(erase(&fresh_key())).await;
    assert_eq!(early.refusal(), (503, "unavailable".to_owned()));
    assert_eq!(visitor.get(&conversation).await.status, 200);
    inherited.world.rotate_keys().await;
    assert_eq!(visitor.send(erase(&fresh_key())).await.status, 200);
}
