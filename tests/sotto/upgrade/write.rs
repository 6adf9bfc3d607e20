//! Writes the fixture of the release that is being made, with its own code.

use serde_json::{Value, json};
use tests::sealed::{published_keys, seal_request};
use tests::visitor::{Visitor, message};
use tests::world::{BEGINNING_MS, World};

use super::fixture::{path, record, request_to_json};

const DAY: u64 = 86_400;

/// Run when a release is tagged, with the release's code; its fixture is committed and never again
/// changed.
#[tokio::test]
#[ignore = "writes a file into the sources: cargo test -p tests --test sotto upgrade::write -- --ignored"]
async fn the_fixture_of_this_release() {
    let file = path(env!("CARGO_PKG_VERSION"));
    assert!(!file.exists(), "the fixture of a release is never changed");
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::in_folder(folder.path(), BEGINNING_MS);
    for _ in 0..2 {
        world.advance_seconds(DAY);
        world.rotate_keys().await;
    }
    Box::pin(world.publish_demo()).await;
    let visits = json!({
        "open": open(&world).await,
        "waiting": waiting(&world).await,
        "closed": closed(&world).await,
    });
    let recorded = record(&world, folder.path(), visits).await;
    let text = serde_json::to_string_pretty(&recorded).expect("JSON");
    std::fs::write(file, text + "\n").expect("the fixture is written");
}

/// Somebody who goes on talking: with a key, a cursor and sealed requests that are not sent yet.
async fn open(world: &World) -> Value {
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    for text in ["hello", "where is my parcel?", "what does the moon weigh?"] {
        visitor.say(&conversation, text).await;
    }
    let last = visitor.say_as(&conversation, "where is my parcel?", "the-last").await;
    assert_eq!(last.status, 201, "{}", last.json());
    let page = visitor.get(&format!("{conversation}/messages?limit=3")).await;
    let mut sealed = Vec::new();
    for (number, key) in published_keys(&world.api()).await.iter().enumerate() {
        let asked = message(&conversation, "can I pay by invoice?", &format!("sealed-{number}"));
        sealed.push(request_to_json(&seal_request(asked.bearer(&visitor.token), key).0));
    }
    let mut held = held(&visitor, &conversation).await;
    held["last"] = json!({
        "text": "where is my parcel?", "key": "the-last", "response": last.json(),
        "cursor": last.header("sotto-cursor"),
    });
    held["page_cursor"] = page.json()["next_cursor"].clone();
    held["sealed"] = sealed.into();
    held
}

/// Somebody who sealed, asked for a person, left a contact and a rating.
async fn waiting(world: &World) -> Value {
    let key = published_keys(&world.api()).await.remove(0);
    let visitor = world.visitor().await.sealing_to(&key);
    let conversation = visitor.open_in("de").await;
    for text in ["wo ist mein Paket?", "agent please", "ist da jemand?"] {
        assert_eq!(visitor.say(&conversation, text).await.status, 201);
    }
    let contact =
        json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    assert_eq!(visitor.post(&format!("{conversation}/lead"), &contact).await.status, 201);
    let rating = json!({ "score": 4, "comment": "fine" });
    assert_eq!(visitor.post(&format!("{conversation}/rating"), &rating).await.status, 204);
    held(&visitor, &conversation).await
}

/// Somebody who has said goodbye.
async fn closed(world: &World) -> Value {
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "hello").await;
    assert_eq!(visitor.post(&format!("{conversation}/close"), &json!({})).await.status, 200);
    held(&visitor, &conversation).await
}

async fn held(visitor: &Visitor, conversation: &str) -> Value {
    json!({
        "token": visitor.token,
        "subject": visitor.subject,
        "conversation": conversation,
        "seen": visitor.get(conversation).await.json(),
        "said": visitor.transcript(conversation).await,
    })
}
