//! Resets: the pending state, and the steps that finish it.

use serde_json::{Value, json};
use tests::staff::{Staff, post};
use tests::world::World;

const ACCEPT: &str = "/v1/auth/invitations/accept";
const NEXT: &str = "quiet meadow lantern 7 orbit";

fn path(staff: &Staff) -> String {
    format!("/v1/auth/staff/{}", staff.id)
}

async fn reset(world: &World, admin: &Staff, whom: &Staff, what: &str) -> String {
    let admin = admin.signed_in(world).await;
    let reset = admin.patch(&path(whom), &json!({ "reset": what })).await;
    assert_eq!(reset.status, 200, "{}", reset.json());
    reset.json()["invitation_token"].as_str().expect("a token").to_owned()
}

async fn accept(staff: &Staff, link: &str, password: &str) -> Value {
    let body = json!({ "invitation_token": link, "name": "x", "password": password });
    let accepted = post(&staff.api, ACCEPT, &body).await;
    assert_eq!(accepted.status, 200, "{}", accepted.json());
    accepted.json()
}

#[tokio::test]
async fn whoever_finds_a_password_link_replaces_nothing_and_uses_nothing_up() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let link = reset(&world, &admin, &member, "password").await;
    let pending = async || {
        let admin = admin.signed_in(&world).await;
        admin.get(&path(&member)).await.json()["reset_pending"].clone()
    };
    assert_eq!(pending().await, "password");
    let finder = accept(&admin, &link, "somebody elses words 4711").await;
    let own = accept(&member, &link, NEXT).await;
    // The one who has the factor finishes with the password that they chose themselves.
    let token = own["mfa_token"].as_str().expect("a token");
    let entered = member.show(token, &world.fresh_code(&member.secret)).await;
    assert_eq!(entered.status, 200, "{}", entered.json());
    let token = finder["mfa_token"].as_str().expect("a token");
    let late = member.show(token, &world.fresh_code(&member.secret)).await;
    assert_eq!(late.refusal(), (401, "token_invalid".to_owned()));
    let again = json!({ "invitation_token": link, "name": "x", "password": NEXT });
    assert_eq!(post(&admin.api, ACCEPT, &again).await.code(), "token_invalid");
    assert_eq!(pending().await, Value::Null);
    member.password = NEXT.to_owned();
    member.signed_in(&world).await;
}

#[tokio::test]
async fn a_password_of_a_link_waits_five_minutes_and_no_longer() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let link = reset(&world, &admin, &member, "password").await;
    let own = accept(&member, &link, NEXT).await;
    world.advance_seconds(300);
    let token = own["mfa_token"].as_str().expect("a token");
    let late = member.show(token, &world.fresh_code(&member.secret)).await;
    assert_eq!(late.refusal(), (401, "token_expired".to_owned()));
    // A recovery code is the second factor as well.
    let own = accept(&member, &link, NEXT).await;
    let body = json!({ "mfa_token": own["mfa_token"], "recovery_code": member.recovery[0] });
    assert_eq!(post(&member.api, "/v1/auth/recovery", &body).await.status, 200);
}

#[tokio::test]
async fn a_password_of_a_link_is_finished_with_a_passkey() {
    use auth::credential::passkey::authenticator::Authenticator;

    let world = World::new().await;
    let admin = world.admin().await;
    let mut member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let start = member.post("/v1/auth/passkeys/register/start", &json!({ "name": null })).await;
    let mut device = Authenticator::new(tests::world::CONSOLE);
    let credential = device.register(&start.json()).expect("a credential");
    let body = json!({ "credential": credential, "name": null });
    assert_eq!(member.post("/v1/auth/passkeys/register/finish", &body).await.status, 200);
    let link = reset(&world, &admin, &member, "password").await;
    let own = accept(&member, &link, NEXT).await;
    let start = post(&member.api, "/v1/auth/passkeys/login/start", &json!({})).await.json();
    let credential = device.sign_in(&start).expect("a credential");
    let body = json!({ "credential": credential, "mfa_token": own["mfa_token"] });
    let entered = post(&member.api, "/v1/auth/passkeys/login/finish", &body).await;
    assert_eq!(entered.status, 200, "{}", entered.json());
    member.password = NEXT.to_owned();
    member.signed_in(&world).await;
    // A passkey alone shows one factor of the two: the other reset is refused until both were shown.
    let _link = reset(&world, &admin, &member, "password").await;
    let start = post(&member.api, "/v1/auth/passkeys/login/start", &json!({})).await.json();
    let credential = device.sign_in(&start).expect("a credential");
    let finish = "/v1/auth/passkeys/login/finish";
    let entered = post(&member.api, finish, &json!({ "credential": credential })).await;
    assert_eq!(entered.status, 200, "{}", entered.json());
    let admin = admin.signed_in(&world).await;
    let both = admin.patch(&path(&member), &json!({ "reset": "second_factor" })).await;
    assert_eq!(both.refusal(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn the_operator_takes_no_second_factor_where_the_password_was_taken() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "second@example.org", &["admin"]).await;
    let _link = reset(&world, &admin, &member, "password").await;
    let refused = auth::operator::bootstrap(&world.auth, "second@example.org").await;
    assert!(refused.expect_err("a refusal").to_string().starts_with("conflict"));
}

#[tokio::test]
async fn a_person_is_told_what_was_done_to_their_account() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let notices = async |staff: &Staff| staff.get("/v1/auth/me").await.json()["notices"].clone();
    assert_eq!(notices(&member).await, json!([]));
    let member = member.signed_in(&world).await;
    world.advance_seconds(1);
    let wrong = member.post("/v1/auth/step_up", &json!({ "code": "000000" })).await;
    assert_eq!(wrong.code(), "code_invalid");
    let admin = admin.signed_in(&world).await;
    let changed = admin.patch(&path(&member), &json!({ "roles": ["agent", "security"] })).await;
    assert_eq!(changed.status, 200);
    let link = reset(&world, &admin, &member, "second_factor").await;
    let member = Staff::join(&world, &member.email, &link).await;
    let told = notices(&member).await;
    let told: Vec<_> = told.as_array().expect("a list").iter().collect();
    let kinds: Vec<_> = told.iter().map(|told| told["kind"].as_str().expect("a word")).collect();
    assert_eq!(
        kinds,
        ["factor_enrolled", "second_factor_reset", "roles_changed", "step_up_failed", "new_device"]
    );
    let by: Vec<_> = told.iter().map(|told| told["by"].as_str().expect("an id")).collect();
    let (own, other) = (&*member.id, &*admin.id);
    assert_eq!(by, [own, other, other, own, own]);
    let admin_name = admin.get("/v1/auth/me").await.json()["name"].clone();
    assert_eq!((&told[1]["by_name"], &told[2]["by_name"]), (&admin_name, &admin_name));
    assert_eq!(told[0]["by_name"], member.get("/v1/auth/me").await.json()["name"]);
    assert!(told.iter().all(|told| told["at"].as_str().expect("a time").ends_with('Z')));
    // Of what goes on and on, the last are kept; a reset stays.
    let mut member = member;
    for _ in 0..25 {
        member = member.signed_in(&world).await;
    }
    let told = notices(&member).await;
    let told = told.as_array().expect("a list");
    assert_eq!(told.len(), 21);
    assert!(told.iter().any(|told| told["kind"] == "second_factor_reset"));
    world.advance_seconds(31 * 24 * 60 * 60);
    let member = member.signed_in(&world).await;
    assert_eq!(notices(&member).await.as_array().expect("a list").len(), 1);
}
