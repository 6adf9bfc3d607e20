//! The shipped event files: one a route and one for each scheduled job, all of them valid.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::api::{Api, Request, invoke};
use tests::visitor::Visitor;
use tests::world::World;

use super::event_files::made;
use super::root;

fn shipped() -> std::path::PathBuf {
    root().join("tests/events")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(shipped().join(name)).expect("an event file")
}

/// Run with `SOTTO_UPDATE=1` to write the files anew.
#[test]
fn the_event_files_are_those_of_the_template() {
    let made: BTreeMap<_, _> = made().into_iter().map(|event| (event.name, event.text)).collect();
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        std::fs::remove_dir_all(shipped()).expect("the old ones go");
        std::fs::create_dir(shipped()).expect("a folder");
        for (name, text) in &made {
            std::fs::write(shipped().join(name), text).expect("the file is written");
        }
    }
    let files = std::fs::read_dir(shipped()).expect("a folder of events").map(|entry| {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let text = read(&name);
        (name, text)
    });
    let files: BTreeMap<_, _> = files.collect();
    assert_eq!(files.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (name, text) in made {
        assert!(files[&name] == text, "{name} is old: run with SOTTO_UPDATE=1 to write it anew");
    }
}

#[tokio::test]
async fn every_shipped_event_is_answered() {
    let world = World::new().await;
    let visitor = Visitor::arrive(world.api()).await;
    let conversation = visitor.open().await;
    let pages = site::Config::read(&|_| Some(String::new())).expect("no pin yet");
    for event in made() {
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
            "desk" => desk::router(world.desk.clone()),
            "editor" => editor::router(world.editor.clone()),
            "training" => training::router(world.training.clone()),
            "monitor" => monitor::router(world.monitor.clone()),
            "audit" => audit::router(world.audit.clone()),
            "intake" => intake::router(world.app.clone()),
            other => panic!("{other} serves no route here"),
        };
        let response = invoke(router, &value).await;
        assert_eq!(response.status, status, "{}: {}", event.name, response.json());
    }
    assert_eq!(visitor.get(&conversation).await.refusal(), (410, "erased".to_owned()));
}

#[test]
fn every_route_has_its_event() {
    let routes: BTreeSet<_> = tests::openapi::routes()
        .into_iter()
        .map(|route| format!("{} {}", route.method.to_uppercase(), route.path))
        .collect();
    let mut events = BTreeSet::new();
    for event in made().iter().filter(|event| event.status.is_some()) {
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
