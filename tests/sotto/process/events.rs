//! The shipped event files: one a route and one for each scheduled job, all of them valid.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tests::api::{Api, Request, invoke};
use tests::visitor::Visitor;
use tests::world::World;

use super::root;

/// What the routes of retention begin with, as it stands in the names of the files.
const RETENTION: [&str; 5] =
    ["-v1-transcripts-", "-v1-subjects-", "-v1-retention-", "-v1-holds", "-v1-cases"];

/// A shipped event.
pub(super) struct Event {
    /// Its file.
    pub(super) name: String,
    /// The function that it is for.
    pub(super) function: &'static str,
    /// The status of the answer; none for a job.
    pub(super) status: Option<u16>,
}

/// The event files of a folder, in an order in which they can be sent: after a close there is only the
/// erasure.
pub(super) fn in_order(folder: &Path) -> Vec<Event> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder of events")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .collect();
    let rank = |name: &str| match name {
        _ if name.contains("close") => 1,
        _ if name.contains("delete-v1-me") => 2,
        _ => 0,
    };
    names.sort_by_key(|name| (rank(name), name.clone()));
    names.into_iter().map(Event::of).collect()
}

impl Event {
    fn of(name: String) -> Self {
        let (function, status) = match name.trim_end_matches(".json") {
            "rotate-keys" => ("rotate-keys", None),
            "sweep" => ("sweep", None),
            "get-root" | "get-widget-js" | "get-console" => ("site", Some(200)),
            "get-well-known-jwks-json" => ("auth", Some(200)),
            // Nobody is on the staff where the events are made: what they show is a refusal.
            name if name.contains("-v1-auth-passkeys-login-start") => ("auth", Some(200)),
            name if name.contains("-v1-auth-") => ("auth", Some(401)),
            "get-v1-receipts-id" => ("retention", Some(404)),
            "post-v1-receipts-verify" => ("retention", Some(200)),
            name if RETENTION.iter().any(|part| name.contains(part)) => ("retention", Some(401)),
            // The names of the assets change with their content; this one never is one.
            "get-assets-file" => ("site", Some(404)),
            "post-v1-sessions"
            | "post-v1-conversations"
            | "post-v1-conversations-id-messages"
            | "post-v1-conversations-id-lead" => ("intake", Some(201)),
            "post-v1-conversations-id-handover" => ("intake", Some(202)),
            "post-v1-conversations-id-rating" => ("intake", Some(204)),
            _ => ("intake", Some(200)),
        };
        Self { name, function, status }
    }
}

fn shipped() -> std::path::PathBuf {
    root().join("tests/events")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(shipped().join(name)).expect("an event file")
}

#[tokio::test]
async fn every_shipped_event_is_answered() {
    let world = World::new().await;
    let visitor = Visitor::arrive(world.api()).await;
    let conversation = visitor.open().await;
    let pages = site::Config::read(&|_| Some(String::new())).expect("no pin yet");
    let mut answered = 0;
    for event in in_order(&shipped()) {
        let text = read(&event.name)
            .replace("{{token}}", &visitor.token)
            .replace("{{conversation}}", conversation.rsplit('/').next().expect("an id"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let Some(status) = event.status else {
            // By this the job knows its schedule.
            assert_eq!(value["detail-type"], "Scheduled Event", "{}", event.name);
            continue;
        };
        let router = match event.function {
            "site" => site::router(&pages, world.clock.clone()),
            "auth" => auth::router(world.auth.clone()),
            "retention" => retention::router(world.retention.clone()),
            _ => intake::router(world.app.clone()),
        };
        let response = invoke(router, &value).await;
        assert_eq!(response.status, status, "{}: {}", event.name, response.json());
        answered += 1;
    }
    assert_eq!(answered, 60);
    assert_eq!(visitor.get(&conversation).await.refusal(), (410, "erased".to_owned()));
}

#[test]
fn every_route_has_its_event() {
    let routes: BTreeSet<_> = tests::openapi::routes()
        .into_iter()
        .map(|route| format!("{} {}", route.method.to_uppercase(), route.path))
        .collect();
    let mut events = BTreeSet::new();
    for event in in_order(&shipped()).iter().filter(|event| event.status.is_some()) {
        let value: Value = serde_json::from_str(&read(&event.name)).expect("JSON");
        let key = value["routeKey"].as_str().expect("a route key").to_owned();
        let http = &value["requestContext"]["http"];
        assert!(key.starts_with(http["method"].as_str().expect("a method")), "{}", event.name);
        assert_eq!(value["rawPath"], http["path"], "{}", event.name);
        assert!(events.insert(key), "{} is the second one of its route", event.name);
    }
    assert_eq!(events, routes);
}

/// The files that `cargo local aws` writes are the shipped ones with a visitor in them.
#[tokio::test]
async fn a_filled_in_event_asks_what_the_visitor_would() {
    let world = World::new().await;
    let visitor = Visitor::arrive(world.api()).await;
    let conversation = visitor.open().await;
    let text = read("get-v1-conversations-id.json")
        .replace("{{token}}", &visitor.token)
        .replace("{{conversation}}", conversation.rsplit('/').next().expect("an id"));
    assert!(!text.contains("{{"), "a place that nothing fills");
    let event: Value = serde_json::from_str(&text).expect("JSON");
    let by_file = invoke(intake::router(world.app.clone()), &event).await;
    let request = Request::new("GET", &conversation).bearer(&visitor.token);
    let by_hand = Api::send(&world.api(), &request).await;
    assert_eq!(by_file.json(), by_hand.json());
}
