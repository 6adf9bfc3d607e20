//! The conventions that hold for every route.

use tests::api::{Api, Request};
use tests::visitor::Visitor;

pub(crate) async fn health_answers_without_a_token(api: &Api) {
    let health = api.send(&Request::new("GET", "/v1/health")).await;
    assert_eq!((health.status, health.json()["status"].as_str()), (200, Some("ok")));
    assert!(health.json()["version"].is_string());
}

pub(crate) async fn an_unknown_route_or_method_is_a_problem(api: &Api) {
    let refused = api.send(&Request::new("GET", "/v1/nothing")).await;
    assert_eq!(refused.refusal(), (404, "no_such_route".to_owned()));
    let refused = api.send(&Request::new("DELETE", "/v1/keys")).await;
    assert_eq!(refused.refusal(), (405, "method_not_allowed".to_owned()));
    assert_eq!(refused.header("allow"), "GET,HEAD");
    let path = "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057/messages";
    let refused = api.send(&Request::new("PUT", path)).await;
    assert_eq!(refused.refusal(), (405, "method_not_allowed".to_owned()));
    let allowed = refused.header("allow");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

/// Where there is no gateway, or one without CORS: with it, it answers every OPTIONS itself.
pub(crate) async fn options_is_a_method_like_any_other(api: &Api) {
    let refused = api.send(&Request::new("OPTIONS", "/v1/nothing")).await;
    assert_eq!(refused.refusal(), (404, "no_such_route".to_owned()));
    let refused = api.send(&Request::new("OPTIONS", "/v1/sessions")).await;
    assert_eq!(refused.refusal(), (405, "method_not_allowed".to_owned()));
}

pub(crate) async fn a_token_is_asked_for(api: &Api) {
    let path = "/v1/conversations";
    let body = serde_json::json!({});
    let post = || Request::new("POST", path).json(&body);
    let refusal = async |request: Request| api.send(&request).await.refusal();
    let invalid = (401, "token_invalid".to_owned());
    assert_eq!(refusal(post()).await, (401, "token_missing".to_owned()));
    for value in ["Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp5", "x", "Bearer  ", "Bearer é"]
    {
        assert_eq!(refusal(post().header("authorization", value)).await, invalid, "{value}");
    }
    let token = Visitor::arrive(api.clone()).await.token;
    for altered in [
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!("{token}.x"),
        token.replacen('.', "..", 1),
        token.split('.').take(2).collect::<Vec<_>>().join(".") + ".",
    ] {
        assert_eq!(refusal(post().bearer(&altered)).await, invalid);
    }
}

pub(crate) async fn a_page_of_another_site_gets_no_cors(api: &Api) {
    let asked = Request::new("OPTIONS", "/v1/sessions")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    let answered = api.send(&asked).await;
    assert_eq!(answered.header("access-control-allow-origin"), "");
    let read = Request::new("GET", "/v1/health").header("origin", "https://evil.example");
    assert_eq!(api.send(&read).await.header("access-control-allow-origin"), "");
}
