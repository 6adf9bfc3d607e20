//! An admin's changes to other people, and the access that they end.

use auth::keys::Keys;
use auth::store::login::PasswordThen;
use auth::store::person::{Ends, Person};
use serde_json::json;
use tests::staff::{PASSWORD, Staff, code_at, post};
use tests::world::World;

const ACCEPT: &str = "/v1/auth/invitations/accept";

fn path(staff: &Staff) -> String {
    format!("/v1/auth/staff/{}", staff.id)
}

#[tokio::test]
async fn a_changed_role_ends_every_session_and_counts_from_the_next() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let changed = admin.patch(&path(&member), &json!({ "roles": ["privacy"] })).await;
    assert_eq!((changed.status, &changed.json()["roles"]), (200, &json!(["privacy"])));
    assert_eq!(member.renew().await.code(), "token_revoked");
    let member = member.signed_in(&world).await;
    assert_eq!(member.get("/v1/auth/me").await.json()["roles"], json!(["privacy"]));
}

#[tokio::test]
async fn an_admin_ends_somebodys_sessions() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let ended = admin.patch(&path(&member), &json!({ "end_sessions": true })).await;
    assert_eq!(ended.status, 200, "{}", ended.json());
    assert_eq!(member.renew().await.code(), "token_revoked");
    member.signed_in(&world).await;
}

#[tokio::test]
async fn whoever_is_disabled_is_out_by_every_door() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let half = member.mfa_token().await;
    let admin = admin.signed_in(&world).await;
    let changed = admin.patch(&path(&member), &json!({ "disabled": true })).await;
    assert_eq!(changed.json()["status"], "disabled");
    assert_eq!(member.renew().await.code(), "token_revoked");
    assert_eq!(member.login().await.code(), "credentials_invalid");
    let code = world.fresh_code(&member.secret);
    assert_eq!(member.show(&half, &code).await.code(), "token_invalid");
    let body = json!({ "mfa_token": half, "recovery_code": member.recovery[0] });
    assert_eq!(post(&member.api, "/v1/auth/recovery", &body).await.code(), "token_invalid");
    world.advance_seconds(60);
    assert_eq!(member.get("/v1/auth/me").await.code(), "token_revoked");
    let admin = admin.stepped_up(&world).await;
    assert_eq!(admin.patch(&path(&member), &json!({ "disabled": false })).await.status, 200);
    member.signed_in(&world).await;
}

#[tokio::test]
async fn a_lost_second_factor_is_enrolled_anew_with_the_password() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let reset = admin.patch(&path(&member), &json!({ "reset": "second_factor" })).await.json();
    assert_eq!(reset["mfa"], json!([]));
    assert_eq!(member.renew().await.code(), "token_revoked");
    assert_eq!(member.login().await.code(), "mfa_required");
    let invitation = reset["invitation_token"].as_str().expect("a token");
    // The invitation alone is not enough: the admin, too, would have to know the password.
    let body = json!({
        "invitation_token": invitation, "name": "x", "password": "some other password 9",
    });
    assert_eq!(post(&admin.api, ACCEPT, &body).await.code(), "credentials_invalid");
    let back = Staff::join(&world, &member.email, invitation).await;
    assert_eq!(back.id, member.id);
    let token = back.mfa_token().await;
    let old = code_at(&member.secret, world.seconds());
    assert_eq!(member.show(&token, &old).await.code(), "code_invalid");
}

#[tokio::test]
async fn a_lost_password_is_chosen_anew_and_the_second_factor_stays() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let reset = admin.patch(&path(&member), &json!({ "reset": "password" })).await.json();
    assert_eq!(reset["mfa"], json!(["totp"]));
    assert_eq!(member.login().await.code(), "credentials_invalid");
    assert_eq!(member.renew().await.code(), "token_revoked");
    let chosen = "quiet meadow lantern 7 orbit";
    let body = json!({
        "invitation_token": reset["invitation_token"], "name": "x", "password": chosen,
    });
    let accepted = post(&admin.api, ACCEPT, &body).await;
    assert_eq!(accepted.status, 200, "{}", accepted.json());
    assert!(
        accepted.json()["enrolment_token"].is_null() && accepted.json()["access_token"].is_null()
    );
    let token = accepted.json()["mfa_token"].as_str().expect("a token").to_owned();
    let entered = member.show(&token, &world.fresh_code(&member.secret)).await;
    assert_eq!(entered.status, 200, "{}", entered.json());
    assert_eq!(member.login().await.code(), "credentials_invalid", "{PASSWORD}");
    member.password = chosen.to_owned();
    member.signed_in(&world).await;
}

