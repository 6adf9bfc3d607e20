//! Sealed requests and responses.

use serde_json::{Value, json};
use shared::seal::transport::SEALED_JSON;
use tests::api::{Api, Request};
use tests::sealed::{open_response, published_keys, seal_request};
use tests::visitor::{Visitor, message};

pub(crate) async fn the_key_list_is_signed_and_the_same_for_everybody(api: &Api) {
    let get = async || api.send(&Request::new("GET", "/v1/keys")).await;
    let (first, second) = (get().await, get().await);
    assert_eq!(first.body, second.body);
    let keys = published_keys(api).await;
    let suites: Vec<_> = keys.iter().map(|key| key.suite.kem()).collect();
    assert_eq!(suites.first(), Some(&"X-Wing"), "the preferred suite comes first");
    assert!(suites.contains(&"DHKEM(X25519, HKDF-SHA256)"));
}

pub(crate) async fn a_forged_body_is_refused_and_nothing_is_stored(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let other = visitor.open().await;
    for key in published_keys(api).await {
        let request = message(&conversation, "hello", "key-1").bearer(&visitor.token);
        let (request, _) = seal_request(request, &key);
        let body: Value = serde_json::from_slice(&request.body).expect("a body");
        let with = |name: &str, value: Value| {
            let mut body = body.clone();
            body[name] = value;
            body
        };
        let cut = |name: &str| {
            let text = body[name].as_str().expect(name);
            json!(text.get(..text.len() - 4).expect("ascii"))
        };
        let failed = (422, "unsealing_failed".to_owned());
        let ct = body["ct"].as_str().expect("ct");
        let other_digit = if ct.starts_with('_') { "A" } else { "_" };
        let flipped = ct.replacen(|_: char| true, other_digit, 1);
        for forged in [
            with("ct", json!(flipped)),
            with("ct", cut("ct")),
            with("ct", json!("")),
            with("enc", cut("enc")),
            with("enc", json!("AAAA")),
            with("enc", json!("*")),
        ] {
            let request = Request { body: forged.to_string().into_bytes(), ..request.clone() };
            let response = api.send(&request).await;
            assert!(response.body.len() < 64 * 1024);
            assert_eq!(response.refusal(), failed, "{}", key.suite.kem());
        }
        let unknown = with("kid", json!("nobody")).to_string().into_bytes();
        let response = api.send(&Request { body: unknown, ..request.clone() }).await;
        assert_eq!(response.refusal(), (422, "unknown_key".to_owned()));
        let bare = Request { body: b"{}".to_vec(), ..request.clone() };
        assert!((400..500).contains(&api.send(&bare).await.status));

        let moved = Request { path: format!("{other}/messages"), ..request.clone() };
        assert_eq!(api.send(&moved).await.refusal(), failed, "another route");
        let mut relabelled = request.clone();
        relabelled.headers.retain(|(name, _)| name != "idempotency-key");
        let relabelled = relabelled.header("idempotency-key", "key-2");
        assert_eq!(api.send(&relabelled).await.refusal(), failed, "another key");
        let mut plain = request.clone();
        plain.headers.retain(|(name, _)| name != "content-type");
        let plain = plain.header("content-type", "application/json");
        assert_eq!(api.send(&plain).await.status, 400, "taken for plain");
        let get = Request::new("GET", &conversation).bearer(&visitor.token);
        for header in ["x", "nobody.AAAA", &format!("{}.AAAA", key.kid), "..", ""] {
            let response = api.send(&get.clone().header("sotto-reply-key", header)).await;
            assert_eq!(response.status, 422, "{header}");
        }
    }
    assert_eq!(visitor.transcript(&conversation).await, []);
    assert_eq!(visitor.transcript(&other).await, []);
}

pub(crate) async fn a_sealed_refusal_is_sealed(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    for key in published_keys(api).await {
        let request = message(&conversation, "", "k").bearer(&visitor.token);
        let (request, sealed) = seal_request(request, &key);
        let response = api.send(&request).await;
        assert_eq!((response.status, response.header("content-type")), (422, SEALED_JSON));
        assert_eq!(open_response(&sealed, response).code(), "invalid");

        let get = Request::new("GET", &conversation).bearer(&visitor.token);
        let (get, sealed) = seal_request(get, &key);
        let (first, again) = (api.send(&get).await, api.send(&get).await);
        assert_eq!(first.header("content-type"), SEALED_JSON);
        assert_ne!(first.json()["nonce"], again.json()["nonce"], "one key and nonce for two texts");
        assert_eq!(open_response(&sealed, again).json()["status"], "open");
    }
}

pub(crate) async fn a_sealed_answer_says_its_status_inside(api: &Api) {
    let key = published_keys(api).await.remove(0);
    let visitor = Visitor::arrive(api.clone()).await.sealing_to(&key);
    let conversation = visitor.open().await;
    let rating = format!("{conversation}/rating");
    let unknown = "/v1/conversations/01800000-0000-7000-8000-000000000000";
    for (request, outside, inside) in [
        (Request::new("POST", &rating).json(&json!({ "score": 5 })), 200, 204),
        (Request::new("POST", &rating).json(&json!({ "score": 6 })), 422, 422),
        (Request::new("POST", &format!("{conversation}/handover")).json(&json!({})), 202, 202),
        (Request::new("GET", &conversation), 200, 200),
        (Request::new("GET", unknown), 404, 404),
        (Request::new("GET", "/v1/keys"), 200, 200),
    ] {
        let (request, sealed) = seal_request(request.bearer(&visitor.token), &key);
        let response = api.send(&request).await;
        assert_eq!(response.status, outside, "{}", request.path);
        assert_eq!(response.header("content-type"), SEALED_JSON, "{}", request.path);
        assert_eq!(open_response(&sealed, response).status, inside, "{}", request.path);
    }
    let plain = Visitor { key: None, ..visitor.clone() };
    let rated = plain.post(&rating, &json!({ "score": 5 })).await;
    assert_eq!((rated.status, rated.body.len()), (204, 0), "as before for who does not seal");
    let shown = visitor.get("/v1/keys").await.json()["retention"].clone();
    assert!(shown["transcript_days"].is_u64() && shown["lead_days"].is_u64(), "{shown}");
}
