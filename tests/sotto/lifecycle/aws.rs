//! The two AWS endpoints of the check before traffic, on the wire: Lambda's Invoke, which runs the
//! real functions over a world's DynamoDB and KMS, and `CodeDeploy`, which keeps the verdict.

use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preflight::Hook;
use preflight::config::Config;
use serde_json::{Value, json};
use shared::http::aws;
use tests::api::respond;
use tests::world::World;

use super::listener::{Listener, Taken};

pub(super) const INTAKE: &str = "arn:aws:lambda:eu-central-1:123456789012:function:intake:7";
pub(super) const AUTH: &str = "arn:aws:lambda:eu-central-1:123456789012:function:auth:3";
pub(super) const EDITOR: &str = "arn:aws:lambda:eu-central-1:123456789012:function:editor:1";
/// The published version of the function that trains the staff.
pub(super) const TRAINING: &str = "arn:aws:lambda:eu-central-1:123456789012:function:training:1";
/// The published version of the function of incidents.
pub(super) const MONITOR: &str = "arn:aws:lambda:eu-central-1:123456789012:function:monitor:1";
/// The published version of the function of the audit log.
pub(super) const AUDIT: &str = "arn:aws:lambda:eu-central-1:123456789012:function:audit:1";
pub(super) const DESK: &str = "arn:aws:lambda:eu-central-1:123456789012:function:desk:1";
pub(super) const RETENTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:retention:1";
pub(super) const SITE: &str = "arn:aws:lambda:eu-central-1:123456789012:function:site:12";

