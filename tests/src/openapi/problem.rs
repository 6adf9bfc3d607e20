//! Problems (RFC 9457), one response for each set of codes that some route can answer with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use shared::http::response::PROBLEM_JSON;
use shared::problem::Code;
use shared::seal::transport::SEALED_JSON;

use super::body::{add_header, sealed};

/// The words of codes, by the status that they come with.
pub(super) fn by_status(codes: &[Code]) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let mut all = BTreeMap::<_, BTreeSet<_>>::new();
    for code in codes {
        all.entry(code.status().as_u16()).or_default().insert(code.as_str());
    }
    all
}

/// The response of a status with any of these codes, and its name: the codes.
pub(super) fn response(
    status: u16,
    codes: &BTreeSet<&'static str>,
    sealable: bool,
) -> (String, Value) {
    let these: Vec<_> = Code::ALL
        .iter()
        .filter(|code| codes.contains(code.as_str()) && code.status().as_u16() == status)
        .collect();
    let names: BTreeSet<_> = these.iter().map(|code| name(**code)).collect();
    let examples: Map<_, _> = names
        .iter()
        .map(|name| {
            ((*name).to_owned(), json!({ "$ref": format!("#/components/examples/{name}") }))
        })
        .collect();
    let titles: Vec<_> = these.iter().map(|code| format!("{}.", code.title())).collect();
    let mut response = json!({
        "description": titles.join(" "),
        "content": {
            PROBLEM_JSON: {
                "schema": {
                    "allOf": [
                        { "$ref": "#/components/schemas/Problem" },
                        { "properties": { "code": { "enum": codes }, "status": { "const": status } } },
                    ],
                },
                "examples": examples,
            },
        },
    });
    if sealable {
        response["content"][SEALED_JSON] = sealed();
    }
    add_header(&mut response, "X-Request-Id");
    match status {
        401 => add_header(&mut response, "WWW-Authenticate"),
        429 | 503 => add_header(&mut response, "Retry-After"),
        _ => {}
    }
    (names.into_iter().collect::<Vec<_>>().join("."), response)
}

/// The name of a code's example: the code, unless another status has it too.
fn name(code: Code) -> &'static str {
    if code == Code::Stale { "stale" } else { code.as_str() }
}

/// An example of each problem.
pub(super) fn examples() -> Value {
    let example = |code: &Code| {
        let mut value = json!({
            "type": format!("urn:sotto:problem:{}", code.as_str()),
            "title": code.title(),
            "status": code.status().as_u16(),
            "detail": code.title(),
            "code": code.as_str(),
            "request_id": "019a4310-5ac0-7d3e-9b1c-2f4a6c8e0d12",
        });
        if *code == Code::Invalid {
            let (code, detail) = shared::problem::FieldCode::TooLong.words();
            value["detail"] = json!("See the list of errors.");
            value["errors"] = json!([{ "pointer": "/text", "code": code, "detail": detail }]);
        }
        (name(*code).to_owned(), json!({ "value": value }))
    };
    // Those that no operation answers with: there is no such route, or no such method of it.
    let of_an_operation = |code: &&Code| !matches!(code, Code::MethodNotAllowed);
    Code::ALL.iter().filter(of_an_operation).map(example).collect::<Map<_, _>>().into()
}
