//! Every response that a test sees is held against docs/openapi.json. A status, a content type, a code
//! or a field that is not described there fails the test. Clients stay tolerant: the published schemas
//! let unknown fields pass, and only the copy that is used here does not.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};
use shared::http::response::PROBLEM_JSON;
use shared::seal::transport::SEALED_JSON;

use crate::exchange::{Request, Response};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let published = std::fs::read(path).expect("docs/openapi.json");
    let published: Value = serde_json::from_slice(&published).expect("JSON");
    let mut document = published.clone();
    close(&mut document, false, &published);
    document
});

type Validators = HashMap<(String, u16, String), Arc<Validator>>;

static VALIDATORS: LazyLock<Mutex<Validators>> = LazyLock::new(Mutex::default);

/// Holds a response against the description; panics with what is not described.
pub fn conforms(request: &Request, response: &Response) {
    if let Err(fault) = judge(request, response, response.header("content-type")) {
        panic!("docs/openapi.json: {} {}: {fault}", request.method, request.path);
    }
}

/// The same for a response that was sealed and is open now. Outside, the seal hides the type.
pub fn opened_conforms(request: &Request, response: &Response) {
    let media = match response.status {
        400.. => PROBLEM_JSON,
        _ if response.body.starts_with(b"<!") => "text/html",
        _ => "application/json",
    };
    if let Err(fault) = judge(request, response, media) {
        panic!("docs/openapi.json: {} {}, opened: {fault}", request.method, request.path);
    }
}

/// Says what of a response is not described.
///
/// # Errors
/// The fault.
pub fn judge(request: &Request, response: &Response, content_type: &str) -> Result<(), String> {
    // A preflight is answered by CORS.
    let method = match request.method.as_str() {
        "OPTIONS" => return Ok(()),
        "HEAD" => "get".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let path = request.path.split('?').next().unwrap_or_default();
    // Gateways and routers differ in when they take an escape for the character that it means.
    let is_absent = matches!(response.code().as_str(), "no_such_route" | "not_found");
    if path.contains('%') && response.status == 404 && is_absent {
        return Ok(());
    }
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let Some((template, operations)) = find(&path) else {
        return unrouted(&path, response, (404, "no_such_route"));
    };
    let Some(operation) = operations.get(&method) else {
        return unrouted(&path, response, (405, "method_not_allowed"));
    };
    let described = resolved(&operation["responses"][response.status.to_string()]);
    if described.is_null() {
        return Err(format!(
            "the status {} ({}) is not described",
            response.status,
            response.code()
        ));
    }
    let Some(content) = described["content"].as_object() else {
        return if response.body.is_empty() {
            Ok(())
        } else {
            Err("a body is not described".into())
        };
    };
    if request.method == "HEAD" {
        return Ok(());
    }
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let Some(described) = content.get(media) else {
        return Err(format!("{} of the type {media:?} is not described", response.status));
    };
    if !media.ends_with("json") {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
    let key = (format!("{method} {template}"), response.status, media.to_owned());
    let validator = validator(key, &described["schema"]);
    let faults: Vec<_> = validator
        .iter_errors(&body)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("{}: {}", response.status, faults.join("; ")))
    }
}

/// A response to a path or a method that no route has.
fn unrouted(path: &str, response: &Response, expected: (u16, &str)) -> Result<(), String> {
    let sealed = response.header("content-type") == SEALED_JSON;
    if !path.starts_with("/v1/") || sealed || response.refusal() == (expected.0, expected.1.into())
    {
        return Ok(());
    }
    Err(format!(
        "the path or the method is not described, and was answered {:?}",
        response.refusal()
    ))
}

/// The operations of a path. One without parameters goes before one with them, as in the router.
fn find(path: &str) -> Option<(&'static str, &'static serde_json::Map<String, Value>)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let matching = paths.iter().filter(|(template, _)| {
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(given)) if wanted == given => {}
                (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
                _ => return false,
            }
        }
    });
    let (template, operations) =
        matching.min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, operations.as_object().expect("operations")))
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).expect("a part of the document"),
        None => value,
    }
}

fn validator(key: (String, u16, String), schema: &Value) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = known.entry(key).or_insert_with(|| {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": { "schemas": DOCUMENT["components"]["schemas"] },
            "allOf": [schema],
        });
        let options = jsonschema::options().should_validate_formats(true);
        Arc::new(options.build(&schema).expect("a schema"))
    });
    Arc::clone(made)
}

/// Lets no field pass that is not described. The parts of an `allOf` each know some fields only, so
/// there the whole is closed, and what a part refers to is put in its place as it was.
fn close(schema: &mut Value, is_part: bool, published: &Value) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str).filter(|_| is_part) {
        *schema = published.pointer(&reference[1..]).expect("a part of the document").clone();
    }
    match schema {
        Value::Object(object) => {
            let has_fields =
                object.contains_key("properties") && object.get("type") == Some(&json!("object"));
            let keyword = if object.contains_key("allOf") {
                Some("unevaluatedProperties")
            } else {
                has_fields.then_some("additionalProperties")
            };
            if let Some(keyword) = keyword.filter(|_| !is_part) {
                object.entry(keyword).or_insert(json!(false));
            }
            for (name, value) in object {
                match value {
                    Value::Array(parts) => {
                        for part in parts {
                            close(part, name == "allOf", published);
                        }
                    }
                    value => close(value, false, published),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| close(value, false, published)),
        _ => {}
    }
}
