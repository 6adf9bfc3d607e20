//! New versions are visited before visitors reach them, and `CodeDeploy` hears of it exactly once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use lambda_runtime::{Context, LambdaEvent};
use preflight::verdict::{Check, Fault};
use preflight::{Hook, HookError, Verdict};
use serde_json::{Value, json};
use shared::seal::key_list::KeyListError;
use shared::seal::sign::Verifier;
use shared::values::encoding::from_base64url;
use tests::api::Request;
use tests::world::World;

use super::aws::{At, Endpoints, Mishap, hook, told, verdicts};
use super::listener::{Listener, Taken};

/// Where a response is altered, how, and what is noticed of it.
type Case = (At, fn(&mut Value), Check, Fault);

/// The end of the path of a receipt that nobody was given.
const NO_RECEIPT: &str = "-7000-8000-000000000000";
/// Requests that nothing makes.
const NOWHERE: At = ("", "nowhere");

async fn pin(world: &World) -> String {
    let list = world.api().send(&Request::new("GET", "/v1/keys")).await.json();
    let root = from_base64url(list["root"]["x"].as_str().expect("x")).expect("base64url");
    Verifier::from_raw(&root).expect("a key").pin().expect("a pin")
}

async fn call(hook: &Hook) -> Result<Verdict, HookError> {
    let event = json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "execution-1" });
    hook.handle(LambdaEvent::new(event, Context::default())).await
}

/// Lets one thing go wrong; gives the failed check and its fault. `CodeDeploy` has heard it once.
async fn with(at: At, mishap: Mishap) -> (Check, Fault) {
    for_seconds(45, at, mishap).await
}

/// The same with this time for all checks.
async fn for_seconds(seconds: u64, at: At, mishap: Mishap) -> (Check, Fault) {
    let world = World::new().await;
    let pins = pin(&world).await;
    let endpoints = Endpoints::start(&world, &pins, at, mishap).await;
    let hook = endpoints.hook(&world, &pins).with_patience(Duration::from_secs(seconds));
    let verdict = call(&hook).await.expect("a verdict");
    assert_eq!(verdict.status, "Failed");
    assert_eq!(endpoints.verdicts(), ["Failed"]);
    (verdict.check.expect("a check"), verdict.fault.expect("a fault"))
}

fn answers_500() -> Mishap {
    Mishap::Payload(
        json!({ "statusCode": 500, "headers": {}, "body": "", "isBase64Encoded": false }),
    )
}

#[tokio::test]
async fn versions_that_work_may_be_visited() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let endpoints = Endpoints::start(&world, &pins, NOWHERE, Mishap::None).await;
    let verdict = call(&endpoints.hook(&world, &pins)).await.expect("a verdict");
    assert_eq!(verdict, Verdict { status: "Succeeded", check: None, fault: None });
    assert_eq!(endpoints.verdicts(), ["Succeeded"]);

    let bodies: Vec<String> = endpoints
        .events()
        .iter()
        .filter(|event| event["rawPath"].as_str().is_some_and(|path| path.contains("/messages")))
        .map(|event| event["body"].as_str().expect("a body").to_owned())
        .collect();
    assert_eq!(bodies.len(), 4, "a message, its repetition, the list, a forgery");
    assert!(!bodies.iter().any(|body| body.contains("parcel")), "the message went in the clear");
    assert_eq!(world.count_items("keys").await, 1, "one conversation");
    // Opened, one exchange, closed: the repetition and the forgery left nothing.
    assert_eq!(world.count_items("conversations").await, 3);
    assert_eq!((world.count_items("identity").await, world.count_items("events").await), (0, 0));
}

