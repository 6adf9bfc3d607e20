//! DynamoDB and KMS that throttle, time out, or are gone: 503 with Retry-After, and neither a lost
//! acknowledged message nor a double one.

use std::collections::HashMap;

use local::aws::{Fault, Service};
use tests::api::{Api, Response};
use tests::visitor::Visitor;
use tests::world::World;

/// Says `count` things, each until it is acknowledged, and gives the acknowledged texts.
async fn insist(visitor: &Visitor, conversation: &str, name: &str, count: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0..count {
        let text = format!("{name} {number}");
        for _ in 0..tests::PATIENCE {
            let said = visitor.say_as(conversation, &text, &format!("{name}-{number}")).await;
            if said.status == 201 {
                acknowledged.push(text);
                break;
            }
            assert_eq!(said.refusal(), (503, "unavailable".to_owned()));
        }
    }
    acknowledged
}

async fn assert_once_each(visitor: &Visitor, conversation: &str, acknowledged: &[String]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for (author, text) in visitor.transcript(conversation).await {
        if author == "visitor" {
            *times.entry(text).or_default() += 1;
        }
    }
    for text in acknowledged {
        assert_eq!(times.get(text), Some(&1), "{text}");
    }
    assert!(times.values().all(|count| *count == 1), "a message was stored twice: {times:?}");
}

#[tokio::test]
async fn throttles_and_errors_lose_nothing_and_double_nothing() {
    for fault in [Fault::Throttle, Fault::Internal, Fault::Gone] {
        let world = World::new().await;
        let visitor = world.visitor().await;
        let conversation = visitor.open().await;
        world.aws.faults().set(Service::DynamoDb, fault, 0.3).expect("a rate");
        let acknowledged = insist(&visitor, &conversation, "message", 25).await;
        world.aws.faults().clear();
        assert_eq!(acknowledged.len(), 25);
        assert_once_each(&visitor, &conversation, &acknowledged).await;
    }
}

#[tokio::test]
async fn a_time_out_before_or_after_the_commit_is_one_message() {
    for fault in [Fault::TimeoutBeforeCommit, Fault::TimeoutAfterCommit] {
        let world = World::new().await;
        let visitor = world.visitor().await;
        let conversation = visitor.open().await;
        world.aws.faults().set(Service::DynamoDb, fault, 0.4).expect("a rate");
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..4 {
            let (visitor, conversation) = (visitor.clone(), conversation.clone());
            writers.spawn(async move {
                insist(&visitor, &conversation, &format!("writer-{writer}"), 3).await
            });
        }
        let acknowledged = writers.join_all().await.concat();
        world.aws.faults().clear();
        assert_eq!(acknowledged.len(), 12);
        assert_once_each(&visitor, &conversation, &acknowledged).await;
    }
}

#[tokio::test]
async fn an_outage_is_answered_on_every_route_and_passes() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    world.aws.faults().set(Service::DynamoDb, Fault::Gone, 1.0).expect("a rate");
    let unavailable = |response: &Response| {
        assert_eq!(response.refusal(), (503, "unavailable".to_owned()));
        assert!(response.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    };
    unavailable(&visitor.say(&conversation, "hello").await);
    unavailable(&visitor.get(&conversation).await);
    unavailable(&visitor.get(&format!("{conversation}/messages")).await);
    for action in ["handover", "close"] {
        let path = format!("{conversation}/{action}");
        unavailable(&visitor.post(&path, &serde_json::json!({})).await);
    }
    let health = world.api().send(&tests::api::Request::new("GET", "/v1/health")).await;
    assert_eq!(health.status, 200, "health touches nothing");
    world.aws.faults().clear();
    assert_eq!(visitor.say(&conversation, "hello").await.status, 201);
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
}

#[tokio::test]
async fn without_kms_a_warm_function_works_and_a_cold_one_says_so() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    world.aws.faults().set(Service::Kms, Fault::Throttle, 1.0).expect("a rate");
    assert_eq!(visitor.say(&conversation, "hello").await.status, 201);
    let cold = Api::Events(intake::router(world.another_function()));
    let cold = Visitor { api: cold, ..visitor.clone() };
    assert_eq!(cold.say(&conversation, "hello").await.refusal(), (503, "unavailable".to_owned()));
    world.aws.faults().clear();
    assert_eq!(cold.say(&conversation, "hello").await.status, 201);
    assert_eq!(visitor.transcript(&conversation).await.len(), 4);
}