/// A sign-in that has read the account before a change, and writes after it, finds it changed; one that
/// writes between the two is over with the change.
#[tokio::test]
async fn a_sign_in_during_a_change_does_not_outlive_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let keys = world.auth.store.keys().await.expect("keys");
    let id = shared::ids::StaffId::parse(&member.id).expect("an id");
    let read = world.auth.store.person(&keys, id).await.expect("read").expect("somebody");
    let during = member.signed_in(&world).await;
    let (_, writes) = world
        .auth
        .store
        .change_account(&keys, &read.account, (Ends::Sessions, PasswordThen::Stays), |account| {
            account.roles = shared::values::role::Roles::read(["privacy"]).expect("roles");
        })
        .expect("writes");
    let writes = world.auth.store.transaction().and_all(writes);
    assert!(writes.commit_patiently("change").await.expect("an answer").is_whole());
    assert_eq!(during.renew().await.code(), "token_revoked");
    // Where it matters at once, elsewhere within a minute.
    let stepped = during.post("/v1/auth/recovery_codes", &json!({})).await;
    assert_eq!(stepped.code(), "token_revoked");
    world.advance_seconds(60);
    assert_eq!(during.get("/v1/auth/sessions").await.code(), "token_revoked");
    assert_eq!(member.signed_in(&world).await.get("/v1/auth/me").await.status, 200);
}

/// A reset of what was read, which something has changed since.
async fn reset_is_refused(world: &World, keys: &Keys, read: &Person) {
    let store = &world.auth.store;
    let change = (Ends::Sessions, PasswordThen::Stays);
    let (_, changed) = store.change_account(keys, &read.account, change, |_| ()).expect("writes");
    let deleted = store.delete_factors(read).expect("writes");
    let writes = store.transaction().and_all(changed).and_all(deleted);
    assert!(!writes.commit_patiently("reset").await.expect("an answer").is_whole());
}

#[tokio::test]
async fn a_factor_enrolled_during_a_reset_is_gone() {
    use auth::credential::passkey::authenticator::Authenticator;

    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let keys = world.auth.store.keys().await.expect("keys");
    let id = shared::ids::StaffId::parse(&member.id).expect("an id");
    let read = world.auth.store.person(&keys, id).await.expect("read").expect("somebody");
    let start = member.post("/v1/auth/passkeys/register/start", &json!({ "name": null })).await;
    let mut device = Authenticator::new(tests::world::CONSOLE);
    let credential = device.register(&start.json()).expect("a credential");
    let body = json!({ "credential": credential, "name": null });
    let added = member.post("/v1/auth/passkeys/register/finish", &body).await;
    assert_eq!(added.status, 200, "{}", added.json());
    // The reset has read the person before the passkey was there: it must not succeed without it.
    reset_is_refused(&world, &keys, &read).await;
}

/// The first factor of somebody who is invited again, enrolled at the instant of a second reset.
#[tokio::test]
async fn a_first_factor_enrolled_during_a_reset_is_not_overlooked() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    let reset = admin.patch(&path(&member), &json!({ "reset": "second_factor" })).await.json();
    let invitation = reset["invitation_token"].as_str().expect("a token");
    let keys = world.auth.store.keys().await.expect("keys");
    let id = shared::ids::StaffId::parse(&member.id).expect("an id");
    let read = world.auth.store.person(&keys, id).await.expect("read").expect("somebody");
    Staff::join(&world, &member.email, invitation).await;
    reset_is_refused(&world, &keys, &read).await;
}