/// Four functions have a hook each, which visits all of them: attempts at a sign-in are counted, and
/// none of these may meet the count of those before.
#[tokio::test]
async fn deployments_one_after_the_other_do_not_wait_for_one_another() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let endpoints = Endpoints::start(&world, &pins, NOWHERE, Mishap::None).await;
    let hook = endpoints.hook(&world, &pins);
    let mut sources = BTreeSet::new();
    for _ in 0..3 {
        assert_eq!(call(&hook).await.expect("a verdict").status, "Succeeded");
    }
    for event in endpoints.events().iter().filter(|event| event["rawPath"] == "/v1/auth/login") {
        let body: Value =
            serde_json::from_str(event["body"].as_str().expect("a body")).expect("JSON");
        sources.insert((event["requestContext"]["http"]["sourceIp"].to_string(), body.to_string()));
    }
    assert_eq!(sources.len(), 3, "another address and another name each time");
    assert_eq!(world.count_items("events").await, 0, "nobody had to wait");
}

#[tokio::test]
async fn every_check_that_answers_500_is_named() {
    for (at, check) in [
        (("GET", "/v1/health"), Check::Health),
        (("GET", "/v1/keys"), Check::KeyList),
        (("POST", "/v1/sessions"), Check::Session),
        (("POST", "/v1/conversations"), Check::Conversation),
        (("POST", "/messages"), Check::Message),
        (("GET", "/messages"), Check::Transcript),
        (("POST", "/close"), Check::Close),
        (("GET", "/.well-known/jwks.json"), Check::StaffKeys),
        (("POST", "/v1/auth/login"), Check::SignIn),
        (("GET", "/v1/retention/policy"), Check::StaffOnly),
        (("GET", NO_RECEIPT), Check::Receipt),
        (("GET", "/v1/inbox"), Check::Inbox),
        (("GET", "/v1/knowledge"), Check::Knowledge),
        (("GET", "/v1/training/courses"), Check::Training),
        (("GET", "/v1/incidents"), Check::Incidents),
        (("GET", "/v1/audit/checkpoint"), Check::Checkpoint),
        (("GET", "/"), Check::Page),
        (("GET", "/widget.js"), Check::Widget),
    ] {
        assert_eq!(with(at, answers_500()).await, (check, Fault::Status(500)), "{at:?}");
    }
}

