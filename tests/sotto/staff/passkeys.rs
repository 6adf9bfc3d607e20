//! Passkeys through the routes, with one in software.

use auth::credential::passkey::authenticator::Authenticator;
use serde_json::{Value, json};
use tests::api::Response;
use tests::staff::{PASSWORD, Staff, post};
use tests::world::{CONSOLE, World};

const REGISTER: &str = "/v1/auth/passkeys/register";
const LOGIN: &str = "/v1/auth/passkeys/login";

/// Enrols a passkey of somebody who is in.
async fn enrol(staff: &Staff, device: &mut Authenticator) -> Response {
    let options = staff.post(&format!("{REGISTER}/start"), &json!({ "name": null })).await;
    assert_eq!(options.status, 200, "{}", options.json());
    let credential = device.register(&options.json()).expect("a credential");
    let body = json!({ "credential": credential, "name": "Laptop" });
    staff.post(&format!("{REGISTER}/finish"), &body).await
}

async fn options(staff: &Staff) -> Value {
    let options = post(&staff.api, &format!("{LOGIN}/start"), &json!({})).await;
    assert_eq!(options.status, 200, "{}", options.json());
    options.json()
}

async fn finish(staff: &Staff, credential: &Value) -> Response {
    let body = json!({ "credential": credential });
    post(&staff.api, &format!("{LOGIN}/finish"), &body).await
}

async fn refused(staff: &Staff, credential: &Value, why: &str) {
    let refused = finish(staff, credential).await;
    assert_eq!(refused.refusal(), (401, "code_invalid".to_owned()), "{why}");
}

#[tokio::test]
async fn a_passkey_is_enrolled_used_named_and_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut device = Authenticator::new(CONSOLE);
    let added = enrol(&admin, &mut device).await;
    assert_eq!(added.status, 200, "{}", added.json());
    let id = added.json()["id"].as_str().expect("an id").to_owned();
    let credential = device.sign_in(&options(&admin).await).expect("a credential");
    let granted = finish(&admin, &credential).await;
    assert_eq!(granted.status, 200, "{}", granted.json());
    let mut entered = admin.clone();
    entered.take(&granted.json());
    let me = entered.get("/v1/auth/me").await.json();
    assert_eq!((&me["id"], &me["mfa"]), (&json!(admin.id), &json!(["totp", "passkey"])));
    let path = format!("/v1/auth/factors/{id}");
    let named = entered.patch(&path, &json!({ "name": "Desk key" })).await;
    assert_eq!(named.json()["name"], "Desk key");
    for name in [json!(""), json!("x".repeat(61)), json!("a\u{7}b")] {
        assert_eq!(entered.patch(&path, &json!({ "name": name })).await.status, 422, "{name}");
    }
    assert_eq!(entered.delete("/v1/auth/factors/totp").await.status, 204);
    assert_eq!(entered.delete(&path).await.code(), "conflict", "the last one stays");
    // Removing one did not end the session, but the sign-in that was begun before it.
    assert_eq!(entered.get("/v1/auth/me").await.json()["mfa"], json!(["passkey"]));
}

#[tokio::test]
async fn a_passkey_is_the_first_factor_of_who_is_invited() {
    let world = World::new().await;
    let api = world.staff_api();
    let invitation = world.bootstrap("admin@example.org").await;
    let body = json!({
        "invitation_token": invitation, "name": "Ada Example", "password": PASSWORD,
    });
    let accepted = post(&api, "/v1/auth/invitations/accept", &body).await.json();
    let token = accepted["enrolment_token"].as_str().expect("a token");
    let send = async |path: &str, body: Value| {
        let request = tests::api::Request::new("POST", path).json(&body);
        api.send(&request.bearer(token)).await
    };
    let mut device = Authenticator::new(CONSOLE);
    let options = send(&format!("{REGISTER}/start"), json!({ "name": null })).await;
    let credential = device.register(&options.json()).expect("a credential");
    let body = json!({ "credential": credential, "name": null });
    let granted = send(&format!("{REGISTER}/finish"), body.clone()).await;
    assert_eq!(granted.status, 200, "{}", granted.json());
    assert!(granted.json()["access_token"].is_string());
    assert_eq!(granted.json()["recovery_codes"].as_array().map(Vec::len), Some(10));
    // The same response a second time enrols nothing.
    assert_eq!(send(&format!("{REGISTER}/finish"), body).await.status, 401);
}

