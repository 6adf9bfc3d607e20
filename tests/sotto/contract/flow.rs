//! A visit from beginning to end.

use serde_json::json;
use tests::sealed::published_keys;
use tests::visitor::Visitor;
use tests::world::World;

#[tokio::test]
async fn a_visitor_chats_and_reads_it_back() {
    let world = World::new().await;
    visit(world.visitor().await).await;
}

#[tokio::test]
async fn the_same_sealed_with_each_published_key() {
    let world = World::new().await;
    let keys = published_keys(&world.api()).await;
    assert_eq!(keys.len(), 2);
    for key in &keys {
        visit(world.visitor().await.sealing_to(key)).await;
    }
}

async fn visit(visitor: Visitor) {
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "where is my parcel?").await;
    assert_eq!(said.status, 201, "{}", said.json());
    let exchange = said.json();
    assert_eq!(exchange["message"]["author"], "visitor");
    assert_eq!(exchange["message"]["text"], "where is my parcel?");
    assert_eq!(exchange["reply"]["author"], "bot");
    assert_eq!(exchange["status"], "open");
    assert_eq!(exchange["reply"]["sources"].as_array().map(Vec::len), Some(1));

    let reply = exchange["reply"]["text"].as_str().expect("a reply").to_owned();
    let expected = [
        ("visitor".to_owned(), "where is my parcel?".to_owned()),
        ("bot".to_owned(), reply),
    ];
    assert_eq!(visitor.transcript(&conversation).await, expected);

    let handed = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    assert_eq!((handed.status, handed.json()["status"].as_str()), (202, Some("waiting")));
    let waiting = visitor.say(&conversation, "hello?").await.json();
    assert_eq!((&waiting["reply"], &waiting["status"]), (&json!(null), &json!("waiting")));

    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    assert_eq!(visitor.post(&format!("{conversation}/lead"), &lead).await.status, 201);
    let closed = visitor.send(tests::api::Request::new("POST", &format!("{conversation}/close"))).await;
    assert_eq!((closed.status, closed.json()["status"].as_str()), (200, Some("closed")));
    let rating = json!({ "score": 5, "comment": "fine" });
    assert_eq!(visitor.post(&format!("{conversation}/rating"), &rating).await.status, 204);
    let refused = visitor.say(&conversation, "one more").await;
    assert_eq!(refused.refusal(), (409, "conversation_closed".to_owned()));
}