#[tokio::test]
async fn what_a_visitor_would_not_notice_is_noticed() {
    fn drop_header(response: &mut Value, name: &str) {
        response["headers"].as_object_mut().expect("headers").remove(name);
    }
    fn in_the_clear(response: &mut Value) {
        response["headers"]["content-type"] = json!("application/json");
        response["body"] = json!(r#"{"message":{},"reply":null,"status":"open"}"#);
        response["isBase64Encoded"] = json!(false);
    }
    fn for_somebody_else(response: &mut Value) {
        let nonce = "A".repeat(43);
        response["body"] = json!(json!({ "nonce": nonce, "ct": "AAAA" }).to_string());
        response["isBase64Encoded"] = json!(false);
    }
    fn drop_cursor(response: &mut Value) {
        drop_header(response, "sotto-cursor");
    }
    fn drop_replayed(response: &mut Value) {
        drop_header(response, "idempotent-replayed");
    }
    fn drop_policy(response: &mut Value) {
        drop_header(response, "content-security-policy");
    }
    fn take_the_forgery(response: &mut Value) {
        if response["statusCode"] == 422 {
            response["statusCode"] = json!(201);
        }
    }
    fn let_in(response: &mut Value) {
        if response["statusCode"] == 401 {
            response["statusCode"] = json!(200);
        }
    }
    fn publish_none(response: &mut Value) {
        response["body"] = json!(r#"{"keys":[]}"#);
        response["isBase64Encoded"] = json!(false);
    }
    fn as_json(response: &mut Value) {
        response["headers"]["content-type"] = json!("application/json");
    }
    fn another_reason(response: &mut Value) {
        response["body"] = json!(r#"{"code":"unavailable"}"#);
        response["isBase64Encoded"] = json!(false);
    }
    fn no_such_route(response: &mut Value) {
        response["body"] = json!(r#"{"code":"no_such_route"}"#);
        response["isBase64Encoded"] = json!(false);
    }
    fn drop_challenge(response: &mut Value) {
        drop_header(response, "www-authenticate");
    }
    fn empty(response: &mut Value) {
        response["body"] = json!("{}");
    }
    let (message, list, anything) = (("POST", "/messages"), ("GET", "/messages"), ("GET", ""));
    let (keys, sign_in) = (("GET", "/.well-known/jwks.json"), ("POST", "/v1/auth/login"));
    let (policy, receipt) = (("GET", "/v1/retention/policy"), ("GET", NO_RECEIPT));
    let cases: [Case; 19] = [
        (("GET", "/v1/health"), empty, Check::Health, Fault::Body),
        (message, in_the_clear, Check::Message, Fault::NotSealed),
        (message, for_somebody_else, Check::Message, Fault::DoesNotOpen),
        (message, drop_cursor, Check::Message, Fault::Header),
        (message, drop_replayed, Check::Replay, Fault::NotReplayed),
        (list, in_the_clear, Check::Transcript, Fault::NotSealed),
        (message, take_the_forgery, Check::Tampered, Fault::Status(201)),
        (anything, let_in, Check::NoToken, Fault::Status(200)),
        (keys, publish_none, Check::StaffKeys, Fault::Body),
        (sign_in, as_json, Check::SignIn, Fault::Header),
        (sign_in, another_reason, Check::SignIn, Fault::Body),
        (sign_in, let_in, Check::SignIn, Fault::Status(200)),
        (policy, let_in, Check::StaffOnly, Fault::Status(200)),
        (policy, drop_challenge, Check::StaffOnly, Fault::Header),
        (policy, another_reason, Check::StaffOnly, Fault::Body),
        (receipt, as_json, Check::Receipt, Fault::Header),
        (receipt, no_such_route, Check::Receipt, Fault::Body),
        (("GET", "/"), drop_policy, Check::Page, Fault::Header),
        (("GET", "/widget.js"), drop_policy, Check::Widget, Fault::Header),
    ];
    for (at, alter, check, fault) in cases {
        assert_eq!(with(at, Mishap::Altered(alter)).await, (check, fault), "{at:?}");
    }
}

#[tokio::test]
async fn a_root_that_pages_do_not_pin_is_refused_and_so_is_a_page_without_the_pin() {
    let world = World::new().await;
    let other = format!("sha256-{}", "A".repeat(43));
    let endpoints = Endpoints::start(&world, &other, NOWHERE, Mishap::None).await;
    let verdict = call(&endpoints.hook(&world, &other)).await.expect("a verdict");
    let fault = Fault::KeyList(KeyListError::RootNotPinned);
    assert_eq!((verdict.check, verdict.fault), (Some(Check::KeyList), Some(fault)));

    let pins = pin(&world).await;
    let verdict = call(&endpoints.hook(&world, &pins)).await.expect("a verdict");
    assert_eq!((verdict.check, verdict.fault), (Some(Check::Page), Some(Fault::Body)));
    assert_eq!(endpoints.verdicts(), ["Failed", "Failed"]);
}

#[tokio::test]
async fn a_list_that_has_ended_is_refused() {
    let world = World::new().await;
    let pins = pin(&world).await;
    world.advance_seconds(4 * 86_400);
    let endpoints = Endpoints::start(&world, &pins, NOWHERE, Mishap::None).await;
    let verdict = call(&endpoints.hook(&world, &pins)).await.expect("a verdict");
    let fault = Fault::KeyList(KeyListError::OutOfDate);
    assert_eq!((verdict.check, verdict.fault), (Some(Check::KeyList), Some(fault)));
}

#[tokio::test]
async fn what_lambda_does_is_told_from_what_the_function_does() {
    let throttled = Mishap::Refused(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException");
    let gone = Mishap::Refused(StatusCode::NOT_FOUND, "ResourceNotFoundException");
    let broken = Mishap::Refused(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException");
    let message = ("POST", "/messages");
    for (at, mishap, expected) in [
        (message, throttled, (Check::Message, Fault::Throttled)),
        (("GET", "/"), gone, (Check::Page, Fault::NoSuchVersion)),
        (message, broken, (Check::Message, Fault::LambdaFailed)),
        (message, Mishap::FunctionError, (Check::Message, Fault::FunctionFailed)),
        (message, Mishap::Payload(json!("hello")), (Check::Message, Fault::NoResponse)),
        (message, Mishap::Payload(json!({})), (Check::Message, Fault::NoResponse)),
    ] {
        assert_eq!(with(at, mishap).await, expected, "{at:?}");
    }
}

#[tokio::test]
async fn the_time_is_over_before_lambda_ends_the_hook() {
    let health = ("GET", "/v1/health");
    let forbidden = Mishap::Refused(StatusCode::FORBIDDEN, "AccessDeniedException");
    let refused = (Check::Health, Fault::MayNotInvoke);
    assert_eq!(for_seconds(10, health, forbidden).await, refused, "half of the time is for rights");
    let silent = (Check::Health, Fault::OutOfTime);
    assert_eq!(for_seconds(1, health, Mishap::Hangs).await, silent);
    let silent = (Check::Message, Fault::OutOfTime);
    assert_eq!(for_seconds(10, ("POST", "/messages"), Mishap::Hangs).await, silent);
}

#[tokio::test]
async fn a_right_that_comes_in_a_while_is_waited_for() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let later = Mishap::RefusedTimes(Arc::new(Mutex::new(4)), "AccessDeniedException");
    let endpoints = Endpoints::start(&world, &pins, ("GET", "/v1/health"), later).await;
    let hook = endpoints.hook(&world, &pins).with_patience(Duration::from_secs(10));
    assert_eq!(call(&hook).await.expect("a verdict").status, "Succeeded");
}

#[tokio::test]
async fn a_conversation_is_closed_whatever_the_checks_find() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let mishap = Mishap::Altered(|response| response["statusCode"] = json!(500));
    let endpoints = Endpoints::start(&world, &pins, ("GET", "/messages"), mishap).await;
    let verdict = call(&endpoints.hook(&world, &pins)).await.expect("a verdict");
    assert_eq!(verdict.check, Some(Check::Transcript));
    assert_eq!(world.count_items("conversations").await, 3, "opened, one exchange, closed");
}

#[tokio::test]
async fn without_codedeploy_the_hook_fails_so_that_lambda_calls_again() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let endpoints = Endpoints::start(&world, &pins, NOWHERE, Mishap::None).await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let unreachable = hook(&world, &pins, &endpoints.lambda.url, &url);
    assert_eq!(call(&unreachable).await, Err(HookError::NotReported));

    let answers = |code: &'static str| {
        Listener::start(move |_: Taken| std::future::ready(told(StatusCode::BAD_REQUEST, code)))
    };
    // The first call was told and not heard: the second one finds it told.
    let told_before = answers(r#"{"__type":"LifecycleEventAlreadyCompletedException"}"#).await;
    let again = hook(&world, &pins, &endpoints.lambda.url, &told_before.url);
    assert_eq!(call(&again).await.expect("a verdict").status, "Succeeded");
    assert_eq!(verdicts(&told_before), ["Succeeded"]);
    let refusing = answers(r#"{"__type":"DeploymentDoesNotExistException"}"#).await;
    let refused = hook(&world, &pins, &endpoints.lambda.url, &refusing.url);
    assert_eq!(call(&refused).await, Err(HookError::NotReported));
}

#[tokio::test]
async fn an_event_of_somebody_else_is_refused_and_nobody_is_visited() {
    let world = World::new().await;
    let pins = pin(&world).await;
    let endpoints = Endpoints::start(&world, &pins, NOWHERE, Mishap::None).await;
    let hook = endpoints.hook(&world, &pins);
    for event in [json!({}), json!(null), json!({ "DeploymentId": "d-1" })] {
        let called = hook.handle(LambdaEvent::new(event, Context::default())).await;
        assert_eq!(called, Err(HookError::UnknownEvent));
    }
    assert_eq!((endpoints.lambda.taken().len(), endpoints.verdicts().len()), (0, 0));
}
