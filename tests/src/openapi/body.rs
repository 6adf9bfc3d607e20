//! Bodies of requests and responses: their examples, their sealed form, the headers beside them.

use serde_json::{Value, json};
use shared::http::demands::Route;
use shared::seal::transport::SEALED_JSON;

use super::example;

const JSON: &str = "application/json";

/// Completes what `utoipa` wrote of a request: the example is the event that is shipped for the route.
pub(super) fn of_request(operation: &mut Value, id: &str, sealable: bool) {
    let content = &mut operation["requestBody"]["content"];
    if content.is_null() {
        let operation = operation.as_object_mut().expect("an operation");
        operation.remove("requestBody");
        return;
    }
    let plain = &mut content[JSON];
    // A body may be missing, but it is never null.
    if let Some(either) = plain["schema"]["oneOf"].as_array() {
        plain["schema"] = either[0].clone();
    }
    plain["example"] = shipped(id).unwrap_or_else(|| json!({}));
    if sealable {
        content[SEALED_JSON] =
            json!({ "schema": { "$ref": "#/components/schemas/SealedRequest" } });
    }
}

/// Completes what `utoipa` wrote of the responses that are no problems.
pub(super) fn of_responses(operation: &mut Value, route: &Route, schemas: &Value) {
    let responses = operation["responses"].as_object_mut().expect("responses");
    for (status, response) in responses {
        let schema = &response["content"][JSON]["schema"];
        let about = example::resolved(schemas, schema)["description"].as_str();
        if response["description"].as_str().is_none_or(str::is_empty) {
            let description = match (about, status.as_str()) {
                (Some(about), _) => about,
                (None, "204") => "Done.",
                (None, "304") => "The caller has it already.",
                (None, _) => "As asked.",
            };
            response["description"] = json!(description);
        }
        add_header(response, "X-Request-Id");
        if route.demands.idempotent {
            add_header(response, "Idempotent-Replayed");
        }
        let Some(content) =
            response["content"].as_object_mut().filter(|content| !content.is_empty())
        else {
            response.as_object_mut().expect("a response").remove("content");
            continue;
        };
        for (media, described) in content.iter_mut().filter(|(media, _)| media.ends_with("json")) {
            if media == "application/jwk-set+json" {
                described["schema"] = json!({ "$ref": "#/components/schemas/JwkSet" });
            }
            assert!(!described["schema"].is_null(), "{} {media} without a schema", route.path);
            described["example"] = example::of(schemas, &described["schema"]);
        }
        if route.demands.sealable && content.contains_key(JSON) {
            content.insert(SEALED_JSON.to_owned(), sealed());
        }
    }
}

/// A sealed body, which is opened with the request's own key.
pub(super) fn sealed() -> Value {
    json!({ "schema": { "$ref": "#/components/schemas/SealedResponse" } })
}

/// Says that a response has one of the headers in the components.
pub(super) fn add_header(response: &mut Value, name: &str) {
    response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
}

/// The body of the shipped event of an operation.
fn shipped(id: &str) -> Option<Value> {
    let name = format!("{}/events/{}.json", env!("CARGO_MANIFEST_DIR"), id.replace('_', "-"));
    let event = std::fs::read_to_string(&name).expect("every route has its event");
    let event: Value = serde_json::from_str(&event).expect("an event");
    // A file is its own example.
    event["body"].as_str().map(|body| serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}
