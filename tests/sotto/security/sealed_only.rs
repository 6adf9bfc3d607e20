//! A stack that takes and gives nothing unsealed.

use serde_json::{Value, json};
use shared::http::demands::Route;
use shared::seal::transport::SEALED_JSON;
use tests::api::Request;
use tests::openapi::routes;
use tests::sealed::published_keys;
use tests::visitor::{Visitor, fresh_key, message};
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

/// Every route of a function.
fn all_of(function: &str) -> Vec<Route> {
    routes().into_iter().filter(|route| route.function == function).collect()
}

/// The request of a client that does not seal, in every form that it may have.
fn unsealed(method: &str, path: &str) -> Vec<Request> {
    let request =
        || Request::new(&method.to_uppercase(), path).header("idempotency-key", fresh_key());
    let mut forms = vec![
        request(),
        // To say so without doing it does not help where no body is looked at.
        if matches!(method, "post" | "put") {
            request()
        } else {
            request().header("content-type", SEALED_JSON)
        },
    ];
    if matches!(method, "post" | "put") {
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
    for Route { method, path, .. } in all_of("intake") {
        let plain = PLAIN.contains(&(method, &*path));
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

/// Agents' routes refuse as visitors' do; what admins set of a site is nobody's message.
#[tokio::test]
async fn every_route_of_agents_refuses_what_is_not_sealed() {
    let world = World::with(&[SEALED_ONLY]).await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "anna@example.org", &["agent"]).await;
    let key = published_keys(&world.api()).await.remove(0);
    let visitor = world.visitor().await.sealing_to(&key);
    let conversation = visitor.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    let before = world.all_items().await.len();
    let mut refused = Vec::new();
    for Route { method, path, demands, .. } in all_of("desk") {
        let target = path.replace("{conversation_id}", id).replace("{shortcut}", "delay");
        for request in unsealed(method, &target) {
            let answer = world.staff_api().send(&request.bearer(&agent.token)).await;
            let is_refused = answer.refusal() == (415, "sealed_required".to_owned());
            assert_eq!(is_refused, demands.sealable, "{method} {path}: {}", answer.json());
            let stranger = Request::new(&method.to_uppercase(), &target);
            let stranger = world.staff_api().send(&stranger).await;
            assert_eq!(stranger.refusal(), (401, "token_missing".to_owned()), "{method} {path}");
        }
        refused.extend(demands.sealable.then_some(path));
    }
    let inbox = refused.iter().filter(|path| path.starts_with("/v1/inbox")).count();
    assert_eq!((refused.len(), inbox), (16, 11));
    assert_eq!(world.all_items().await.len(), before, "and stores nothing");
}

/// A conversation with a person, of which nothing is sent or given in the clear.
#[tokio::test]
async fn a_sealed_conversation_with_an_agent_goes_on_as_always() {
    let world = World::with(&[SEALED_ONLY]).await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "anna@example.org", &["agent"]).await;
    let ben = world.member(&admin, "ben@example.org", &["agent"]).await;
    for key in published_keys(&world.api()).await {
        let agent = agent.signed_in(&world).await.sealing_to(&key);
        let ben = ben.signed_in(&world).await.sealing_to(&key);
        let visitor = world.visitor().await.sealing_to(&key);
        let path = visitor.open().await;
        for agent in [&agent, &ben] {
            let there = agent.put("/v1/presence", &json!({ "state": "available" })).await;
            assert_eq!(there.status, 204, "{}", there.json());
        }
        assert_eq!(visitor.post(&format!("{path}/handover"), &json!({})).await.status, 202);
        let inbox = path.replace("/v1/conversations", "/v1/inbox");
        let listed = agent.get("/v1/inbox?status=waiting").await;
        assert_eq!(listed.json()["counts"]["waiting"], 1);
        assert_eq!(agent.post(&format!("{inbox}/claim"), &json!({})).await.status, 200);
        assert_eq!(ben.post(&format!("{inbox}/claim"), &json!({})).await.code(), "claimed");
        let said = agent.send(message(&inbox, "Here I am.", &fresh_key())).await;
        assert_eq!(said.status, 201, "{}", said.json());
        assert_eq!(visitor.transcript(&path).await.pop().expect("one").1, "Here I am.");
        let noted = agent.post(&format!("{inbox}/notes"), &json!({ "text": "Calm." })).await;
        assert_eq!(noted.status, 201, "{}", noted.json());
        let read = agent.get(&format!("{inbox}/messages?after=")).await;
        let texts = read.json()["items"].as_array().expect("items").len();
        assert_eq!(texts, 2);
        let handed = json!({ "agent_id": ben.id, "note": "Please go on." });
        let handed = agent.post(&format!("{inbox}/transfer"), &handed).await;
        assert_eq!(handed.status, 200, "{}", handed.json());
        let close = json!({ "reason": "solved", "tags": [] });
        assert_eq!(ben.post(&format!("{inbox}/close"), &close).await.status, 200);
    }
}
