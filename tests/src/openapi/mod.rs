//! The description of the API, made of the functions' own types: what `utoipa` writes of each handler,
//! what the types of its parameters demand, a request of tests/events, and an example of each response.

mod body;
pub mod conform;
mod example;
mod problem;
mod schema;

use serde_json::{Map, Value, json};
use shared::http::demands::{Route, Token};

/// The functions that are called by HTTP, and what they are for.
const FUNCTIONS: [(&str, &str); 9] = [
    ("intake", "Visitors: sessions, conversations, contacts, their own export and erasure."),
    ("auth", "Staff: invitations, sign-in, second factors, sessions, people."),
    (
        "retention",
        "Staff: transcripts, subject requests, holds, retention; receipts for everybody.",
    ),
    ("desk", "Agents: who waits, and what is said to them."),
    ("editor", "Admins: what the bot knows, tried, published and taken back."),
    ("training", "Staff: courses, attempts at their questions, certificates, practices."),
    ("monitor", "Security officers: incidents, what is done about them, whom they concern."),
    (
        "audit",
        "Security officers and auditors: audits, the audit log, its checkpoint and its proofs.",
    ),
    ("site", "Pages, scripts and styles."),
];

/// The whole description, as docs/openapi.json has it.
#[must_use]
pub fn document() -> Value {
    let parts = [
        serde_json::to_value(intake::api().get_openapi()),
        serde_json::to_value(auth::api().get_openapi()),
        serde_json::to_value(retention::api().get_openapi()),
        serde_json::to_value(desk::api().get_openapi()),
        serde_json::to_value(editor::api().get_openapi()),
        serde_json::to_value(training::api().get_openapi()),
        serde_json::to_value(monitor::api().get_openapi()),
        serde_json::to_value(audit::api().get_openapi()),
        serde_json::to_value(site::api().get_openapi()),
    ];
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for part in parts {
        let part = part.expect("a description");
        join(&mut paths, &part["paths"]);
        join(&mut schemas, &part["components"]["schemas"]);
    }
    schema::complete(&mut schemas);
    let mut components = json!({
        "schemas": schemas,
        "securitySchemes": security_schemes(),
        "headers": headers(),
        "examples": problem::examples(),
        "responses": {},
    });
    for route in routes() {
        let operation = &mut paths[&route.path][route.method];
        describe(operation, &route, &mut components);
    }
    let tags =
        FUNCTIONS.map(|(name, description)| json!({ "name": name, "description": description }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sotto",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A private chat for support. Errors are problem details (RFC 9457).",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:9000", "description": "`cargo local`" }],
        "tags": tags,
        "paths": paths,
        "components": components,
    })
}

/// Every route with its demands.
#[must_use]
pub fn routes() -> Vec<Route> {
    let staff = [auth::demands(), retention::demands(), desk::demands(), editor::demands()];
    let others = [training::demands(), monitor::demands(), audit::demands(), site::demands()];
    [intake::demands()].into_iter().chain(staff).chain(others).flatten().collect()
}

/// The name of an operation: its method and path, which no other has. tests/events names its files so.
#[must_use]
pub fn operation_id(method: &str, path: &str) -> String {
    // `{subject_id}` is `id`, as in the name of the event.
    let segments = path.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(parameter) => parameter.rsplit('_').next().unwrap_or(parameter),
        None => segment,
    });
    let words = segments.flat_map(|segment| segment.split(|c: char| !c.is_ascii_alphanumeric()));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        format!("{method}_root")
    } else {
        format!("{method}_{}", words.join("_"))
    }
}

fn join(all: &mut Map<String, Value>, more: &Value) {
    for (name, described) in more.as_object().into_iter().flatten() {
        match (all.get_mut(name), described) {
            (None, _) => {
                all.insert(name.clone(), described.clone());
            }
            (Some(known), described) if known == described => {}
            // One path, whose methods are in two functions.
            (Some(Value::Object(methods)), Value::Object(_)) if name.starts_with('/') => {
                join(methods, described);
            }
            _ => panic!("{name} is two things"),
        }
    }
}

