//! A conversation and what belongs to it.

use serde_json::{Value, json};
use tests::api::{Api, Request};
use tests::visitor::Visitor;

pub(crate) async fn a_conversation_needs_consent(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let required = (422, "consent_required".to_owned());
    for body in [
        json!({}),
        json!({ "locale": "en" }),
        json!({ "consent": null, "locale": "en" }),
        json!({ "consent": { "notice_version": "2026-11", "purposes": [] }, "locale": "en" }),
        json!({ "consent": { "notice_version": "2026-11", "purposes": ["ads"] }, "locale": "en" }),
        json!({ "consent": { "notice_version": "2026-11" }, "locale": "en" }),
    ] {
        assert_eq!(visitor.post("/v1/conversations", &body).await.refusal(), required, "{body}");
    }
    let long = "x".repeat(33);
    let notice = json!({ "consent": { "notice_version": long, "purposes": ["support"] } });
    let refused = visitor.post("/v1/conversations", &notice).await;
    assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
    assert_eq!(refused.json()["errors"][0]["pointer"], "/consent/notice_version");
    assert_eq!(refused.json()["errors"][0]["code"], "too_long");
}

pub(crate) async fn a_conversation_tells_its_life(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let found = visitor.get(&conversation).await;
    assert_eq!(found.status, 200);
    let found = found.json();
    assert_eq!(found["status"], "open");
    assert!(conversation.ends_with(found["id"].as_str().expect("an id")));
    let day = |name: &str| found[name].as_str().expect(name).get(..10).expect("a date").to_owned();
    assert!(day("created_at") < day("expires_at"));
    for other in [
        "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057",
        "/v1/conversations/x",
        "/v1/conversations/a%20b",
        "/v1/conversations/%C3%BC",
    ] {
        assert_eq!(visitor.get(other).await.refusal(), (404, "not_found".to_owned()), "{other}");
    }
    // The gateway decodes a path, others do not: each of these becomes an id or no route at all.
    for other in ["/v1/conversations/%00", "/v1/conversations/..%2f..", "/v1/conversations/%3Fa=b"]
    {
        let (status, code) = visitor.get(other).await.refusal();
        assert_eq!(status, 404, "{other}");
        assert!(["not_found", "no_such_route"].contains(&code.as_str()), "{other}: {code}");
    }
}

pub(crate) async fn what_is_not_ones_own_is_not_there(api: &Api) {
    let owner = Visitor::arrive(api.clone()).await;
    let conversation = owner.open().await;
    let stranger = Visitor::arrive(api.clone()).await;
    let absent = "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057";
    let lead = json!({ "name": "E", "email": "e@example.org", "phone": null, "consent": true });
    let routes: [(&str, &str, Value); 7] = [
        ("GET", "", Value::Null),
        ("GET", "/messages", Value::Null),
        ("POST", "/messages", json!({ "text": "hello" })),
        ("POST", "/handover", json!({})),
        ("POST", "/lead", lead),
        ("POST", "/rating", json!({ "score": 1 })),
        ("POST", "/close", json!({})),
    ];
    for (method, route, body) in routes {
        let ask = async |base: &str| {
            let request =
                Request::new(method, &format!("{base}{route}")).header("idempotency-key", "k");
            let request = if body.is_null() { request } else { request.json(&body) };
            let response = stranger.send(request).await;
            let mut problem = response.json();
            problem["request_id"] = Value::Null;
            (response.status, problem)
        };
        let (foreign, missing) = (ask(&conversation).await, ask(absent).await);
        assert_eq!(foreign.0, 404, "{method} {route}");
        assert_eq!(foreign, missing, "{method} {route} tells what is there");
    }
    assert_eq!(owner.transcript(&conversation).await, []);
    assert_eq!(owner.get(&conversation).await.json()["status"], "open");
}

pub(crate) async fn a_lead_needs_consent_and_an_address(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let path = format!("{}/lead", visitor.open().await);
    let lead = |change: Value| {
        let mut lead =
            json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
        for (name, value) in change.as_object().expect("a change") {
            lead[name] = value.clone();
        }
        lead
    };
    let refused = visitor.post(&path, &lead(json!({ "consent": false }))).await;
    assert_eq!(refused.refusal(), (422, "consent_required".to_owned()));
    for (change, pointer) in [
        (json!({ "email": "ada" }), "/email"),
        (json!({ "email": "ada@" }), "/email"),
        (json!({ "email": null }), "/email"),
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "x".repeat(201) }), "/name"),
        (json!({ "phone": "1".repeat(41) }), "/phone"),
    ] {
        let refused = visitor.post(&path, &lead(change.clone())).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{change}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{change}");
    }
    let first = visitor.post(&path, &lead(json!({}))).await;
    let second = visitor.post(&path, &lead(json!({ "phone": "+49 30 123" }))).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json(), second.json(), "a second contact replaces the first");
}

pub(crate) async fn a_rating_is_one_to_five(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let path = format!("{}/rating", visitor.open().await);
    for score in
        [json!(0), json!(6), json!(-1), json!(4.5), json!(5.000_001), json!(1e300), json!(null)]
    {
        let refused = visitor.post(&path, &json!({ "score": score })).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{score}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/score");
    }
    for score in [json!(1), json!(2), json!(3), json!(4), json!(5), json!(5.0)] {
        let body = json!({ "score": score, "comment": null });
        assert_eq!(visitor.post(&path, &body).await.status, 204);
    }
    let long = json!({ "score": 1, "comment": "x".repeat(1_001) });
    assert_eq!(visitor.post(&path, &long).await.json()["errors"][0]["pointer"], "/comment");
}

pub(crate) async fn closing_twice_is_closing_once(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let conversation = visitor.open().await;
    let close = Request::new("POST", &format!("{conversation}/close"));
    let first = visitor.send(close.clone()).await;
    let second = visitor.send(close).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.json(), second.json());
    assert_eq!(visitor.get(&conversation).await.json()["status"], "closed");
}
