//! From an invitation to an account, and in.

use serde_json::{Value, json};
use tests::api::Request;
use tests::staff::{PASSWORD, Staff, code_at, enrol_totp, post};
use tests::world::World;

fn accept(token: &str, password: &str) -> Value {
    json!({ "invitation_token": token, "name": "Ada Example", "password": password })
}

const ACCEPT: &str = "/v1/auth/invitations/accept";

#[tokio::test]
async fn the_first_admin_comes_in_by_invitation_password_and_second_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let me = admin.get("/v1/auth/me").await;
    assert_eq!(me.status, 200);
    let me = me.json();
    assert_eq!((&me["email"], &me["roles"]), (&json!("admin@example.org"), &json!(["admin"])));
    assert_eq!(me["mfa"], json!(["totp"]));
    assert_eq!(admin.recovery.len(), 10);
    let again = admin.signed_in(&world).await;
    assert_eq!(again.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn nothing_opens_before_the_second_factor() {
    let world = World::new().await;
    let api = world.staff_api();
    let invitation = world.bootstrap("admin@example.org").await;
    let accepted = post(&api, ACCEPT, &accept(&invitation, PASSWORD)).await.json();
    assert!(accepted["access_token"].is_null() && accepted["refresh_token"].is_null());
    let enrolment = accepted["enrolment_token"].as_str().expect("a token");
    let me = api.send(&Request::new("GET", "/v1/auth/me").bearer(enrolment)).await;
    assert_eq!(me.refusal(), (403, "mfa_required".to_owned()));
    // A password alone enrols nothing: it would be a way around the second factor.
    let login = json!({ "email": "admin@example.org", "password": PASSWORD });
    let login = post(&api, "/v1/auth/login", &login).await;
    assert_eq!(login.refusal(), (403, "mfa_required".to_owned()));
    let (_, confirmed) = enrol_totp(&world, &api, enrolment).await;
    assert_eq!(confirmed.status, 200);
    // The token of the invitation is used up with that.
    let (path, body) = ("/v1/auth/totp/enrol", json!({}));
    let again = api.send(&Request::new("POST", path).json(&body).bearer(enrolment)).await;
    assert_eq!(again.refusal(), (401, "token_invalid".to_owned()));
}

#[tokio::test]
async fn an_invitation_is_good_once_and_for_two_days() {
    let world = World::new().await;
    let api = world.staff_api();
    let invitation = world.bootstrap("admin@example.org").await;
    let body = accept(&invitation, PASSWORD);
    let both = tokio::join!(post(&api, ACCEPT, &body), post(&api, ACCEPT, &body));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    let late = world.bootstrap("late@example.org").await;
    world.advance_seconds(48 * 3600);
    let refused = post(&api, ACCEPT, &accept(&late, PASSWORD)).await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()));
}

