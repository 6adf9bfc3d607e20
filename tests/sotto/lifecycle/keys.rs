//! CloudFormation makes, changes and deletes the resource that stands for the keys.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use intake::rotate::job::{Job, JobError};
use lambda_runtime::{Context, LambdaEvent};
use local::aws::{Fault, Service};
use serde_json::{Value, json};
use shared::config::TrustRoots;
use shared::http::aws;
use shared::seal::key_list;
use shared::values::pins::Pins;
use tests::api::Request;
use tests::tls::Front;
use tests::world::World;

use super::listener::{Listener, Taken};

/// As S3 writes them; escapes must stay as they are, or the signature does not fit.
const SIGNED: &str = "/arn%3Aaws%3Acloudformation%3Aeu-central-1%7CKeys%7C1?X-Amz-Signature=0a%2F";

fn job_trusting(world: &World, roots: &TrustRoots) -> Job {
    Job::new(world.rotation(), aws::connector(roots).expect("TLS"))
}

fn job(world: &World) -> Job {
    job_trusting(world, &TrustRoots::Amazon)
}

fn change(kind: &str, url: &str) -> Value {
    json!({
        "RequestType": kind,
        "ResponseURL": format!("{url}{SIGNED}"),
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/sotto/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Keys",
        "ResourceType": "AWS::CloudFormation::CustomResource",
        "ResourceProperties": { "ServiceToken": "arn", "Issuer": "world" },
    })
}

fn called(event: Value) -> LambdaEvent<Value> {
    LambdaEvent::new(event, Context::default())
}

async fn cloudformation() -> Listener {
    Listener::start(async |_| StatusCode::OK.into_response()).await
}

/// The one answer that was given, looked over as S3 and CloudFormation do.
fn answer(listener: &Listener) -> Value {
    let [Taken { method, path, headers, body }] =
        <[Taken; 1]>::try_from(listener.taken()).ok().expect("exactly one answer");
    assert_eq!((method.as_str(), path.as_str()), ("PUT", SIGNED));
    assert!(!headers.contains_key("content-type"), "the signature covers none");
    assert!(!headers.contains_key("transfer-encoding"), "S3 wants to know the length");
    assert_eq!(headers["content-length"], body.len().to_string());
    assert!(body.len() < 4096, "CloudFormation reads no more");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["RequestId"], "request-1");
    assert_eq!(answer["LogicalResourceId"], "Keys");
    assert!(answer["StackId"].as_str().is_some_and(|id| id.ends_with("stack/sotto/1")));
    answer
}

#[tokio::test]
async fn the_first_deployment_has_keys_and_puts_out_the_pin_that_they_verify_against() {
    let world = World::new().await;
    let mut answers = Vec::new();
    for kind in ["Create", "Create", "Update"] {
        let listener = cloudformation().await;
        let report =
            job(&world).handle(called(change(kind, &listener.url))).await.expect("an answer");
        assert_eq!(report, json!({ "answered": "SUCCESS" }));
        answers.push(answer(&listener));
    }
    assert_eq!(answers[0], answers[1], "a second Create is the first again");
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[0]["Status"], "SUCCESS");
    assert_eq!(answers[0]["PhysicalResourceId"], "sotto-keys");

    let pin = answers[0]["Data"]["RootPin"].as_str().expect("a pin");
    let pins = Pins::try_from(pin).expect("the form of a pin");
    let served = world.api().send(&Request::new("GET", "/v1/keys")).await;
    let now_ms = world.clock.now_ms();
    let keys = key_list::verify(&served.body, &pins, "world", now_ms).expect("the list verifies");
    assert_eq!(keys.len(), 2);
}

#[tokio::test]
async fn a_resource_keeps_its_name_and_a_delete_touches_nothing() {
    let world = World::new().await;
    let (before, requests) = (world.all_items().await, world.aws.counts());
    let listener = cloudformation().await;
    let mut delete = change("Delete", &listener.url);
    delete["PhysicalResourceId"] = json!("keys-of-an-older-release");
    job(&world).handle(called(delete)).await.expect("an answer");
    let answer = answer(&listener);
    assert_eq!(answer["Status"], "SUCCESS");
    assert_eq!(answer["PhysicalResourceId"], "keys-of-an-older-release");
    assert_eq!(answer.get("Data"), None);
    let since = world.aws.counts().since(&requests);
    assert_eq!((since.total(Service::DynamoDb), since.total(Service::Kms)), (0, 0));
    assert_eq!(world.all_items().await, before);
}

