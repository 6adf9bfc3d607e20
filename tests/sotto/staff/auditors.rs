//! Experts from outside: what opens for them, and that their accounts end by themselves.

use std::collections::BTreeMap;

use auth::credential::passkey::authenticator::Authenticator;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use shared::clock::{from_rfc3339, rfc3339};
use shared::http::demands::Token;
use shared::store::attributes::number;
use tests::api::Response;
use tests::openapi::routes;
use tests::staff::{Staff, post};
use tests::world::{CONSOLE, World};

const INVITATIONS: &str = "/v1/auth/invitations";
const ACCEPT: &str = "/v1/auth/invitations/accept";
const ME: &str = "/v1/auth/me";
const EMAIL: &str = "expert@example.org";
const HOUR: i64 = 60 * 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn path(staff: &Staff) -> String {
    format!("/v1/auth/staff/{}", staff.id)
}

/// Pointer and code of the one value that is refused.
fn refused_value(response: &Response) -> (String, String) {
    assert_eq!(response.refusal(), (422, "invalid".to_owned()));
    let body = response.json();
    let errors = body["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 1, "{body}");
    let text = |name: &str| errors[0][name].as_str().expect("text").to_owned();
    (text("pointer"), text("code"))
}

fn of(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

/// When a token ends, in milliseconds.
fn end_of(token: &str) -> i64 {
    let claims = token.split('.').nth(1).expect("claims");
    let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    claims["exp"].as_i64().expect("a time") * 1000
}

fn ends_at_ms(item: &Value) -> i64 {
    from_rfc3339(item["ends_at"].as_str().expect("a time")).expect("a time")
}

/// Lets the time pass until that instant, which is whole seconds away.
fn pass_until(world: &World, at_ms: i64) {
    let ahead = (at_ms - world.clock.now_ms()) / 1000;
    world.advance_seconds(u64::try_from(ahead).expect("a time ahead"));
    assert_eq!(world.clock.now_ms(), at_ms);
}

async fn accept(admin: &Staff, token: &Value) -> (u16, String) {
    let password = tests::staff::PASSWORD;
    let body = json!({ "invitation_token": token, "name": "New", "password": password });
    post(&admin.api, ACCEPT, &body).await.refusal()
}

#[tokio::test]
async fn an_auditor_reads_the_audit_log_and_nothing_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let auditor = world.auditor(&admin, EMAIL, HOUR).await;
    let me = auditor.get(ME).await.json();
    assert_eq!(me["roles"], json!(["auditor"]));
    let training = (&me["training"]["current"], &me["training"]["expires_at"]);
    assert_eq!(training, (&json!(true), &Value::Null));

    for answer in world.sequence().await {
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    let events = auditor.get("/v1/audit/events").await;
    assert_eq!(events.status, 200, "{}", events.json());
    let events = events.json()["items"].as_array().expect("a list").clone();
    let is_read = |event: &&Value| event["action"] == "audit_log_read";
    let read = events.iter().find(is_read).expect("the reading itself");
    assert_eq!(read["actor"], json!(auditor.id));
    assert_eq!(auditor.get("/v1/audit/checkpoint").await.status, 200);
    let joined = events.iter().find(|event| event["action"] == "invited").expect("an event");
    let proof = format!("/v1/audit/proofs/{}", joined["id"].as_str().expect("an id"));
    let proof = auditor.get(&proof).await;
    assert_eq!(proof.status, 200, "{}", proof.json());
    let size = proof.json()["tree_size"].as_u64().expect("a size");
    let consistency = format!("/v1/audit/consistency?from=1&to={size}");
    assert_eq!(auditor.get(&consistency).await.status, 200);
    assert_eq!(auditor.get("/v1/audits").await.status, 200);

    // The matrix tries each route; here the rule itself.
    for route in routes() {
        let what = format!("{} {}", route.method, route.path);
        for (token, role) in &route.demands.tokens {
            match (token, role) {
                (Token::Staff, Some("auditor")) => {
                    let reads = ["get /v1/audit/", "get /v1/audits"];
                    assert!(reads.iter().any(|start| what.starts_with(start)), "{what}");
                }
                (Token::SteppedUp, Some("auditor")) => panic!("{what} is open to an auditor"),
                (Token::Staff | Token::SteppedUp, None) => {
                    assert!(route.path.starts_with("/v1/auth/"), "{what}");
                }
                _ => {}
            }
        }
    }

    // Nobody waits for the courses of somebody who may not take them.
    let admin = admin.signed_in(&world).await;
    let records = admin.get("/v1/training/records").await.json();
    assert!(!records.to_string().contains(&auditor.id), "{records}");
    assert_eq!(admin.delete(&path(&auditor)).await.status, 200);
    let records = admin.get("/v1/training/records").await.json();
    assert!(!records.to_string().contains(&auditor.id), "{records}");
}

#[tokio::test]
async fn an_auditors_account_ends_by_itself() {
    let world = World::new().await;
    let admin = world.admin().await;
    let auditor = world.auditor(&admin, EMAIL, HOUR / 3).await;
    let end_ms = ends_at_ms(&auditor.get(ME).await.json());

    // Nothing that is given out outlives the account.
    pass_until(&world, end_ms - 100_000);
    let late = auditor.signed_in(&world).await;
    assert_eq!(end_of(&late.token), end_ms);
    let start = late.post("/v1/auth/passkeys/register/start", &json!({ "name": null })).await;
    assert_eq!(start.status, 200, "{}", start.json());
    let mut device = Authenticator::new(CONSOLE);
    let credential = device.register(&start.json()).expect("a credential");
    let body = json!({ "credential": credential, "name": null });
    let added = late.post("/v1/auth/passkeys/register/finish", &body).await;
    assert_eq!(added.status, 200, "{}", added.json());
    let half = late.mfa_token().await;
    pass_until(&world, end_ms - 1000);
    let answer = auditor.renew().await;
    assert_eq!((answer.status, &answer.json()["refresh_expires_in"]), (200, &json!(1)));
    let mut renewed = auditor.clone();
    renewed.take(&answer.json());
    assert_eq!(end_of(&renewed.token), end_ms);
    assert_eq!(renewed.get(ME).await.status, 200, "a second before");
    let options = post(&late.api, "/v1/auth/passkeys/login/start", &json!({})).await.json();
    let shown = device.sign_in(&options).expect("a credential");

    pass_until(&world, end_ms);
    let expired = (401, "token_expired".to_owned());
    for path in [ME, "/v1/audit/checkpoint", "/v1/audit/events"] {
        assert_eq!(late.get(path).await.refusal(), expired, "{path}");
        assert_eq!(renewed.get(path).await.refusal(), expired, "{path}");
    }
    let revoked = (401, "token_revoked".to_owned());
    assert_eq!(late.renew().await.refusal(), revoked);
    assert_eq!(renewed.renew().await.refusal(), revoked);
    // As an account that an admin has disabled: `whoever_is_disabled_is_out_by_every_door`.
    let invalid = (401, "credentials_invalid".to_owned());
    assert_eq!(late.login().await.refusal(), invalid);
    let body = json!({ "credential": shown });
    let by_passkey = post(&late.api, "/v1/auth/passkeys/login/finish", &body).await;
    assert_eq!(by_passkey.refusal(), invalid);
    let code = world.fresh_code(&late.secret);
    assert_eq!(late.show(&half, &code).await.refusal(), (401, "token_invalid".to_owned()));
    let body = json!({ "mfa_token": half, "recovery_code": late.recovery[0] });
    let by_code = post(&late.api, "/v1/auth/recovery", &body).await;
    assert_eq!(by_code.refusal(), (401, "token_invalid".to_owned()));
    let code = json!({ "code": world.fresh_code(&late.secret) });
    assert_eq!(late.post("/v1/auth/step_up", &code).await.refusal(), expired);

    // The row stays, and nothing but a new invitation opens it again.
    let admin = admin.signed_in(&world).await;
    let listed = admin.get(&path(&auditor)).await.json();
    assert_eq!((&listed["status"], ends_at_ms(&listed)), (&json!("disabled"), end_ms));
    let enabled = admin.patch(&path(&auditor), &json!({ "disabled": false })).await;
    assert_eq!(enabled.refusal(), (409, "conflict".to_owned()));
    let reset = admin.patch(&path(&auditor), &json!({ "reset": "second_factor" })).await.json();
    assert_eq!(accept(&admin, &reset["invitation_token"]).await, (401, "token_invalid".to_owned()));
    let again = json!({
        "email": EMAIL, "roles": ["auditor"], "ends_at": rfc3339(world.clock.now_ms() + DAY_MS),
    });
    assert_eq!(admin.post(INVITATIONS, &again).await.refusal(), (409, "conflict".to_owned()));
    assert_eq!(admin.delete(&path(&auditor)).await.status, 200);
    let invited = admin.post(INVITATIONS, &again).await;
    assert_eq!(invited.status, 201, "{}", invited.json());
    let token = invited.json()["invitation_token"].as_str().expect("a token").to_owned();
    let back = Staff::join(&world, EMAIL, &token).await;
    assert_eq!(back.get("/v1/audit/events").await.status, 200);
}

/// The token of a step-up ends with the account as well, and so does a sign-in that is not finished.
#[tokio::test]
async fn a_step_up_lengthens_no_account() {
    let world = World::new().await;
    let admin = world.admin().await;
    let auditor = world.auditor(&admin, EMAIL, HOUR / 12).await;
    let end_ms = ends_at_ms(&auditor.get(ME).await.json());
    let stepped = auditor.stepped_up(&world).await;
    assert_eq!(end_of(&stepped.token), end_ms);
    let half = auditor.mfa_token().await;
    pass_until(&world, end_ms - 30_000);
    let code = world.fresh_code(&auditor.secret);
    assert_eq!(world.clock.now_ms(), end_ms);
    assert_eq!(auditor.show(&half, &code).await.refusal(), (401, "token_invalid".to_owned()));
}

#[tokio::test]
async fn an_auditor_needs_an_end_of_30_days_at_most() {
    let world = World::new().await;
    let admin = world.admin().await;
    let now_ms = world.clock.now_ms();
    let latest_ms = now_ms + 30 * DAY_MS;
    let invite = async |role: &str, ends_at: Value| {
        let body = json!({ "email": EMAIL, "roles": [role], "ends_at": ends_at });
        admin.post(INVITATIONS, &body).await
    };
    for (role, ends_at, code) in [
        ("auditor", Value::Null, "missing"),
        ("auditor", json!("tomorrow"), "bad_format"),
        ("auditor", json!(rfc3339(now_ms)), "too_small"),
        ("auditor", json!(rfc3339(now_ms - DAY_MS)), "too_small"),
        ("auditor", json!(rfc3339(latest_ms + 1)), "too_large"),
        ("agent", json!(rfc3339(latest_ms)), "not_allowed"),
        ("admin", json!("tomorrow"), "not_allowed"),
    ] {
        let refused = invite(role, ends_at.clone()).await;
        assert_eq!(refused_value(&refused), of("/ends_at", code), "{role} {ends_at}");
    }
    let absent = admin.post(INVITATIONS, &json!({ "email": EMAIL, "roles": ["auditor"] })).await;
    assert_eq!(refused_value(&absent), of("/ends_at", "missing"));

    let agent = json!({ "email": "agent@example.org", "roles": ["agent"] });
    assert_eq!(admin.post(INVITATIONS, &agent).await.status, 201);
    let made = invite("auditor", json!(rfc3339(latest_ms))).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let listed = admin.get(INVITATIONS).await.json();
    let items = listed["items"].as_array().expect("a list");
    let ends: BTreeMap<_, _> = items
        .iter()
        .map(|item| (item["email"].as_str().expect("text"), item["ends_at"].clone()))
        .collect();
    assert_eq!(ends["agent@example.org"], Value::Null);
    assert_eq!(ends[EMAIL], json!(rfc3339(latest_ms)));

    // It goes into the account.
    let token = made.json()["invitation_token"].as_str().expect("a token").to_owned();
    let auditor = Staff::join(&world, EMAIL, &token).await;
    assert_eq!(ends_at_ms(&auditor.get(ME).await.json()), latest_ms);
    assert_eq!(admin.get(ME).await.json()["ends_at"], Value::Null);
    let listed = admin.get("/v1/auth/staff").await.json();
    let items = listed["items"].as_array().expect("a list");
    assert_eq!((&items[0]["ends_at"], ends_at_ms(&items[1])), (&Value::Null, latest_ms));
    assert_eq!(items[1]["status"], "active");
}

/// An invitation is good for two days, and for no account that has ended meanwhile.
#[tokio::test]
async fn an_invitation_ends_with_the_account_that_it_would_make() {
    let world = World::new().await;
    let admin = world.admin().await;
    let now_ms = world.clock.now_ms();
    let ends_at = rfc3339(now_ms + 60_000);
    let body = json!({ "email": EMAIL, "roles": ["auditor"], "ends_at": ends_at });
    let made = admin.post(INVITATIONS, &body).await.json();
    assert_eq!(made["expires_at"], json!(ends_at));
    let listed = admin.get(INVITATIONS).await.json();
    let item = &listed["items"][0];
    assert_eq!(item["expires_at"], json!(ends_at));
    assert_eq!(item["invited_at"], json!(rfc3339(now_ms)));
    world.advance_seconds(60);
    let token = &made["invitation_token"];
    assert_eq!(accept(&admin, token).await, (401, "token_invalid".to_owned()));
    assert_eq!(admin.get(INVITATIONS).await.json()["items"], json!([]));
}

/// Writing the table lengthens no account: the end is bound to the invitation.
#[tokio::test]
async fn the_end_of_an_account_is_not_edited_in_the_table() {
    let world = World::new().await;
    let admin = world.admin().await;
    let now_ms = world.clock.now_ms();
    let ends_at = rfc3339(now_ms + DAY_MS);
    let body = json!({ "email": EMAIL, "roles": ["auditor"], "ends_at": ends_at });
    let made = admin.post(INVITATIONS, &body).await.json();
    let token = &made["invitation_token"];
    let rows = world.all_items().await;
    let is_invitation = |(table, item): &&(String, shared::store::attributes::Item)| {
        table.ends_with("identity")
            && item["k"].as_s().is_ok_and(|kind| kind == "invitation")
            && item.contains_key("a")
    };
    let (table, row) = rows.iter().find(is_invitation).expect("the row").clone();
    let put = async |item| {
        let put = world.dynamo().put_item().table_name(&table).set_item(Some(item));
        put.send().await.expect("the intruder writes");
    };
    let mut later = row.clone();
    later.insert("a".to_owned(), number(now_ms + 300 * DAY_MS));
    let mut endless = row.clone();
    endless.remove("a");
    for edited in [later, endless] {
        put(edited).await;
        assert_eq!(accept(&admin, token).await, (500, "integrity_failed".to_owned()));
    }
    put(row).await;
    let auditor = Staff::join(&world, EMAIL, token.as_str().expect("a token")).await;
    assert_eq!(ends_at_ms(&auditor.get(ME).await.json()), now_ms + DAY_MS);
}

#[tokio::test]
async fn the_role_of_an_auditor_stands_alone() {
    let world = World::new().await;
    let admin = world.admin().await;
    let not_allowed = of("/roles", "not_allowed");
    let ends_at = rfc3339(world.clock.now_ms() + DAY_MS);
    for other in ["agent", "privacy", "security", "admin"] {
        let roles = json!(["auditor", other]);
        let body = json!({ "email": EMAIL, "roles": roles, "ends_at": ends_at });
        assert_eq!(refused_value(&admin.post(INVITATIONS, &body).await), not_allowed, "{other}");
    }
    let auditor = world.auditor(&admin, EMAIL, HOUR).await;
    let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    for (staff, roles) in [
        (&agent, json!(["auditor"])),
        (&agent, json!(["agent", "auditor"])),
        (&auditor, json!(["security"])),
        (&auditor, json!(["auditor", "security"])),
        (&admin, json!(["auditor"])),
    ] {
        let refused = admin.patch(&path(staff), &json!({ "roles": roles })).await;
        assert_eq!(refused_value(&refused), not_allowed, "{roles}");
    }
    let same = admin.patch(&path(&auditor), &json!({ "roles": ["auditor"] })).await;
    assert_eq!((same.status, &same.json()["roles"]), (200, &json!(["auditor"])));
    // Nor does the operator make an admin whose account ends.
    auth::operator::bootstrap(&world.auth, EMAIL).await.expect_err("an auditor's address");
    assert_eq!(auditor.get("/v1/audit/events").await.status, 200, "nothing has changed");
    // An account that is disabled before its end is enabled again, as any other is.
    for (disabled, status) in [(true, "disabled"), (false, "active")] {
        let changed = admin.patch(&path(&auditor), &json!({ "disabled": disabled })).await;
        assert_eq!(changed.json()["status"], status);
    }
}
