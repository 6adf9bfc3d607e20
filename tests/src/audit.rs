//! Checks that must hold for every response, whatever the test is about.

use serde_json::{Value, json};

use crate::api::{Request, Response};

/// Headers that a response of the API may have; a new one needs a line here.
const ALLOWED: [&str; 30] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "apigw-requestid",
    "cache-control",
    "clear-site-data",
    "connection",
    "content-disposition",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "idempotent-replayed",
    "retry-after",
    "server",
    "set-cookie",
    "sotto-cursor",
    "sotto-log-key",
    "sotto-next-cursor",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-amzn-trace-id",
    "x-content-type-options",
    "x-request-id",
];

/// Looks over a response of the API; panics with what is wrong.
pub fn audit(request: &Request, response: &Response) {
    if !request.path.starts_with("/v1/") {
        return;
    }
    let what = format!("{} {} gave {}", request.method, request.path, response.status);
    for name in response.headers.keys() {
        assert!(ALLOWED.contains(&name.as_str()), "{what} with the header {name}");
    }
    // The looks of a site are the one answer that is kept, if it is not sealed to one caller.
    let asks = request.headers.iter().any(|(name, _)| name == "sotto-reply-key");
    let kept = response.status == 200 && request.path.ends_with("/widget") && !asks;
    let kept = if kept { "max-age=60" } else { "no-store" };
    for (name, value) in [("cache-control", kept), ("x-content-type-options", "nosniff")] {
        assert_eq!(response.header(name), value, "{what}");
    }
    assert!(!response.header("x-request-id").is_empty(), "{what} without a request id");
    assert!(response.header("strict-transport-security").starts_with("max-age="), "{what}");
    // An edit in the tables is no fault of the code.
    let ours = response.status == 500 && response.code() != "integrity_failed";
    assert!(!ours, "{what}: {}", String::from_utf8_lossy(&response.body));

    let sealed = response.header("content-type") == "application/sotto-sealed+json";
    if response.status >= 400 && !sealed {
        assert_eq!(response.header("content-type"), "application/problem+json", "{what}");
        assert_problem(&response.json(), response, &what);
    }
}

fn assert_problem(problem: &Value, response: &Response, what: &str) {
    let code = problem["code"].as_str().unwrap_or_default();
    assert_eq!(problem["type"], json!(format!("urn:sotto:problem:{code}")), "{what}");
    assert_eq!(problem["status"], json!(response.status), "{what}");
    assert_eq!(problem["request_id"], json!(response.header("x-request-id")), "{what}");
    for field in ["title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: {field}");
    }
    let present = |name: &str| !response.header(name).is_empty();
    assert_eq!(response.status == 401, present("www-authenticate"), "{what}");
    assert_eq!(response.status == 405, present("allow"), "{what}");
    assert_eq!(matches!(response.status, 429 | 503), present("retry-after"), "{what}");
}