#[tokio::test]
async fn roles_and_status_cannot_be_edited_in_the_table() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let rows = world.all_items().await;
    let partition = format!("staff#{}", member.id);
    let is_account = |item: &shared::store::attributes::Item| {
        item.get("p").and_then(|value| value.as_s().ok()) == Some(&partition)
            && item["k"].as_s().is_ok_and(|kind| kind == "account")
    };
    let (_, account) = rows.iter().find(|(_, item)| is_account(item)).expect("a row").clone();
    for (name, value) in [
        ("r", shared::store::attributes::string("agent,admin")),
        ("n", shared::store::attributes::number(7)),
        ("e", shared::store::attributes::number(0)),
        ("l", shared::store::attributes::string("x")),
    ] {
        let mut edited = account.clone();
        edited.insert(name.to_owned(), value);
        let put = world.dynamo().put_item().table_name("world-identity").set_item(Some(edited));
        put.send().await.expect("the intruder writes");
        assert_eq!(member.renew().await.refusal(), (500, "integrity_failed".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let world = World::new().await;
    let mut admin = world.admin().await;
    let other = admin.signed_in(&world).await;
    let path = "/v1/auth/password";
    let next = "quiet meadow lantern 7 orbit";
    let body = |old: &str, new: &str| json!({ "password": old, "new_password": new });
    let wrong = other.post(path, &body("not the password 123", next)).await;
    assert_eq!(wrong.refusal(), (401, "credentials_invalid".to_owned()));
    let weak = other.post(path, &body(PASSWORD, "short")).await;
    assert_eq!(weak.json()["errors"][0]["pointer"], "/new_password");
    assert_eq!(other.post(path, &body(PASSWORD, next)).await.status, 204);
    assert_eq!(admin.renew().await.code(), "token_revoked", "the other session is over");
    assert_eq!(other.renew().await.status, 200);
    assert_eq!(admin.login().await.code(), "credentials_invalid");
    admin.password = next.to_owned();
    admin.signed_in(&world).await;
}

#[tokio::test]
async fn whoever_was_reset_is_told_and_who_lost_both_is_nobody() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    assert_eq!(member.get("/v1/auth/me").await.json()["reset"], serde_json::Value::Null);
    let admin = admin.signed_in(&world).await;
    let reset = admin.patch(&path(&member), &json!({ "reset": "second_factor" })).await.json();
    let invitation = reset["invitation_token"].as_str().expect("a token");
    let back = Staff::join(&world, &member.email, invitation).await;
    assert_eq!(back.get("/v1/auth/me").await.json()["reset"]["what"], "second_factor");
    let admin = admin.signed_in(&world).await;
    let _first = admin.patch(&path(&member), &json!({ "reset": "second_factor" })).await;
    let both = admin.patch(&path(&member), &json!({ "reset": "password" })).await;
    assert_eq!(both.refusal(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn an_admin_never_takes_the_last_admin_away() {
    let world = World::new().await;
    let admin = world.admin().await;
    for body in [json!({ "roles": ["agent"] }), json!({ "disabled": true })] {
        assert_eq!(admin.patch(&path(&admin), &body).await.code(), "conflict", "{body}");
    }
    for what in ["second_factor", "password"] {
        let own = admin.patch(&path(&admin), &json!({ "reset": what })).await;
        assert_eq!(own.code(), "conflict", "{what}");
    }
    assert_eq!(admin.delete(&path(&admin)).await.code(), "conflict");
    assert_eq!(admin.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn who_is_deleted_leaves_nothing_but_events() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    // A session that is over and an app that nobody confirmed are still in the table.
    let second = member.signed_in(&world).await;
    assert_eq!(second.post("/v1/auth/logout", &json!({ "everywhere": true })).await.status, 204);
    member.signed_in(&world).await;
    world.advance_seconds(3_600);
    let admin = admin.signed_in(&world).await;
    let deleted = admin.delete(&path(&member)).await;
    assert_eq!((deleted.status, &deleted.json()["email"]), (200, &json!("agent@example.org")));
    assert_eq!(admin.get(&path(&member)).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(admin.delete(&path(&member)).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(member.renew().await.code(), "token_revoked");
    assert_eq!(member.login().await.code(), "credentials_invalid");
    for (table, item) in world.all_items().await {
        if table.ends_with("identity") {
            assert!(!format!("{item:?}").contains(&member.id), "{item:?}");
        }
    }
    // The address may be invited again, and is somebody else then.
    let again = world.member(&admin, "agent@example.org", &["agent"]).await;
    assert_ne!(again.id, member.id);
}

#[tokio::test]
async fn people_are_listed_in_pages_and_changed_by_what_is_named() {
    let world = World::new().await;
    let admin = world.admin().await;
    for name in ["a", "b", "c"] {
        let admin = admin.signed_in(&world).await;
        world.member(&admin, &format!("{name}@example.org"), &["agent"]).await;
    }
    let admin = admin.signed_in(&world).await;
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/v1/auth/staff?limit=3{next}")).await.json();
        let items = page["items"].as_array().expect("items");
        all.extend(items.iter().map(|item| item["email"].as_str().expect("text").to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(all, ["admin@example.org", "a@example.org", "b@example.org", "c@example.org"]);
    let own = path(&admin);
    for (body, refusal) in [
        (json!({ "reset": "everything" }), (422, "invalid")),
        (json!({ "roles": [] }), (422, "invalid")),
        (json!({ "password": "x" }), (400, "unknown_field")),
        (json!([]), (400, "malformed_json")),
    ] {
        let refused = admin.patch(&own, &body).await;
        assert_eq!(refused.refusal(), (refusal.0, refusal.1.to_owned()), "{body}");
    }
    assert_eq!(admin.get("/v1/auth/staff?cursor=x").await.status, 422);
    assert_eq!(admin.get("/v1/auth/staff/x").await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(admin.patch(&own, &json!({})).await.status, 200);
    assert_eq!(admin.get("/v1/auth/me").await.status, 200, "nothing was named, nothing changed");
}

#[tokio::test]
async fn every_change_is_an_event_that_names_who_and_whom() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    for body in [
        json!({ "roles": ["security"] }),
        json!({ "disabled": true }),
        json!({ "disabled": false }),
        json!({ "reset": "second_factor" }),
        json!({ "unlock": true }),
    ] {
        assert_eq!(admin.patch(&path(&member), &body).await.status, 200, "{body}");
    }
    let other = world.member(&admin, "other@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.patch(&path(&other), &json!({ "reset": "password" })).await.status, 200);
    let events = world.all_items().await;
    let events: Vec<_> = events.iter().filter(|(table, _)| table.ends_with("events")).collect();
    for action in [
        "roles_changed",
        "disabled",
        "enabled",
        "password_reset",
        "factors_reset",
        "throttle_ended",
    ] {
        let mut told = events.iter().filter(|(_, item)| item["w"].as_s().unwrap() == action);
        let (_, event) = told.next().unwrap_or_else(|| panic!("no event {action}"));
        assert_eq!(event["a"].as_s().unwrap(), &admin.id, "{action}");
        let whom = if action == "password_reset" { &other } else { &member };
        assert_eq!(event["o"].as_s().unwrap(), &whom.id, "{action}");
        assert!(told.next().is_none(), "{action} twice");
    }
    // The person and the admin: an admin who accepts a link has left their own name there.
    let accepted = events.iter().filter(|(_, item)| item["w"].as_s().unwrap() == "accepted");
    let accepted: Vec<_> = accepted.map(|(_, item)| item["o"].as_s().unwrap().clone()).collect();
    for whose in [
        format!("{}/operator", admin.id),
        format!("{}/{}", member.id, admin.id),
        format!("{}/{}", other.id, admin.id),
    ] {
        assert!(accepted.contains(&whose), "{accepted:?}");
    }
    for (_, event) in events {
        let text = format!("{event:?}");
        assert!(!text.contains('@') && !text.contains("Ada"), "{text}");
        assert!(event.contains_key("expires_at"));
    }
}
