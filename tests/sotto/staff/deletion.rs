//! A deletion always ends, however much there is of a person.

use auth::store::throttle::Attempt;
use serde_json::json;
use shared::store::attributes::{Item, number, string};
use tests::staff::Staff;
use tests::world::World;

fn path(staff: &Staff) -> String {
    format!("/v1/auth/staff/{}", staff.id)
}

/// Rows of sessions that are over, as many sign-ins leave them until the TTL takes them.
async fn leave_sessions(world: &World, staff: &Staff, count: usize) {
    let partition = format!("staff#{}", staff.id);
    let rows = world.all_items().await;
    let is_session = |item: &Item| {
        item.get("p").and_then(|value| value.as_s().ok()) == Some(&partition)
            && item["k"].as_s().is_ok_and(|kind| kind.starts_with("session#"))
    };
    let (_, session) = rows.iter().find(|(_, item)| is_session(item)).expect("a session");
    for _ in 0..count {
        let id = shared::ids::SessionId::generate(&world.clock).expect("an id");
        let mut row = session.clone();
        row.insert("k".to_owned(), string(format!("session#{id}")));
        row.insert("e".to_owned(), number(0));
        let put = world.dynamo().put_item().table_name("world-identity").set_item(Some(row));
        put.send().await.expect("a row");
    }
}

async fn rows_of(world: &World, staff: &Staff) -> usize {
    let items = world.all_items().await;
    let of_them = |(table, item): &&(String, Item)| {
        table.ends_with("identity") && format!("{item:?}").contains(&staff.id)
    };
    items.iter().filter(of_them).count()
}

#[tokio::test]
async fn somebody_with_hundreds_of_rows_is_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    leave_sessions(&world, &member, 230).await;
    assert!(rows_of(&world, &member).await > 230);
    let admin = admin.signed_in(&world).await;
    let deleted = admin.delete(&path(&member)).await;
    assert_eq!(deleted.status, 200, "{}", deleted.json());
    assert_eq!(deleted.json()["email"], "agent@example.org");
    assert_eq!(rows_of(&world, &member).await, 0);
    assert_eq!(admin.get(&path(&member)).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_deletion_that_stopped_is_decided_and_goes_on() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    leave_sessions(&world, &member, 120).await;
    let keys = world.auth.store.keys().await.expect("keys");
    let id = shared::ids::StaffId::parse(&member.id).expect("an id");
    let person = world.auth.store.person(&keys, id).await.expect("read").expect("somebody");
    // The function stops after the deciding part.
    let none = Attempt::new(Vec::new(), world.clock.now_ms());
    let login = world.auth.store.login(&keys, &person.account.login, none).await.expect("read").0;
    let before = (&person.account, login.as_ref());
    let begun = world.auth.store.begin_deletion(&keys, before).expect("writes");
    let begun = world.auth.store.transaction().and_all(begun.1);
    assert!(begun.commit_patiently("begin_deletion").await.expect("an answer").is_whole());
    assert_eq!(member.renew().await.code(), "token_revoked");
    assert_eq!(member.login().await.code(), "credentials_invalid");
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.get(&path(&member)).await.json()["status"], "disabled");
    let enabled = admin.patch(&path(&member), &json!({ "disabled": false })).await;
    assert_eq!(enabled.refusal(), (409, "conflict".to_owned()), "nobody comes back half");
    // The address is free, and its new owner keeps it.
    let again = world.member(&admin, "agent@example.org", &["agent"]).await;
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.delete(&path(&member)).await.status, 200);
    assert_eq!(rows_of(&world, &member).await, 0);
    again.signed_in(&world).await;
}

#[tokio::test]
async fn any_number_of_sessions_is_ended() {
    let world = World::new().await;
    let member = world.admin().await;
    let keys = world.auth.store.keys().await.expect("keys");
    let id = shared::ids::StaffId::parse(&member.id).expect("an id");
    let person = world.auth.store.person(&keys, id).await.expect("read").expect("somebody");
    // As many sign-ins at once leave them, of which none sees the others.
    for _ in 0..70 {
        let session = auth::store::session::Session {
            id: shared::ids::SessionId::generate(&world.clock).expect("an id"),
            ..person.sessions[0].clone()
        };
        let put = world.auth.store.put_session(&keys, id, &session).expect("a write");
        let put = world.auth.store.transaction().and(put);
        assert!(put.commit_patiently("put").await.expect("an answer").is_whole());
    }
    let count = async |staff: &Staff| {
        let sessions = staff.get("/v1/auth/sessions").await.json();
        sessions["items"].as_array().expect("a list").len()
    };
    assert_eq!(count(&member).await, 71);
    let entered = member.signed_in(&world).await;
    assert_eq!(count(&entered).await, 62, "a sign-in ends ten");
    let body = json!({
        "password": member.password, "new_password": "quiet meadow lantern 7 orbit",
    });
    assert_eq!(entered.post("/v1/auth/password", &body).await.status, 204);
    assert_eq!(count(&entered).await, 1);
}
