//! Data past its time does not exist, from that second on, whatever DynamoDB still has.

use serde_json::json;
use tests::world::World;

const DAY: u64 = 86_400;

#[tokio::test]
async fn a_conversation_ends_at_the_promised_second_on_every_route() {
    let world = World::new().await;
    let mut visitor = world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "hello").await;
    world.advance_seconds(30 * DAY - 1);
    let session = json!({ "site": "default", "identity": null });
    let renewed = visitor.post("/v1/sessions", &session).await.json();
    visitor.token = renewed["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(visitor.get(&conversation).await.status, 200);
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
    world.advance_seconds(1);
    let gone = (404, "not_found".to_owned());
    assert_eq!(visitor.get(&conversation).await.refusal(), gone);
    assert_eq!(visitor.get(&format!("{conversation}/messages")).await.refusal(), gone);
    assert_eq!(visitor.say(&conversation, "still there?").await.refusal(), gone);
    let cold = tests::api::Api::Events(intake::router(world.another_function()));
    let again = tests::visitor::Visitor { api: cold, ..visitor.clone() };
    assert_eq!(again.get(&conversation).await.refusal(), gone);
    assert!(world.count_items("conversations").await > 0, "DynamoDB was not late");

    world.aws.sweep_ttl().expect("the TTL runs");
    world.advance_seconds(1);
    world.aws.sweep_ttl().expect("the TTL runs");
    assert_eq!(world.count_items("conversations").await, 0);
    assert_eq!(world.count_items("keys").await, 0);
}

#[tokio::test]
async fn a_conversation_takes_messages_for_seven_days() {
    let world = World::new().await;
    let mut visitor = world.visitor().await;
    let conversation = visitor.open().await;
    world.advance_seconds(7 * DAY);
    let session = json!({ "site": "default", "identity": null });
    let renewed = visitor.post("/v1/sessions", &session).await.json();
    visitor.token = renewed["access_token"].as_str().expect("a token").to_owned();
    let refused = visitor.say(&conversation, "hello").await;
    assert_eq!(refused.refusal(), (409, "conversation_closed".to_owned()));
    assert_eq!(visitor.get(&conversation).await.json()["status"], "closed");
    assert_eq!(visitor.get(&format!("{conversation}/messages")).await.status, 200);
}

#[tokio::test]
async fn everything_that_speaks_of_a_person_has_an_end() {
    let world = World::new().await.staffed().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "agent please").await;
    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    visitor.post(&format!("{conversation}/lead"), &lead).await;
    let now = world.clock.now_seconds();
    let mut seen = 0;
    for (table, item) in world.all_items().await {
        // Nobody has said anything to the desk, which has what the bot knows.
        let of_the_staff = table.ends_with("watch") || table.ends_with("desk");
        if table.ends_with("settings") || table.ends_with("transport") || of_the_staff {
            continue;
        }
        let end: i64 = item["expires_at"].as_n().expect("a number").parse().expect("seconds");
        assert!(end > now && end <= now + 181 * 86_400, "{table}: {end}");
        seen += 1;
    }
    // Two keys; the opening, the exchange, the lead's event and the inbox row; the lead.
    assert_eq!(seen, 7);
}
