//! The published form of the document; every document that is given out has it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use tests::tools;
use tests::world::World;

use super::super::stage::officer;
use super::{attended_conversation, customer, full_conversation, mine, theirs};

const FILE: &str = "../docs/export.schema.json";

/// The form, as the routes' own description has it.
fn form() -> Value {
    let described = serde_json::to_value(intake::api().get_openapi()).expect("openapi");
    let schemas = described["components"]["schemas"].as_object().expect("schemas");
    let mut definitions = Map::new();
    let mut wanted = vec!["Export".to_owned()];
    while let Some(name) = wanted.pop() {
        if !definitions.contains_key(&name) {
            let schema = schemas[&name].to_string();
            let mut names = schema.split("#/components/schemas/").skip(1);
            wanted
                .extend(names.by_ref().filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            let schema = schema.replace("#/components/schemas/", "#/$defs/");
            definitions.insert(name, serde_json::from_str(&schema).expect("JSON"));
        }
    }
    let mut form = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sotto:export:1",
        "title": "All that is held about a subject, or a part of it",
    });
    let whole = definitions.remove("Export").expect("the document");
    let form_fields = form.as_object_mut().expect("an object");
    form_fields.extend(whole.as_object().expect("an object").clone());
    form_fields.insert("$defs".to_owned(), definitions.into());
    form
}

/// Run with `SOTTO_UPDATE=1` to write the file anew.
#[test]
fn the_published_form_is_that_of_the_types() {
    let made = serde_json::to_string_pretty(&form()).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the file is written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == made, "{FILE} is old: run with SOTTO_UPDATE=1 to write it anew");
}

/// By a validator that others wrote, in Python, because sam already brings it along.
#[tokio::test]
async fn what_is_given_out_has_the_published_form() {
    let Some(python) = tools::python_with("jsonschema") else { return };
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = customer(&world).await;
    full_conversation(&world, &visitor).await;
    attended_conversation(&world, &visitor).await;
    let full = theirs(&officer, &visitor.subject).await.json();
    let empty = mine(&world.visitor().await).await;
    let mut documents = vec![full.clone(), empty];
    let good = documents.len();
    // And what does not have it, so that it is known to look.
    for (pointer, value) in [
        ("/schema", json!("urn:sotto:export:2")),
        ("/lead", json!({ "name": "Ada" })),
        ("/reads/0/at", json!(7)),
        ("/conversations/0/events/0", json!({ "kind": "message", "at": "", "author": "visitor" })),
        ("/conversations/0/events/0/kind", json!("shout")),
        ("/conversations/0/integrity", Value::Null),
        ("/next_cursor", json!(false)),
    ] {
        let mut other = full.clone();
        *other.pointer_mut(pointer).expect(pointer) = value;
        documents.push(other);
    }
    for name in full.as_object().expect("an object").keys() {
        let mut less = full.clone();
        less.as_object_mut().expect("an object").remove(name);
        documents.push(less);
    }
    let published = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE));
    let schema: Value = serde_json::from_str(&published.expect(FILE)).expect("JSON");
    let judged = validate(&python, &json!({ "schema": schema, "documents": documents }));
    for (at, errors) in judged.iter().enumerate() {
        let errors = errors.as_array().expect("errors");
        assert_eq!(errors.is_empty(), at < good, "document {at}: {errors:?}");
    }
    assert_eq!(judged.len(), documents.len());
}

/// Every event and every list was there to be validated.
#[tokio::test]
async fn every_kind_of_event_was_validated() {
    let world = World::new().await;
    let visitor = customer(&world).await;
    full_conversation(&world, &visitor).await;
    attended_conversation(&world, &visitor).await;
    let export = mine(&visitor).await;
    let conversations = export["conversations"].as_array().expect("conversations").iter();
    let events = conversations.flat_map(|one| one["events"].as_array().expect("events"));
    let seen: BTreeSet<_> =
        events.map(|event| event["kind"].as_str().expect("a kind").to_owned()).collect();
    let kinds = form()["$defs"]["ExportedEvent"]["oneOf"].as_array().expect("kinds").len();
    assert_eq!(seen.len(), kinds, "{seen:?}");
}

fn validate(python: &Path, task: &Value) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/validate_documents.py");
    let mut process = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = process.stdin.take().expect("a pipe");
    input.write_all(task.to_string().as_bytes()).expect("it listens");
    drop(input);
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it does not take the schema");
    let judged: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    judged.as_array().expect("a list").clone()
}