fn describe(operation: &mut Value, route: &Route, components: &mut Value) {
    let id = operation_id(route.method, &route.path);
    let demands = &route.demands;
    operation["tags"] = json!([route.function]);
    if operation["security"].is_null() {
        let tokens =
            demands.tokens.iter().map(|(token, role)| json!({ token.as_str(): role_list(*role) }));
        operation["security"] = tokens.collect();
    }
    if let Some(parameters) = parameters(operation, route) {
        operation["parameters"] = parameters;
    }
    let schemas = components["schemas"].clone();
    body::of_request(operation, &id, demands.sealable);
    body::of_responses(operation, route, &schemas);
    // A sealed request to a route without an answer gets its status inside the seal.
    let responses = &operation["responses"];
    if demands.sealable && !responses["204"].is_null() && responses["200"].is_null() {
        operation["responses"]["200"] = json!({
            "description": "As 204, sealed.",
            "content": { "application/sotto-sealed+json": body::sealed() },
        });
        body::add_header(&mut operation["responses"]["200"], "X-Request-Id");
    }
    for (status, codes) in problem::by_status(&demands.refusals) {
        let (name, response) = problem::response(status, &codes, demands.sealable);
        let name = format!("{name}{}", if demands.sealable { ".sealable" } else { "" });
        operation["responses"][status.to_string()] =
            json!({ "$ref": format!("#/components/responses/{name}") });
        components["responses"][name] = response;
    }
    operation["operationId"] = json!(id);
}

fn role_list(role: Option<&str>) -> Value {
    role.into_iter().collect()
}

fn parameters(operation: &Value, route: &Route) -> Option<Value> {
    let mut all = operation["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in &mut all {
        // A parameter may be missing, but none is null.
        if let Some(kinds) = parameter["schema"]["type"].as_array() {
            let kind = kinds.iter().find(|kind| *kind != "null").expect("a type").clone();
            parameter["schema"]["type"] = kind;
        }
        if parameter["name"] == "Sotto-Proof" {
            parameter["description"] = json!(
                "The answer to a challenge of a 429: the challenge, a point, \
                and a nonce, both in base64url. A challenge counts once, for two minutes, for this network."
            );
        }
        if parameter["name"] == "limit" {
            parameter["schema"] =
                json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
        }
    }
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    if route.demands.idempotent {
        let schema =
            json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" });
        let description = "The same key with the same body gives the first response again.";
        all.push(header("Idempotency-Key", true, description, schema));
    }
    if route.demands.sealable && operation["requestBody"]["required"] != true {
        let description = "Asks for a sealed response: the name of a key of `GET /v1/keys`, a point, and \
            an encapsulated key in base64url.";
        all.push(header("Sotto-Reply-Key", false, description, json!({ "type": "string" })));
    }
    (!all.is_empty()).then(|| all.into())
}

fn security_schemes() -> Value {
    let bearer = |format: &str, description: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": format, "description": description });
    json!({
        (Token::Visitor.as_str()):
            bearer("JWT", "What `POST /v1/sessions` gives."),
        (Token::Staff.as_str()):
            bearer("JWT", "What a sign-in gives. A role named beside it is one that the caller must have."),
        (Token::SteppedUp.as_str()):
            bearer("JWT", "The same, within five minutes of a second factor: `POST /v1/auth/step_up`."),
        (Token::Enrolment.as_str()):
            bearer("JWT", "What `POST /v1/auth/invitations/accept` gives, for the first second factor."),
    })
}

fn headers() -> Value {
    json!({
        "X-Request-Id": { "description": "Names the request in the log.", "schema": { "type": "string" } },
        "Retry-After": {
            "description": "Seconds after which trying again makes sense.",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "WWW-Authenticate": { "description": "Always `Bearer`.", "schema": { "const": "Bearer" } },
        "Idempotent-Replayed": {
            "description": "Whether the response was given before, to the same request.",
            "schema": { "const": "true" },
        },
    })
}
