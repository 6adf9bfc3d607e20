//! The row by which the desk finds a waiting visitor agrees with the log, also after concurrent
//! writes.

use serde_json::json;
use tests::world::World;

#[tokio::test]
async fn the_inbox_agrees_with_the_log_after_any_race() {
    let world = World::new().await.staffed().await;
    let visitor = world.visitor().await;
    for round in 0..6 {
        let conversation = visitor.open().await;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let (visitor, conversation) = (visitor.clone(), conversation.clone());
            writers.spawn(async move {
                let action = |name: &str| format!("{conversation}/{name}");
                match (writer + round) % 4 {
                    0 => visitor.post(&action("handover"), &json!({})).await,
                    1 if round % 2 == 0 => visitor.post(&action("close"), &json!({})).await,
                    2 => visitor.say(&conversation, "agent please").await,
                    _ => visitor.say(&conversation, "hello").await,
                }
            });
        }
        for response in writers.join_all().await {
            assert!(matches!(response.status, 200..=202 | 409), "{}", response.json());
        }
        let status = visitor.get(&conversation).await.json()["status"].clone();
        let id = conversation.rsplit('/').next().expect("an id");
        let id = shared::ids::ConversationId::parse(id).expect("an id");
        let listed = world.waiting().await.contains(&id);
        assert_eq!(listed, status == "waiting", "round {round}: {status}");
    }
}
