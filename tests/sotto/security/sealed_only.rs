//! A stack that takes and gives nothing unsealed.

use serde_json::{Value, json};
use shared::seal::transport::SEALED_JSON;
use tests::api::Request;
use tests::openapi::routes;
use tests::sealed::published_keys;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

const SEALED_ONLY: (&str, &str) = ("SOTTO_SEALED_ONLY", "on");
/// Nothing can be sealed before these, or they are the same for everybody; they hold nothing that anybody
/// said.
const PLAIN: [(&str, &str); 4] = [
    ("get", "/v1/health"),
    ("get", "/v1/keys"),
    ("get", "/v1/sites/{id}/widget"),
    ("post", "/v1/sessions"),
];

/// Every route that visitors call.
fn visitors() -> Vec<(&'static str, String)> {
    let all = routes().into_iter().filter(|route| route.function == "intake");
    all.map(|route| (route.method, route.path)).collect()
}

/// The request of a client that does not seal, in every form that it may have.
fn unsealed(method: &str, path: &str) -> Vec<Request> {
    let request =
        || Request::new(&method.to_uppercase(), path).header("idempotency-key", fresh_key());
    let mut forms = vec![
        request(),
        // To say so without doing it does not help where no body is looked at.
        if method == "post" { request() } else { request().header("content-type", SEALED_JSON) },
    ];
    if method == "post" {
        forms.push(request().json(&json!({})));
        forms.push(request().json(&json!({ "text": "hello" })).header("sotto-reply-key", "a.b"));
        forms.push(request().bytes("text/plain", "hello"));
    }
    forms
}

#[tokio::test]
async fn every_route_of_visitors_refuses_what_is_not_sealed() {
    let world = World::with(&[SEALED_ONLY]).await;
    let key = published_keys(&world.api()).await.remove(0);
    let visitor = world.visitor().await.sealing_to(&key);
    let conversation = visitor.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    let before = world.all_items().await.len();
    let mut refused = 0;
    for (method, path) in visitors() {
        let plain = PLAIN.contains(&(method, &path));
        for request in unsealed(method, &path.replace("{id}", id)) {
            let answer = world.api().send(&request.bearer(&visitor.token)).await;
            let refusal = answer.refusal() == (415, "sealed_required".to_owned());
            // With a token a session is renewed, and that is sealed.
            let expected = !plain || path == "/v1/sessions";
            let other = path == "/v1/sessions" && matches!(answer.status, 400 | 415 | 422);
            assert!(refusal == expected || other, "{method} {path}: {}", answer.json());
            refused += usize::from(refusal);
        }
    }
    assert!(refused > 20, "{refused}");
    assert_eq!(world.all_items().await.len(), before, "and stores nothing");
}

#[tokio::test]
async fn a_whole_visit_that_is_sealed_goes_on_as_always() {
    let world = World::with(&[SEALED_ONLY]).await;
    let key = published_keys(&world.api()).await.remove(0);
    let visitor = world.visitor().await.sealing_to(&key).returned().await;
    let path = visitor.open().await;
    assert_eq!(visitor.say(&path, "where is my parcel?").await.status, 201);
    assert_eq!(visitor.transcript(&path).await.len(), 2);
    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    for (part, body, status) in [
        ("handover", json!({}), 202),
        ("lead", lead, 201),
        ("rating", json!({ "score": 5, "comment": null }), 204),
        ("close", json!({}), 200),
    ] {
        let answer = visitor.post(&format!("{path}/{part}"), &body).await;
        assert_eq!(answer.status, status, "{part}: {}", answer.json());
    }
    assert_eq!(visitor.get("/v1/me/export").await.status, 200);
    let erase = Request::new("DELETE", "/v1/me").header("idempotency-key", fresh_key());
    assert_eq!(visitor.send(erase).await.status, 200);
}

#[tokio::test]
async fn a_session_opens_plain_and_is_renewed_sealed() {
    let world = World::with(&[SEALED_ONLY]).await;
    let key = published_keys(&world.api()).await.remove(0);
    let visitor = world.visitor().await;
    let body = json!({ "site": "default", "identity": null });
    let refused = visitor.post("/v1/sessions", &body).await;
    assert_eq!(refused.refusal(), (415, "sealed_required".to_owned()));
    let sealing = Visitor { key: Some(key), ..visitor };
    assert_eq!(sealing.post("/v1/sessions", &body).await.status, 201);
}

#[tokio::test]
async fn who_is_not_known_is_told_that_first() {
    let world = World::with(&[SEALED_ONLY]).await;
    let answer = world.api().send(&Request::new("GET", "/v1/me/export")).await;
    assert_eq!(answer.refusal(), (401, "token_missing".to_owned()));
    assert_eq!(world.visitor().await.get("/v1/me/export").await.json()["items"], Value::Null);
}
