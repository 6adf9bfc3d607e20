//! `POST /v1/sessions`.

use serde_json::json;
use tests::api::{Api, Request};
use tests::visitor::Visitor;

pub(crate) async fn a_session_needs_a_site_that_exists(api: &Api) {
    let post = async |body: serde_json::Value| {
        api.send(&Request::new("POST", "/v1/sessions").json(&body)).await
    };
    let session = post(json!({ "site": "default", "identity": null })).await;
    assert_eq!(session.status, 201);
    let session = session.json();
    assert_eq!(session["token_type"], "Bearer");
    assert_eq!(session["expires_in"], 86_400);
    assert_eq!(session["verified"], false);
    assert!(session.get("conversations").is_none(), "a guest is told of none");
    assert_eq!(post(json!({ "site": "default" })).await.status, 201, "identity may be left out");
    for body in [
        json!({ "site": "elsewhere", "identity": null }),
        json!({ "site": "", "identity": null }),
        json!({ "identity": null }),
        json!({ "site": null, "identity": null }),
        json!({ "site": "default", "identity": "a.b.c" }),
    ] {
        let refused = post(body.clone()).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
        assert!(refused.json()["errors"][0]["pointer"].is_string(), "{body}");
    }
    for identity in [json!(1), json!(true), json!({}), json!(["a.b.c"])] {
        let refused = post(json!({ "site": "default", "identity": identity })).await;
        assert_eq!(refused.refusal(), (400, "malformed_json".to_owned()), "{identity}");
    }
}

pub(crate) async fn a_returning_visitor_keeps_the_subject(api: &Api) {
    let visitor = Visitor::arrive(api.clone()).await;
    let body = json!({ "site": "default", "identity": null });
    let again = visitor.post("/v1/sessions", &body).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.json()["subject_id"], json!(visitor.subject));
    assert_ne!(again.json()["access_token"], json!(visitor.token));
    let forged = Visitor { token: format!("{}x", visitor.token), ..visitor };
    let refused = forged.post("/v1/sessions", &body).await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()));
}
