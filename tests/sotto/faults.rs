//! DynamoDB and KMS that throttle, time out, or are gone: 503 with Retry-After, and neither a lost
//! acknowledged message nor a double one.

use std::collections::HashMap;

use local::aws::{Fault, Service};
use serde_json::json;
use tests::api::{Api, Request, Response};
use tests::visitor::{Visitor, message};
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
        unavailable(&visitor.post(&path, &json!({})).await);
    }
    let health = world.api().send(&Request::new("GET", "/v1/health")).await;
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

#[tokio::test]
async fn what_is_written_in_a_transaction_is_written_once_too() {
    for fault in [Fault::TimeoutAfterCommit, Fault::Internal] {
        let world = World::new().await.staffed().await;
        let visitor = world.visitor().await;
        world.aws.faults().set(Service::DynamoDb, fault, 0.4).expect("a rate");
        let until = async |request: Request| {
            for _ in 0..tests::PATIENCE {
                let response = visitor.send(request.clone()).await;
                if response.status < 300 {
                    return response;
                }
                assert_eq!(response.refusal(), (503, "unavailable".to_owned()));
            }
            panic!("{fault:?} did not pass");
        };
        let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
        let opened = until(Request::new("POST", "/v1/conversations").json(&consent)).await.json();
        let path = format!("/v1/conversations/{}", opened["id"].as_str().expect("an id"));
        let said = until(message(&path, "agent please", "only-once")).await;
        assert_eq!(said.json()["status"], "waiting");
        let lead = json!({ "name": "A", "email": "a@example.org", "phone": null, "consent": true });
        until(Request::new("POST", &format!("{path}/lead")).json(&lead)).await;
        until(Request::new("POST", &format!("{path}/close"))).await;
        world.aws.faults().clear();
        assert_eq!(visitor.transcript(&path).await.len(), 2);
        assert_eq!(world.waiting().await, [], "a closed conversation waits in the inbox");
        assert_eq!(world.count_items("profiles").await, 1);
    }
}

#[tokio::test]
async fn an_outage_of_the_settings_does_not_take_the_keys_that_are_known() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    world.advance_seconds(2);
    world.aws.faults().set(Service::DynamoDb, Fault::Throttle, 1.0).expect("a rate");
    let mut unknown = Request::new("GET", "/v1/keys");
    assert_eq!(world.api().send(&unknown).await.status, 200, "the list that is known is given");
    unknown = unknown.bearer(&visitor.token);
    assert_eq!(world.api().send(&unknown).await.status, 200);
    world.aws.faults().clear();
    let before = world.aws.counts();
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let api = world.api();
        let request = message(&conversation, "x", "k")
            .bearer(&visitor.token)
            .header("sotto-reply-key", "nobody.AAAA");
        storm.spawn(async move { api.send(&request).await });
    }
    for refused in storm.join_all().await {
        assert_eq!(refused.refusal(), (422, "unknown_key".to_owned()));
    }
    let queries = world.aws.counts().since(&before).of(Service::DynamoDb, "Query");
    assert!(queries <= 2, "unknown keys made the settings be read {queries} times");
}