/// A failure of an invocation, before or after the function ran.
#[derive(Clone)]
pub(super) enum Mishap {
    /// Nothing.
    None,
    /// Lambda refuses with this error.
    Refused(StatusCode, &'static str),
    /// The same this often; then it works.
    RefusedTimes(Arc<Mutex<usize>>, &'static str),
    /// The function ends with an error.
    FunctionError,
    /// It answers with this payload.
    Payload(Value),
    /// It does not answer.
    Hangs,
    /// Its response is altered.
    Altered(fn(&mut Value)),
}

/// When it goes wrong: at requests of this method whose path ends like this.
pub(super) type At = (&'static str, &'static str);

/// The endpoints.
pub(super) struct Endpoints {
    pub(super) lambda: Listener,
    pub(super) codedeploy: Listener,
}

impl Endpoints {
    /// Endpoints over a world, where one thing goes wrong.
    pub(super) async fn start(world: &World, pins: &str, at: At, mishap: Mishap) -> Self {
        let pin = |name: &str| (name == "SOTTO_ROOT_PIN").then(|| pins.to_owned());
        let site = site::Config::read(&pin).expect("pins");
        let site = site::router(&site, world.clock.clone());
        let (intake, auth) = (world.router.clone(), auth::router(world.auth.clone()));
        let retention = retention::router(world.retention.clone());
        let desk = desk::router(world.desk.clone());
        let editor = editor::router(world.editor.clone());
        let training = training::router(world.training.clone());
        let monitor = monitor::router(world.monitor.clone());
        let audit = audit::router(world.audit.clone());
        let functions = Functions {
            intake,
            auth,
            retention,
            desk,
            editor,
            training,
            monitor,
            audit,
            site,
            at,
            mishap,
        };
        let lambda = Listener::start(move |request| functions.clone().invoked(request)).await;
        let codedeploy = Listener::start(async |_: Taken| told(StatusCode::OK, "{}")).await;
        Self { lambda, codedeploy }
    }

    /// The hook that is told to use them.
    pub(super) fn hook(&self, world: &World, pins: &str) -> Hook {
        hook(world, pins, &self.lambda.url, &self.codedeploy.url)
    }

    /// The verdicts that `CodeDeploy` was told.
    pub(super) fn verdicts(&self) -> Vec<String> {
        verdicts(&self.codedeploy)
    }

    /// The events that the functions were invoked with.
    pub(super) fn events(&self) -> Vec<Value> {
        let taken = self.lambda.taken().into_iter();
        taken.map(|request| serde_json::from_slice(&request.body).expect("an event")).collect()
    }
}

/// A hook for these endpoints.
pub(super) fn hook(world: &World, pins: &str, lambda: &str, codedeploy: &str) -> Hook {
    let config = Config::read(&|name| {
        let value = match name {
            "SOTTO_INTAKE_VERSION" => INTAKE,
            "SOTTO_AUTH_VERSION" => AUTH,
            "SOTTO_RETENTION_VERSION" => RETENTION,
            "SOTTO_DESK_VERSION" => DESK,
            "SOTTO_EDITOR_VERSION" => EDITOR,
            "SOTTO_TRAINING_VERSION" => TRAINING,
            "SOTTO_MONITOR_VERSION" => MONITOR,
            "SOTTO_AUDIT_VERSION" => AUDIT,
            "SOTTO_SITE_VERSION" => SITE,
            "SOTTO_ROOT_PIN" => pins,
            "SOTTO_ISSUER" => "world",
            "AWS_REGION" => "eu-central-1",
            "AWS_ENDPOINT_URL_LAMBDA" => lambda,
            "AWS_ENDPOINT_URL_CODEDEPLOY" => codedeploy,
            _ => return None,
        };
        Some(value.to_owned())
    })
    .expect("a complete configuration");
    let sdk = aws::sdk(&config.region, &config.trust_roots).expect("AWS clients");
    let sdk = sdk.into_builder().credentials_provider(super::credentials()).build();
    Hook::new(config, world.clock.clone(), &sdk)
}

/// The verdicts that a `CodeDeploy` was told, each checked.
pub(super) fn verdicts(codedeploy: &Listener) -> Vec<String> {
    let taken = codedeploy.taken().into_iter();
    taken
        .map(|request| {
            assert_eq!(
                request.headers["x-amz-target"],
                "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
            );
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            assert_eq!(body["deploymentId"], "d-1");
            assert_eq!(body["lifecycleEventHookExecutionId"], "execution-1");
            body["status"].as_str().expect("a status").to_owned()
        })
        .collect()
}

/// An answer in the form of either service.
pub(super) fn told(status: StatusCode, body: &'static str) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], body).into_response()
}

#[derive(Clone)]
struct Functions {
    intake: Router,
    auth: Router,
    retention: Router,
    desk: Router,
    editor: Router,
    training: Router,
    monitor: Router,
    audit: Router,
    site: Router,
    at: At,
    mishap: Mishap,
}

impl Functions {
    async fn invoked(self, request: Taken) -> Response {
        assert_eq!(request.method, "POST");
        let (_, name) = request.path.split_once("/functions/").expect("an invocation");
        let name = name.replace("%3A", ":");
        let router = match name.trim_end_matches("/invocations") {
            INTAKE => self.intake,
            AUTH => self.auth,
            RETENTION => self.retention,
            DESK => self.desk,
            EDITOR => self.editor,
            TRAINING => self.training,
            MONITOR => self.monitor,
            AUDIT => self.audit,
            SITE => self.site,
            other => panic!("{other} was invoked"),
        };
        let event: Value = serde_json::from_slice(&request.body).expect("an event");
        let here = event["requestContext"]["http"]["method"] == self.at.0
            && event["rawPath"].as_str().is_some_and(|path| path.ends_with(self.at.1));
        match if here { self.mishap } else { Mishap::None } {
            Mishap::None => payload(&respond(router, &event).await),
            Mishap::Altered(alter) => {
                let mut response = respond(router, &event).await;
                alter(&mut response);
                payload(&response)
            }
            Mishap::Refused(status, code) => refused(status, code),
            Mishap::RefusedTimes(left, code) => {
                let refuse = {
                    let mut left = left.lock().expect("no test failed in here");
                    *left = left.saturating_sub(1);
                    *left > 0
                };
                if refuse {
                    refused(StatusCode::FORBIDDEN, code)
                } else {
                    payload(&respond(router, &event).await)
                }
            }
            Mishap::FunctionError => {
                let error = json!({ "errorType": "Runtime.ExitError", "errorMessage": "exit" });
                ([("x-amz-function-error", "Unhandled")], error.to_string()).into_response()
            }
            Mishap::Payload(body) => payload(&body),
            Mishap::Hangs => pending().await,
        }
    }
}

fn payload(body: &Value) -> Response {
    body.to_string().into_response()
}

fn refused(status: StatusCode, code: &'static str) -> Response {
    (status, [("x-amzn-errortype", code)], json!({ "message": "refused" }).to_string())
        .into_response()
}
