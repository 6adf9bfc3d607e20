//! Schemas that no type of a handler gives, and what holds for all of them.

use serde_json::{Map, Value, json};
use shared::problem::Code;

const FOREIGN: [(&str, &str); 4] = [
    ("LoginFinishRequest", "credential"),
    ("RegisterFinishRequest", "credential"),
    ("StepUpRequest", "credential"),
    ("Receipt", "log"),
];

/// Adds the schemas that handlers do not name, and says of every time that it is one.
pub(super) fn complete(schemas: &mut Map<String, Value>) {
    for schema in schemas.values_mut() {
        say_times(schema);
    }
    let passkey_options = json!({
        "type": "object",
        "description": schemas["Options"]["properties"]["publicKey"]["description"],
        "required": ["challenge"],
        "properties": { "challenge": { "type": "string" } },
        "additionalProperties": true,
    });
    schemas["Options"]["properties"]["publicKey"] = passkey_options;
    let root = &mut schemas["KeyListResponse"]["properties"]["root"];
    *root = json!({ "$ref": "#/components/schemas/Jwk", "description": root["description"] });
    schemas["Receipt"]["properties"]["log"]["type"] = json!(["object", "null"]);
    schemas["VerifyRequest"]["allOf"][0]["additionalProperties"] = json!(true);
    // The forms of WebAuthn, and of a receipt from another deployment, have fields that are not ours.
    for (name, property) in FOREIGN {
        schemas[name]["properties"][property]["additionalProperties"] = json!(true);
    }
    let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    codes.dedup();
    let text = json!({ "type": "string" });
    schemas.extend([
        ("Problem".to_owned(), json!({
            "type": "object",
            "description": "A refusal (RFC 9457). Clients decide by `code`; no text repeats what was sent.",
            "required": ["type", "title", "status", "detail", "code", "request_id"],
            "properties": {
                "type": { "type": "string", "description": "`urn:sotto:problem:` and the code." },
                "title": text,
                "status": { "type": "integer", "minimum": 400, "maximum": 599 },
                "detail": text,
                "code": { "type": "string", "enum": codes },
                "request_id": { "type": "string", "description": "The request in the log." },
                "errors": {
                    "type": "array",
                    "description": "With the code `invalid`: each value that was refused.",
                    "items": { "$ref": "#/components/schemas/FieldProblem" },
                },
                "proof_of_work": { "$ref": "#/components/schemas/ProofOfWork" },
                "item": item(),
            },
        })),
        ("ProofOfWork".to_owned(), proof_of_work()),
        ("FieldProblem".to_owned(), json!({
            "type": "object",
            "description": "A value that was refused.",
            "required": ["pointer", "code", "detail"],
            "properties": {
                "pointer": { "type": "string", "description": "RFC 6901; `/headers/…` and `/query/…` outside the body." },
                "code": text,
                "detail": text,
            },
        })),
        ("JwkSet".to_owned(), json!({
            "type": "object",
            "description": "The keys that tokens of the staff are verified with (RFC 7517).",
            "required": ["keys"],
            "properties": { "keys": { "type": "array", "items": { "$ref": "#/components/schemas/Jwk" } } },
        })),
        ("Jwk".to_owned(), json!({
            "type": "object",
            "description": "An Ed25519 key (RFC 8037).",
            "required": ["kty", "crv", "x"],
            "properties": {
                "kty": { "const": "OKP" },
                "crv": { "const": "Ed25519" },
                "x": text,
                "kid": text,
                "use": { "const": "sig" },
                "alg": { "const": "EdDSA" },
                "sotto_use": { "type": "string", "description": "What we sign with it." },
                "sotto_retired_at": {
                    "type": "string", "format": "date-time",
                    "description": "Since when it signs nothing, because it was compromised: of what it signs, \
                                    POST /v1/receipts/verify knows what is ours.",
                },
            },
        })),
        ("SealedRequest".to_owned(), json!({
            "type": "object",
            "description": "A body sealed to a key of `GET /v1/keys` (docs/cryptography.md).",
            "additionalProperties": false,
            "required": ["kid", "enc", "ct"],
            "properties": {
                "kid": { "type": "string", "description": "The name of the key." },
                "enc": { "type": "string", "description": "The encapsulated key, base64url." },
                "ct": { "type": "string", "description": "The padded body, base64url." },
            },
        })),
        ("SealedResponse".to_owned(), json!({
            "type": "object",
            "description": "A body sealed to who asked.",
            "required": ["nonce", "ct"],
            "properties": {
                "nonce": { "type": "string", "description": "Base64url." },
                "ct": { "type": "string", "description": "The padded body, base64url." },
            },
        })),
    ]);
}

fn proof_of_work() -> Value {
    json!({
        "type": "object",
        "description": "Work by which a guest whose network is over its limit is served all the same: the \
            request is sent again with `Sotto-Proof`.",
        "required": ["algorithm", "challenge", "bits", "expires_at"],
        "properties": {
            "algorithm": { "const": "sha256" },
            "challenge": { "type": "string", "description": "Base64url." },
            "bits": {
                "type": "integer",
                "minimum": 1,
                "maximum": 32,
                "description": "How many zero bits SHA-256 over the bytes of the challenge and of the nonce begins with.",
            },
            "expires_at": { "type": "string" },
        },
    })
}

/// Names are a promise here: a name that ends in `_at` is a time (RFC 3339).
fn say_times(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (name, property) in
                object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
            {
                let kind = property["type"].as_str().or_else(|| property["type"][0].as_str());
                if (name.ends_with("_at") || name == "at") && kind == Some("string") {
                    property["format"] = json!("date-time");
                }
            }
            object.values_mut().for_each(say_times);
        }
        Value::Array(parts) => parts.iter_mut().for_each(say_times),
        _ => {}
    }
}

fn item() -> Value {
    json!({
        "description": "The thing in question as it is: a conversation that another agent has, or an attempt under way.",
        "anyOf": [
            { "$ref": "#/components/schemas/InboxItem" },
            { "$ref": "#/components/schemas/AttemptResponse" },
        ],
    })
}
