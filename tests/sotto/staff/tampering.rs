//! Somebody who writes the table `identity`: factors that were replaced are put back, and a session is
//! edited. `by_hand` tries every attribute of every row.

use serde_json::json;
use shared::store::attributes::{Item, number};
use tests::staff::{Staff, post};
use tests::world::World;

const TABLE: &str = "world-identity";
const NEXT: &str = "quiet meadow lantern 7 orbit";

async fn rows(world: &World) -> Vec<Item> {
    let all = world.all_items().await.into_iter();
    all.filter(|(table, _)| table == TABLE).map(|(_, item)| item).collect()
}

fn sort(item: &Item) -> &str {
    item["k"].as_s().expect("text")
}

fn same_key(one: &Item, other: &Item) -> bool {
    one["p"] == other["p"] && one["k"] == other["k"]
}

async fn put(world: &World, item: Item) {
    let put = world.dynamo().put_item().table_name(TABLE).set_item(Some(item));
    put.send().await.expect("the intruder writes");
}

async fn is_in(world: &World, staff: &Staff, password: &str, secret: &str) -> bool {
    let body = json!({ "email": staff.email, "password": password });
    let answer = post(&staff.api, "/v1/auth/login", &body).await;
    let Some(token) = answer.json()["mfa_token"].as_str().map(str::to_owned) else { return false };
    staff.show(&token, &world.fresh_code(secret)).await.status == 200
}

/// Deletes the counters and the marks of used-up values.
async fn forget_all(world: &World) {
    let watch = world.all_items().await;
    for (table, item) in watch.iter().filter(|(table, _)| table.ends_with("watch")) {
        let key = ["p", "k"].map(|name| (name.to_owned(), item[name].clone()));
        let delete = world.dynamo().delete_item().table_name(table);
        delete.set_key(Some(key.into_iter().collect())).send().await.expect("deleted");
    }
}

/// Each factor is replaced, and then its old row is put back.
#[tokio::test]
async fn a_factor_that_was_replaced_does_not_come_back_with_its_row() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let before = rows(&world).await;

    // A password that was changed.
    let body = json!({ "password": member.password, "new_password": NEXT });
    assert_eq!(member.post("/v1/auth/password", &body).await.status, 204);
    let is_login = |item: &&Item| sort(item) == "login";
    let after = rows(&world).await;
    for row in before.iter().filter(is_login) {
        let now = after.iter().find(|item| same_key(item, row)).expect("the row").clone();
        put(&world, row.clone()).await;
        if now != *row {
            assert!(!is_in(&world, &member, &member.password, &member.secret).await);
        }
        // The old hash with the new version beside it does not open.
        let mut mixed = now.clone();
        mixed.insert("h".to_owned(), row["h"].clone());
        put(&world, mixed).await;
        if now != *row {
            let body = json!({ "email": member.email, "password": member.password });
            let refused = post(&member.api, "/v1/auth/login", &body).await;
            assert_eq!(refused.refusal(), (500, "integrity_failed".to_owned()));
        }
        put(&world, now).await;
    }
    assert!(is_in(&world, &member, NEXT, &member.secret).await);
    let member = Staff { password: NEXT.to_owned(), ..member };

    // A recovery code that was used, and all of them after new ones were made.
    let token = member.mfa_token().await;
    let body = json!({ "mfa_token": token, "recovery_code": member.recovery[0] });
    assert_eq!(post(&member.api, "/v1/auth/recovery", &body).await.status, 200);
    // Used-up codes are remembered elsewhere for a while: those rows go first.
    world.advance_seconds(2 * 24 * 60 * 60);
    for row in before.iter().filter(|item| sort(item).starts_with("recovery#")) {
        put(&world, row.clone()).await;
    }
    forget_all(&world).await;
    let body =
        json!({ "mfa_token": member.mfa_token().await, "recovery_code": member.recovery[0] });
    assert_eq!(post(&member.api, "/v1/auth/recovery", &body).await.code(), "code_invalid");

    // An authenticator app that a reset took.
    let admin = admin.signed_in(&world).await;
    let path = format!("/v1/auth/staff/{}", member.id);
    let reset = admin.patch(&path, &json!({ "reset": "second_factor" })).await.json();
    let link = reset["invitation_token"].as_str().expect("a token").to_owned();
    let body = json!({ "invitation_token": link, "name": "x", "password": NEXT });
    let accepted = post(&member.api, "/v1/auth/invitations/accept", &body).await.json();
    let enrolment = accepted["enrolment_token"].as_str().expect("a token");
    let (secret, entered) = tests::staff::enrol_totp(&world, &member.api, enrolment).await;
    assert_eq!(entered.status, 200, "{}", entered.json());
    let of_app =
        |item: &&Item| sort(item) == "totp" && item["p"].as_s().unwrap().ends_with(&member.id);
    let old = before.iter().find(of_app).expect("the old app").clone();
    let now = rows(&world).await;
    let now = now.iter().find(of_app).expect("the app").clone();
    put(&world, old.clone()).await;
    assert!(!is_in(&world, &member, NEXT, &member.secret).await);
    put(&world, now).await;
    assert!(is_in(&world, &member, NEXT, &secret).await);
}

/// An edited session passes no step-up, and is over.
#[tokio::test]
async fn a_session_is_not_edited() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.advance_seconds(600);
    let session = rows(&world).await;
    let session = session.iter().find(|item| sort(item).starts_with("session#"));
    let session = session.expect("a session").clone();
    for (name, value) in [
        ("a", number(world.clock.now_seconds())),
        ("t", number(world.clock.now_ms())),
        ("e", number(2)),
        ("m", shared::store::attributes::string(r#"["hwk","mfa"]"#)),
        ("x", shared::store::attributes::binary(vec![0; 32])),
    ] {
        let mut edited = session.clone();
        edited.insert(name.to_owned(), value);
        put(&world, edited).await;
        assert_eq!(admin.renew().await.code(), "token_revoked", "{name}");
        let mut without = session.clone();
        without.remove(name);
        put(&world, without).await;
        assert_ne!(admin.renew().await.status, 200, "without {name}");
    }
    put(&world, session).await;
    assert_eq!(admin.renew().await.status, 200);
}
