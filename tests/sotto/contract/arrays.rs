//! An array where an object is asked. A derived parser would fill the object from it, in the order of
//! its fields, and what is documented would not be all that is taken.

use serde_json::{Value, json};
use shared::seal::transport::SEALED_JSON;
use tests::api::{Api, Request};
use tests::visitor::{Visitor, fresh_key};

const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// Every object of every body: the body itself and what is nested in it, with an array in its place
/// that has its values in any order.
pub(crate) async fn an_array_is_taken_for_no_object(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let description: Value = serde_json::from_str(DESCRIPTION).expect("the description");
    let mut objects = 0;
    for (path, route) in description["paths"].as_object().expect("paths") {
        let body = &route["post"]["requestBody"]["content"]["application/json"]["schema"];
        // The staff's bodies are tried in tests/sotto/staff and privacy, at their own functions.
        let is_a_visitors =
            path.starts_with("/v1/sessions") || path.starts_with("/v1/conversations");
        if body.is_null() || !is_a_visitors {
            continue;
        }
        let path = path.replace("/v1/conversations/{id}", &conversation);
        for (place, object) in objects_of(&description, body) {
            objects += 1;
            for array in arrays_of(&description, &object) {
                let body = place.iter().rev().fold(array, |inner, name| json!({ *name: inner }));
                let request = Request::new("POST", &path).json(&body);
                let refused = visitor.send(request.header("idempotency-key", fresh_key())).await;
                assert_eq!(refused.refusal(), (400, "malformed_json".to_owned()), "{path} {body}");
            }
        }
    }
    assert_eq!(objects, 10, "nine bodies and the consent in one of them");
    let sealed = Request::new("POST", "/v1/sessions").bytes(SEALED_JSON, r#"["kid","AA","AA"]"#);
    assert_eq!(api.send(&sealed).await.refusal(), (400, "malformed_json".to_owned()));
    assert!(visitor.transcript(&conversation).await.is_empty(), "a refused request was stored");
}

/// The schema itself, and that of each property that is an object, with the path to it.
fn objects_of<'a>(description: &'a Value, schema: &'a Value) -> Vec<(Vec<&'a str>, Value)> {
    let schema = resolved(description, schema);
    let mut objects = vec![(Vec::new(), schema.clone())];
    for (name, property) in properties(schema) {
        if resolved(description, property)["type"] == "object" {
            for (mut place, object) in objects_of(description, property) {
                place.insert(0, name);
                objects.push((place, object));
            }
        }
    }
    objects
}

/// The values of an object's properties, in every order.
fn arrays_of(description: &Value, schema: &Value) -> Vec<Value> {
    let values: Vec<Value> =
        properties(schema).map(|(_, property)| example(description, property)).collect();
    orders(&values).into_iter().map(Value::from).collect()
}

fn orders(values: &[Value]) -> Vec<Vec<Value>> {
    if values.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..values.len() {
        let mut rest = values.to_vec();
        let first = rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|rest| [vec![first.clone()], rest].concat()));
    }
    all
}

fn example(description: &Value, property: &Value) -> Value {
    let schema = resolved(description, property);
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!("support"),
        Some("array") => json!(["support"]),
        Some("boolean") => json!(true),
        Some("integer") => json!(5),
        Some("object") => properties(schema)
            .map(|(name, property)| (name.to_owned(), example(description, property)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => unreachable!("no type that a body has: {other:?}"),
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, property)| (name.as_str(), property))
}

/// Follows a reference, and takes what is not null of two.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(both) = schema["oneOf"].as_array() {
        let some = both.iter().find(|one| one["type"] != "null").expect("a type");
        return resolved(description, some);
    }
    match schema["$ref"].as_str() {
        Some(reference) => description
            .pointer(reference.strip_prefix('#').expect("a reference in the document"))
            .expect("what is referred to"),
        None => schema,
    }
}
