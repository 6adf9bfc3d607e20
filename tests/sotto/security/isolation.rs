//! Two subjects never meet. The routes come from the router's own table, so a new route is tried
//! from the day that it is there, and fails until it is decided here what it answers a stranger.

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::visitor::Visitor;
use tests::world::World;

/// Routes that are not about anybody, with their answers to a token that is not ours.
const NOBODYS: [(&str, &str, u16); 5] = [
    ("GET", "/v1/health", 200),
    ("GET", "/v1/keys", 200),
    ("GET", "/v1/sites/{id}/widget", 404),
    ("POST", "/v1/sessions", 401),
    ("POST", "/v1/conversations", 401),
];

/// Routes about the caller: a stranger gets only their own data, and erases or ends nobody else.
const OWN: [(&str, &str); 3] =
    [("GET", "/v1/me/export"), ("DELETE", "/v1/me"), ("DELETE", "/v1/sessions")];

/// Every route of the function, with a body that it would take.
pub(super) fn routes() -> Vec<(String, String, Value)> {
    let table = serde_json::to_value(intake::api().get_openapi()).expect("openapi");
    let mut routes = Vec::new();
    for (path, methods) in table["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            routes.push((method.to_uppercase(), path.clone(), body_for(method, path)));
        }
    }
    assert!(routes.len() >= 11, "the table of routes was not read: {routes:?}");
    routes
}

fn body_for(method: &str, path: &str) -> Value {
    if method == "get" || method == "delete" {
        return Value::Null;
    }
    match path.rsplit('/').next() {
        Some("sessions") => json!({ "site": "default", "identity": null }),
        Some("conversations") => {
            json!({ "consent": { "notice_version": "1", "purposes": ["support"] } })
        }
        Some("messages") => json!({ "text": "hello" }),
        Some("lead") => {
            json!({ "name": "E", "email": "e@example.org", "phone": null, "consent": true })
        }
        Some("rating") => json!({ "score": 1 }),
        Some("handover" | "close" | "typing") => json!({}),
        Some("feedback") => json!({ "message_id": "x", "helpful": true }),
        other => panic!("no body is known for {other:?}: a new route needs a line here"),
    }
}

pub(super) fn request(method: &str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, path).header("idempotency-key", "stranger");
    if body.is_null() { request } else { request.json(body) }
}

pub(super) async fn stored(world: &World) -> Vec<String> {
    let mut items: Vec<String> = world
        .all_items()
        .await
        .iter()
        .map(|(table, item)| {
            let mut attributes: Vec<_> = item.iter().map(|one| format!("{one:?}")).collect();
            attributes.sort();
            format!("{table} {attributes:?}")
        })
        .collect();
    items.sort();
    items
}

#[tokio::test]
async fn a_strangers_token_finds_nothing_on_any_route_and_changes_nothing() {
    let world = World::new().await;
    let owner = world.visitor().await;
    let conversation = owner.open().await;
    owner.say(&conversation, "my secret is canary-4711").await;
    let id = conversation.rsplit('/').next().expect("an id");
    let stranger = world.visitor().await;
    let before = stored(&world).await;
    for (method, path, body) in routes() {
        if NOBODYS.iter().any(|row| (row.0, row.1) == (&*method, &*path)) {
            continue;
        }
        if OWN.contains(&(&*method, &*path)) {
            continue;
        }
        assert!(path.contains("{id}"), "{method} {path}: decide what a stranger gets");
        let response = stranger.send(request(&method, &path.replace("{id}", id), &body)).await;
        assert_eq!(response.refusal(), (404, "not_found".to_owned()), "{method} {path}");
    }
    let export = stranger.get("/v1/me/export").await;
    assert_eq!((export.status, &export.json()["conversations"]), (200, &json!([])));
    assert!(!String::from_utf8_lossy(&export.body).contains("canary-4711"));
    assert!(stored(&world).await == before, "a stranger changed what is stored");
    // Last, since they write down that the stranger was erased, and has ended their sessions.
    let erased = Request::new("DELETE", "/v1/me").header("idempotency-key", "stranger");
    assert_eq!(stranger.send(erased).await.status, 200);
    assert_eq!(stranger.send(Request::new("DELETE", "/v1/sessions")).await.status, 204);
    assert_eq!(owner.transcript(&conversation).await.len(), 2, "another was erased");
}

#[tokio::test]
async fn a_foreign_token_opens_no_route() {
    let world = World::new().await;
    let owner = world.visitor().await;
    let conversation = owner.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    let elsewhere = World::new().await;
    let foreign = elsewhere.visitor().await.token;
    let before = stored(&world).await;
    world.advance_seconds(86_400);
    let expired = owner.token.clone();
    for (method, path, body) in routes() {
        let known = NOBODYS.iter().find(|row| (row.0, row.1) == (&*method, &*path));
        let expected = known.map_or(401, |row| row.2);
        let target = path.replace("{id}", id);
        let ask = async |token: &str| -> Response {
            world.api().send(&request(&method, &target, &body).bearer(token)).await
        };
        let refused = ask(&foreign).await;
        assert_eq!(refused.status, expected, "{method} {path}");
        if expected == 401 {
            assert_eq!(refused.code(), "token_invalid", "{method} {path}");
            if path != "/v1/sessions" {
                assert_eq!(ask(&expired).await.code(), "token_expired", "{method} {path}");
            }
        }
    }
    assert!(stored(&world).await == before, "a foreign token changed what is stored");
}

#[tokio::test]
async fn an_expired_token_renews_while_something_is_stored_and_no_longer() {
    let world = World::new().await;
    let session = json!({ "site": "default", "identity": null });
    let with = world.visitor().await;
    with.open().await;
    let without = world.visitor().await;
    world.advance_seconds(29 * 86_400);
    let renewed = with.post("/v1/sessions", &session).await;
    assert_eq!(
        (renewed.status, renewed.json()["subject_id"].as_str()),
        (201, Some(&*with.subject))
    );
    let refused = without.post("/v1/sessions", &session).await;
    assert_eq!(refused.refusal(), (401, "token_expired".to_owned()));
    world.advance_seconds(2 * 86_400);
    let late = Visitor { ..with };
    assert_eq!(late.post("/v1/sessions", &session).await.code(), "token_expired");
}