#[tokio::test]
async fn a_password_is_judged_and_the_invitation_kept() {
    let world = World::new().await;
    let api = world.staff_api();
    let invitation = world.bootstrap("admin@example.org").await;
    for (password, code) in [
        ("short", "too_short"),
        (&*"x".repeat(129), "too_long"),
        ("passwordpassword", "common"),
        ("admin@example.org", "personal"),
        ("aaaaaaaaaaaaaaaaaaaa", "common"),
    ] {
        let refused = post(&api, ACCEPT, &accept(&invitation, password)).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{password}");
        assert_eq!(refused.json()["errors"][0]["code"], code, "{password}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/password");
    }
    let huge = accept(&invitation, &"x".repeat(1 << 20));
    assert_eq!(post(&api, ACCEPT, &huge).await.refusal(), (413, "body_too_large".to_owned()));
    assert_eq!(post(&api, ACCEPT, &accept(&invitation, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn unknown_wrong_disabled_and_waiting_are_one_answer() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let gone = world.member(&admin, "gone@example.org", &["agent"]).await;
    let stepped = admin.signed_in(&world).await;
    let path = format!("/v1/auth/staff/{}", gone.id);
    assert_eq!(stepped.patch(&path, &json!({ "disabled": true })).await.status, 200);
    let login = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let answer = post(&world.staff_api(), "/v1/auth/login", &body).await;
        let mut problem = answer.json();
        problem["request_id"] = Value::Null;
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        headers.sort();
        (answer.status, problem, headers)
    };
    let wrong = login(&member.email, "not the password 123").await;
    assert_eq!((wrong.0, &wrong.1["code"]), (401, &json!("credentials_invalid")));
    assert_eq!(login("nobody@example.org", PASSWORD).await, wrong);
    assert_eq!(login(&gone.email, PASSWORD).await, wrong);
    assert_eq!(login(&member.email, &"x".repeat(4_000)).await, wrong);
    // Letters that look alike are somebody else's, who does not exist.
    assert_eq!(login("\u{430}gent@example.org", PASSWORD).await, wrong);
    assert_eq!(login("agent@ex\u{430}mple.org", PASSWORD).await, wrong);
    assert_eq!(login("no address", PASSWORD).await, wrong);
    for _ in 0..6 {
        assert_eq!(login(&member.email, "not the password 123").await, wrong);
    }
    assert_eq!(login(&member.email, PASSWORD).await, wrong, "an account that has to wait");
}

#[tokio::test]
async fn an_address_is_taken_in_any_case_and_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let login = json!({ "email": "Admin@Example.ORG", "password": PASSWORD });
    assert_eq!(post(&world.staff_api(), "/v1/auth/login", &login).await.status, 200);
    let admin = admin.stepped_up(&world).await;
    for (email, refusal) in [
        ("ADMIN@example.org", (409, "conflict")),
        ("\u{430}dmin@example.org", (422, "invalid")),
        ("admin@localhost", (422, "invalid")),
    ] {
        let body = json!({ "email": email, "roles": ["agent"] });
        let refused = admin.post("/v1/auth/invitations", &body).await;
        assert_eq!(refused.refusal(), (refusal.0, refusal.1.to_owned()), "{email}");
    }
    for roles in [json!([]), json!(["root"]), json!(["agent", "agent"]), Value::Null] {
        let body = json!({ "email": "x@example.org", "roles": roles });
        assert_eq!(admin.post("/v1/auth/invitations", &body).await.status, 422);
    }
}

/// Somebody who can write the table can neither make nor alter an invitation.
#[tokio::test]
async fn an_invitation_cannot_be_made_or_altered_in_the_table() {
    use shared::store::attributes::{binary, number, string};

    let world = World::new().await;
    let api = world.staff_api();
    let admin = world.admin().await;
    let invitation = world.bootstrap("new@example.org").await;
    let rows = world.all_items().await;
    let is_invitation = |item: &shared::store::attributes::Item| {
        item.get("k").and_then(|kind| kind.as_s().ok()).is_some_and(|kind| kind == "invitation")
    };
    let (_, row) = rows.iter().find(|(_, item)| is_invitation(item)).expect("a row").clone();
    let victim = shared::ids::StaffId::parse(&admin.id).expect("an id");
    let put = async |item| {
        let put = world.dynamo().put_item().table_name("world-identity").set_item(Some(item));
        put.send().await.expect("the intruder writes");
    };
    for (name, value) in [
        ("r", string("agent,admin")),
        ("w", string("password")),
        ("n", number(1)),
        ("u", binary(victim.as_bytes().to_vec())),
        ("expires_at", number(9_999_999_999_i64)),
    ] {
        let mut edited = row.clone();
        edited.insert(name.to_owned(), value);
        put(edited).await;
        let refused = post(&api, ACCEPT, &accept(&invitation, PASSWORD)).await;
        assert_eq!(refused.code(), "integrity_failed", "{name}");
    }
    put(row).await;
    assert_eq!(post(&api, ACCEPT, &accept(&invitation, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn two_invitations_to_one_address_make_one_account() {
    let world = World::new().await;
    let api = world.staff_api();
    let first = world.bootstrap("admin@example.org").await;
    let second = world.bootstrap("admin@example.org").await;
    assert_eq!(post(&api, ACCEPT, &accept(&first, PASSWORD)).await.status, 200);
    let refused = post(&api, ACCEPT, &accept(&second, PASSWORD)).await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()));
}

#[tokio::test]
async fn the_operator_brings_an_admin_back_who_lost_everything_but_the_password() {
    let world = World::new().await;
    let admin = world.admin().await;
    let invitation = world.bootstrap("admin@example.org").await;
    // A finder of the invitation has no password; the old second factor and sessions are gone.
    let api = world.staff_api();
    let stranger = post(&api, ACCEPT, &accept(&invitation, "another password 456")).await;
    assert_eq!(stranger.refusal(), (401, "credentials_invalid".to_owned()));
    assert_eq!(admin.renew().await.refusal(), (401, "token_revoked".to_owned()));
    let back = Staff::join(&world, "admin@example.org", &invitation).await;
    assert_eq!(back.id, admin.id);
    let mfa_token = back.mfa_token().await;
    let old = admin.show(&mfa_token, &code_at(&admin.secret, world.seconds())).await;
    assert_eq!(old.refusal(), (401, "code_invalid".to_owned()));
}

#[tokio::test]
async fn an_event_that_is_no_request_is_an_operators_wish_or_refused() {
    use lambda_http::{Context, LambdaEvent};

    let world = World::new().await;
    let answer = async |payload: Value| {
        let event = LambdaEvent::new(payload, Context::default());
        let router = auth::router(world.auth.clone());
        auth::operator::answer(&world.auth, router, event).await
    };
    let invited = answer(json!({ "bootstrap": { "email": "first@example.org" } })).await;
    assert!(invited.expect("an invitation")["invitation_token"].is_string());
    for wish in [
        json!({ "bootstrap": {} }),
        json!({ "bootstrap": { "email": "no address" } }),
        json!({ "bootstrap": { "email": "a@example.org", "roles": ["admin"] } }),
        json!({ "bootstrap": null }),
        json!({ "identity_key": {} }),
        json!({ "identity_key": { "site": "other", "jwk": null } }),
        json!({ "identity_key": { "site": "default", "jwk": { "kty": "RSA" } } }),
        json!({ "Records": [] }),
        json!("bootstrap"),
    ] {
        assert!(answer(wish.clone()).await.is_err(), "{wish}");
    }
    // An event from the gateway is a request, whatever its body says.
    let body = json!({ "bootstrap": { "email": "thief@example.org" } });
    let request = Request::new("POST", "/v1/auth/login").json(&body).to_event();
    let response = answer(request).await.expect("a response");
    assert_eq!(response["statusCode"], 400);
}

#[tokio::test]
async fn the_operator_registers_a_sites_key_replaces_and_removes_it() {
    use tests::site_server::SiteServer;

    let world = World::new().await;
    let identity = async |server: &SiteServer| {
        let signed = server.sign(&SiteServer::claims("customer-1", world.clock.now_ms()));
        let body = json!({ "site": "default", "identity": signed });
        post(&world.api(), "/v1/sessions", &body).await
    };
    let (first, second) = (SiteServer::ed25519(1), SiteServer::hs256(&[2; 32]));
    for server in [&first, &second] {
        world.register_identity_key(&server.jwk(), false).await;
        assert_eq!(identity(server).await.json()["verified"], true);
    }
    assert_eq!(identity(&first).await.status, 401, "a key that was replaced");
    world.register_identity_key(&Value::Null, false).await;
    assert_eq!(identity(&second).await.status, 422, "no key any more");
    let told = world
        .all_items()
        .await
        .iter()
        .filter(|(table, item)| {
            let action = item.get("w").and_then(|word| word.as_s().ok());
            table.ends_with("events") && action.is_some_and(|word| word == "identity_key_changed")
        })
        .count();
    assert_eq!(told, 3);
}

#[tokio::test]
async fn the_console_keeps_its_refresh_token_in_a_cookie() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mfa_token = admin.mfa_token().await;
    let body = json!({ "mfa_token": mfa_token, "code": world.fresh_code(&admin.secret) });
    let request = |path: &str, body: &Value| {
        Request::new("POST", path).json(body).header("sotto-console", "1")
    };
    let api = world.staff_api();
    // Neither another origin's page nor one that does not say where it is from is the console.
    for origin in [Some("https://evil.example"), None] {
        let mut foreign = request("/v1/auth/totp", &body);
        if let Some(origin) = origin {
            foreign = foreign.header("origin", origin);
        }
        assert_eq!(api.send(&foreign).await.refusal(), (403, "forbidden".to_owned()));
    }
    let own = |request: Request| request.header("origin", tests::world::CONSOLE);
    let granted = api.send(&own(request("/v1/auth/totp", &body))).await;
    assert_eq!(granted.status, 200, "{}", granted.json());
    let tokens = granted.json();
    assert!(tokens["refresh_token"].is_null() && tokens["device_token"].is_null());
    let cookies = granted.cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for line in &cookies {
        for part in ["__Host-sotto-", "; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(line.contains(part), "{line}");
        }
    }
    let jar = cookies
        .iter()
        .map(|line| line.split(';').next().expect("a pair"))
        .collect::<Vec<_>>()
        .join("; ");
    let renew = own(request("/v1/auth/refresh", &json!({}))).header("cookie", jar.clone());
    let renewed = api.send(&renew).await;
    assert_eq!(renewed.status, 200, "{}", renewed.json());
    // Without the console's mark the cookie is nobody's.
    let bare = Request::new("POST", "/v1/auth/refresh").json(&json!({})).header("cookie", jar);
    assert_eq!(api.send(&bare).await.refusal(), (401, "token_missing".to_owned()));
    let token = renewed.json()["access_token"].as_str().expect("a token").to_owned();
    let out = own(request("/v1/auth/logout", &json!({}))).bearer(&token);
    let out = api.send(&out).await;
    assert_eq!(out.status, 204);
    assert!(out.cookies().iter().any(|line| line.contains("Max-Age=0")), "{:?}", out.cookies());
    assert!(out.header("clear-site-data").contains("storage"));
}
