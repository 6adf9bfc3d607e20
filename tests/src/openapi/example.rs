//! Examples, composed of a schema. The value of a property follows from its name, so one line here
//! serves every schema that has a property of that name.

use serde_json::{Map, Value, json};

const ID: &str = "019a4310-5ac0-7d3e-9b1c-2f4a6c8e0d12";

/// An example of a schema.
pub(super) fn of(schemas: &Value, schema: &Value) -> Value {
    named(schemas, "", schema)
}

/// Follows a reference.
pub(super) fn resolved<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => &schemas[reference.rsplit('/').next().unwrap_or_default()],
        None => schema,
    }
}

fn named(schemas: &Value, name: &str, schema: &Value) -> Value {
    let schema = resolved(schemas, schema);
    if let Some(given) = schema.get("example").or_else(|| schema.get("const")) {
        return given.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    if let Some(either) = schema["oneOf"].as_array() {
        let some = either.iter().find(|one| one["type"] != "null");
        return some.map_or(Value::Null, |some| named(schemas, name, some));
    }
    let mut object = Map::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        object.extend(named(schemas, name, part).as_object().cloned().unwrap_or_default());
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        object.insert(name.clone(), named(schemas, name, property));
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!(text(name)),
        Some("integer") => json!(number(name).max(schema["minimum"].as_i64().unwrap_or(0))),
        Some("number") => json!(0.5),
        Some("boolean") => json!(matches!(name, "current" | "valid" | "verified")),
        Some("array") => json!([named(schemas, name, &schema["items"])]),
        _ => object.into(),
    }
}

fn number(name: &str) -> i64 {
    match name {
        "expires_in" => 600,
        "refresh_expires_in" => 43_200,
        "transcript_days" => 30,
        "lead_days" => 180,
        "audit_days" => 731,
        "conversation_max_days" => 7,
        "max" => 3650,
        _ => 1,
    }
}

fn text(name: &str) -> &'static str {
    match name {
        "created_at" | "placed_at" | "received_at" | "generated_at" | "requested_at" | "at"
        | "left_at" => "2026-11-02T09:00:00Z",
        "completed_at" | "changed_at" | "confirmed_at" | "last_used_at" => "2026-11-02T09:05:00Z",
        other if other.ends_with("_at") || other.ends_with("_by") && other != "placed_by" => {
            "2026-12-02T09:00:00Z"
        }
        "locked_until" => "2026-11-02T09:15:00Z",
        "author" | "by_role" => "agent",
        "status" => "open",
        "state" | "integrity" => "ok",
        "text" => "It arrives tomorrow.",
        "title" => "Delivery times",
        "url" => "/delivery",
        "locale" => "en",
        "site" => "default",
        "email" => "ada@example.org",
        "name" => "Ada Example",
        "phone" => "+44 20 7946 0000",
        "roles" => "privacy",
        "mfa" | "methods" | "kind" => "totp",
        "amr" => "otp",
        "law" => "gdpr",
        "basis" => "gdpr_17",
        "purpose" | "purposes" => "support",
        "reason" | "release_reason" => "A claim is pending",
        "comment" => "Quick and kind.",
        "what" => "opened",
        "token_type" => "Bearer",
        "version" => "0.2.0",
        "notice_version" => "2026-11",
        "recovery_codes" => "7k3mq-x9w2p-r4t6v-b8n1c",
        "secret" => "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "otpauth_uri" => {
            "otpauth://totp/sotto:ada%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        }
        "qr_svg" => "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        "jws" => "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "x" | "challenge" | "user" | "ct" | "nonce" | "enc" | "next_cursor" => "c29tZXRoaW5n",
        other if other.ends_with("_token") => "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "id" => ID,
        other if other.ends_with("_id") || other == "placed_by" => ID,
        _ => "text",
    }
}