#[tokio::test]
async fn a_stack_that_gets_no_keys_is_told_so_in_a_sentence() {
    for (service, fault) in [
        (Service::Kms, Fault::Throttle),
        (Service::DynamoDb, Fault::Internal),
        (Service::DynamoDb, Fault::TimeoutBeforeCommit),
        (Service::Kms, Fault::Gone),
    ] {
        let world = World::new().await;
        world.aws.faults().set(service, fault, 1.0).expect("a rate");
        let listener = cloudformation().await;
        let job = job(&world).with_patience(Duration::from_secs(1));
        let report = job.handle(called(change("Create", &listener.url))).await.expect("an answer");
        assert_eq!(report, json!({ "answered": "FAILED" }), "{service:?} {fault:?}");
        let answer = answer(&listener);
        assert_eq!(answer["Status"], "FAILED");
        assert_eq!(answer["PhysicalResourceId"], "sotto-keys", "a Delete follows and needs it");
        assert_eq!(answer.get("Data"), None);
        let reason = answer["Reason"].as_str().expect("a reason");
        assert!(reason.starts_with("The transport keys were not made: "), "{reason}");
    }
}

#[tokio::test]
async fn a_role_that_gets_its_rights_in_a_while_is_waited_for() {
    let world = World::new().await;
    world.aws.faults().set(Service::DynamoDb, Fault::Throttle, 1.0).expect("a rate");
    let listener = cloudformation().await;
    let job = job(&world).with_patience(Duration::from_secs(20));
    let before = world.aws.counts();
    let passes = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while world.aws.counts().since(&before).total(Service::DynamoDb) < 3 {
            ticks.tick().await;
        }
        world.aws.faults().clear();
    };
    let (report, ()) = tokio::join!(job.handle(called(change("Create", &listener.url))), passes);
    assert_eq!(report, Ok(json!({ "answered": "SUCCESS" })));
    assert_eq!(answer(&listener)["Status"], "SUCCESS");
}

#[tokio::test]
async fn what_is_not_known_to_cloudformation_is_answered_and_not_done() {
    let world = World::new().await;
    let listener = cloudformation().await;
    let requests = world.aws.counts();
    job(&world).handle(called(change("Rename", &listener.url))).await.expect("an answer");
    assert_eq!(answer(&listener)["Status"], "FAILED");
    for event in [json!(null), json!({ "RequestType": "Create" }), json!({ "Records": [] })] {
        assert_eq!(job(&world).handle(called(event)).await, Err(JobError::UnknownEvent));
    }
    assert_eq!(world.aws.counts().since(&requests).total(Service::DynamoDb), 0, "nothing rotated");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_an_error_so_that_lambda_calls_again() {
    let world = World::new().await;
    let not_taken = |report: Result<Value, JobError>| {
        let error = report.expect_err("nobody took it").to_string();
        assert!(error.starts_with("CloudFormation was not answered: "), "{error}");
    };
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    not_taken(job(&world).handle(called(change("Create", &url))).await);
    not_taken(job(&world).handle(called(change("Create", "http://s3.example"))).await);

    let refusing = Listener::start(async |_| StatusCode::FORBIDDEN.into_response()).await;
    not_taken(job(&world).handle(called(change("Create", &refusing.url))).await);
    assert_eq!(refusing.taken().len(), 3, "a bounded number of attempts");

    let tries = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let once_down = Listener::start(move |_| -> std::future::Ready<Response> {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let status = if first { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        std::future::ready(status.into_response())
    })
    .await;
    job(&world)
        .handle(called(change("Create", &once_down.url)))
        .await
        .expect("the second one is taken");
    assert_eq!(once_down.taken().len(), 2);
}

/// The production path is TLS; an answer goes only to a server that the function trusts.
#[tokio::test]
async fn an_encrypted_answer_goes_to_whom_the_function_trusts_only() {
    let world = World::new().await;
    let listener = cloudformation().await;
    let folder = tempfile::tempdir().expect("a folder");
    let front = Front::start(&listener.url, folder.path()).await;
    let url = front.url();

    let stranger = job(&world).handle(called(change("Create", &url))).await;
    assert!(matches!(stranger, Err(JobError::NotAnswered(_))));
    assert_eq!(listener.taken().len(), 0);

    let roots = TrustRoots::File(front.roots.to_str().expect("a path in UTF-8").to_owned());
    job_trusting(&world, &roots).handle(called(change("Create", &url))).await.expect("an answer");
    assert_eq!(answer(&listener)["Status"], "SUCCESS");
}

#[tokio::test]
async fn the_schedule_rotates_and_reports() {
    let world = World::new().await;
    let event = include_str!("../../events/rotate-keys.json");
    let event: Value = serde_json::from_str(event).expect("JSON");
    let report = job(&world).handle(called(event)).await.expect("a report");
    assert_eq!((&report["made"], &report["listed"]), (&json!(0), &json!(2)));
    assert!(report["root_pin"].as_str().is_some_and(|pin| pin.starts_with("sha256-")));
}
