//! Bodies that a route does not take.

use serde_json::json;
use tests::api::{Api, Request};
use tests::visitor::Visitor;

pub(crate) async fn malformed_json_is_refused_without_being_repeated(api: &Api) {
    for body in [
        "",
        "{",
        "null",
        "[]",
        "[\"default\",null]",
        "canary-7f3a",
        "{\"site\":canary-7f3a}",
        "{\"site\":5}",
        "{\"site\":[\"canary-7f3a\"]}",
        "{\"site\":\"a\",\"site\":\"b\"}",
        "\u{feff}{}",
        "{} {}",
        "{\"site\":\"\u{1}\"}",
    ] {
        let request = Request::new("POST", "/v1/sessions").bytes("application/json", body);
        let refused = api.send(&request).await;
        assert_eq!(refused.refusal(), (400, "malformed_json".to_owned()), "{body}");
        assert!(!String::from_utf8_lossy(&refused.body).contains("canary-7f3a"));
    }
    let deep = format!("{{\"site\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let request = Request::new("POST", "/v1/sessions").bytes("application/json", deep);
    assert_eq!(api.send(&request).await.refusal(), (400, "malformed_json".to_owned()));
}

pub(crate) async fn bytes_that_are_no_text_are_refused(api: &Api) {
    let request =
        Request::new("POST", "/v1/sessions").bytes("application/json", &b"{\"site\":\"\xff\"}"[..]);
    let refused = api.send(&request).await;
    assert!(matches!(refused.status, 400 | 422), "{}", refused.status);
}

pub(crate) async fn unknown_fields_are_refused(api: &Api) {
    let request = Request::new("POST", "/v1/sessions")
        .json(&json!({ "site": "default", "identity": null, "canary_field": 1 }));
    let refused = api.send(&request).await;
    assert_eq!(refused.refusal(), (400, "unknown_field".to_owned()));
    assert!(!String::from_utf8_lossy(&refused.body).contains("canary_field"));
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    for path in ["messages", "handover", "lead", "rating", "close"] {
        let request = Request::new("POST", &format!("{conversation}/{path}"))
            .header("idempotency-key", "k")
            .json(&json!({ "canary_field": 1 }));
        let refused = visitor.send(request).await;
        assert_eq!(refused.refusal(), (400, "unknown_field".to_owned()), "{path}");
    }
}

pub(crate) async fn every_content_type_but_two_is_refused(api: &Api) {
    let body = json!({ "site": "default", "identity": null }).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "x"]
    {
        let request = Request::new("POST", "/v1/sessions").bytes(kind, body.clone());
        let refused = api.send(&request).await;
        assert_eq!(refused.refusal(), (415, "unsupported_media_type".to_owned()), "{kind}");
    }
    let missing =
        Request { body: body.clone().into_bytes(), ..Request::new("POST", "/v1/sessions") };
    assert_eq!(api.send(&missing).await.refusal(), (415, "unsupported_media_type".to_owned()));
    for kind in
        ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json;"]
    {
        let request = Request::new("POST", "/v1/sessions").bytes(kind, body.clone());
        assert_eq!(api.send(&request).await.status, 201, "{kind}");
    }
}

pub(crate) async fn a_body_over_64_kib_is_refused(api: &Api) {
    let padded = |length: usize| {
        let mut body = json!({ "site": "default", "identity": null }).to_string().into_bytes();
        body.resize(length, b' ');
        Request::new("POST", "/v1/sessions").bytes("application/json", body)
    };
    assert_eq!(api.send(&padded(64 * 1024)).await.status, 201);
    let refused = api.send(&padded(64 * 1024 + 1)).await;
    assert_eq!(refused.refusal(), (413, "body_too_large".to_owned()));
}