#[tokio::test]
async fn another_challenge_origin_user_or_time_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let mut device = Authenticator::new(CONSOLE);
    assert_eq!(enrol(&admin, &mut device).await.status, 200);
    let mut others = Authenticator::new(CONSOLE);
    assert_eq!(enrol(&member, &mut others).await.status, 200);

    let credential = device.sign_in(&options(&admin).await).expect("a credential");
    let mut renamed = credential.clone();
    let theirs = others.sign_in(&options(&admin).await).expect("a credential");
    for name in ["id", "rawId"] {
        renamed[name] = theirs[name].clone();
    }
    refused(&admin, &renamed, "another credential's id").await;
    assert_eq!(finish(&admin, &credential).await.status, 200);
    refused(&admin, &credential, "a challenge that was used").await;

    let mut foreign = options(&admin).await;
    foreign["publicKey"]["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let foreign = device.sign_in(&foreign).expect("a credential");
    refused(&admin, &foreign, "a challenge that is not ours").await;

    let mut elsewhere = options(&admin).await;
    device.origin = "https://evil.example".to_owned();
    let phished = device.sign_in(&elsewhere).expect("a credential");
    refused(&admin, &phished, "another origin").await;
    device.origin = CONSOLE.to_owned();
    device.verifies = false;
    elsewhere = options(&admin).await;
    let unverified = device.sign_in(&elsewhere).expect("a credential");
    refused(&admin, &unverified, "no user verification").await;
    device.verifies = true;

    let late = device.sign_in(&options(&admin).await).expect("a credential");
    world.advance_seconds(300);
    refused(&admin, &late, "past its time").await;
    for other in
        [json!({}), json!(null), json!("x"), json!({ "response": { "clientDataJSON": "e30" } })]
    {
        refused(&admin, &other, "no credential").await;
    }
    // A step-up takes the caller's own passkey and nobody else's.
    let own = device.sign_in(&options(&admin).await).expect("a credential");
    let theirs = member.post("/v1/auth/step_up", &json!({ "credential": own })).await;
    assert_eq!(theirs.code(), "code_invalid");
    let stepped = admin.post("/v1/auth/step_up", &json!({ "credential": own })).await;
    assert_eq!(stepped.status, 200, "{}", stepped.json());
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_told() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut device = Authenticator::new(CONSOLE);
    assert_eq!(enrol(&admin, &mut device).await.status, 200);
    device.counter = 100;
    let credential = device.sign_in(&options(&admin).await).expect("a credential");
    assert_eq!(finish(&admin, &credential).await.status, 200);
    device.counter = 50;
    let copy = device.sign_in(&options(&admin).await).expect("a credential");
    refused(&admin, &copy, "a counter that went back").await;
    let told = world.all_items().await.iter().any(|(table, item)| {
        let action = item.get("w").and_then(|word| word.as_s().ok());
        table.ends_with("events") && action.is_some_and(|word| word == "passkey_counter_went_back")
    });
    assert!(told);
}

#[tokio::test]
async fn of_a_hundred_with_one_assertion_one_gets_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut device = Authenticator::new(CONSOLE);
    assert_eq!(enrol(&admin, &mut device).await.status, 200);
    let credential = device.sign_in(&options(&admin).await).expect("a credential");
    let all: Vec<_> = (0..100)
        .map(|_| {
            let (admin, credential) = (admin.clone(), credential.clone());
            tokio::spawn(async move { finish(&admin, &credential).await.status })
        })
        .collect();
    let mut entered = 0;
    for one in all {
        entered += usize::from(one.await.expect("an answer") == 200);
    }
    assert_eq!(entered, 1);
}
