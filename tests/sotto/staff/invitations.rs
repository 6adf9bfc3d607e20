//! Invitations that wait: listed for admins, withdrawn, and gone once they are used.

use serde_json::{Value, json};
use tests::staff::{Staff, post};
use tests::world::World;

const ALL: &str = "/v1/auth/invitations";

async fn invite(admin: &Staff, email: &str, roles: &[&str]) -> String {
    let made = admin.post(ALL, &json!({ "email": email, "roles": roles })).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["invitation_token"].as_str().expect("a token").to_owned()
}

async fn waiting(admin: &Staff) -> Vec<Value> {
    let listed = admin.get(ALL).await;
    assert_eq!(listed.status, 200, "{}", listed.json());
    listed.json()["items"].as_array().expect("a list").clone()
}

async fn accept(admin: &Staff, token: &str) -> (u16, String) {
    let password = tests::staff::PASSWORD;
    let body = json!({ "invitation_token": token, "name": "New", "password": password });
    let accepted = post(&admin.api, "/v1/auth/invitations/accept", &body).await;
    (accepted.status, accepted.code())
}

async fn events(world: &World, word: &str) -> Vec<String> {
    let items = world.all_items().await.into_iter();
    let told = items.filter(|(table, item)| {
        table.ends_with("events") && item["w"].as_s().is_ok_and(|known| known == word)
    });
    told.map(|(_, item)| item["o"].as_s().expect("an id").clone()).collect()
}

#[tokio::test]
async fn what_waits_is_listed_without_its_secret_and_withdrawn() {
    let world = World::new().await;
    let admin = world.admin().await;
    assert_eq!(waiting(&admin).await, Vec::<Value>::new());
    let first = invite(&admin, "first@example.org", &["agent"]).await;
    world.advance_seconds(1);
    let second = invite(&admin, "second@example.org", &["privacy", "security"]).await;
    let listed = waiting(&admin).await;
    let emails: Vec<_> = listed.iter().map(|one| one["email"].clone()).collect();
    assert_eq!(emails, ["first@example.org", "second@example.org"]);
    assert_eq!(listed[1]["roles"], json!(["privacy", "security"]));
    assert_eq!(listed[0]["by"], json!(admin.id));
    let text = json!(listed).to_string();
    assert!(!text.contains(&first) && !text.contains(&second), "no secret");
    // Page by page.
    let page = admin.get(&format!("{ALL}?limit=1")).await.json();
    assert_eq!(page["items"], json!([listed[0]]));
    let next = page["next_cursor"].as_str().expect("a cursor");
    let page = admin.get(&format!("{ALL}?limit=1&cursor={next}")).await.json();
    assert_eq!(page["items"], json!([listed[1]]));
    let garbled = admin.get(&format!("{ALL}?cursor=garbled")).await;
    assert_eq!(garbled.refusal(), (422, "invalid".to_owned()));

    let id = listed[0]["id"].as_str().expect("an id");
    let path = format!("{ALL}/{id}");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(events(&world, "invitation_withdrawn").await, [id.to_owned()]);
    assert_eq!(admin.delete(&path).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(events(&world, "invitation_withdrawn").await.len(), 1);
    assert_eq!(waiting(&admin).await, [listed[1].clone()]);
    assert_eq!(accept(&admin, &first).await, (401, "token_invalid".to_owned()));
    assert_eq!(accept(&admin, &second).await.0, 200);
    assert_eq!(waiting(&admin).await, Vec::<Value>::new(), "what was accepted waits no longer");
    let late = admin.delete(&format!("{ALL}/{}", listed[1]["id"].as_str().expect("an id"))).await;
    assert_eq!(late.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn what_is_past_its_time_or_no_invitation_of_somebody_new_is_not_listed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let reset = json!({ "reset": "second_factor" });
    let path = format!("/v1/auth/staff/{}", member.id);
    assert_eq!(admin.patch(&path, &reset).await.status, 200);
    assert_eq!(waiting(&admin).await, Vec::<Value>::new(), "a reset stands among the people");
    let own = admin.delete(&format!("{ALL}/{}", member.id)).await;
    assert_eq!(own.refusal(), (404, "not_found".to_owned()));
    let _link = world.bootstrap("second@example.org").await;
    assert_eq!(waiting(&admin).await[0]["by"], Value::Null, "the operator's");
    world.advance_seconds(48 * 60 * 60);
    let admin = admin.signed_in(&world).await;
    assert_eq!(waiting(&admin).await, Vec::<Value>::new());
    assert_eq!(admin.delete(&format!("{ALL}/garbled")).await.refusal().0, 404);
}

/// A version of the function without the rows of invited people writes none, and leaves one where
/// it accepts.
#[tokio::test]
async fn versions_side_by_side_leave_nothing_that_does_not_open() {
    let world = World::new().await;
    let admin = world.admin().await;
    let token = invite(&admin, "first@example.org", &["agent"]).await;
    let rows = world.all_items().await;
    let row = rows
        .iter()
        .find(|(_, item)| item.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| p == "invited")));
    let (table, row) = row.expect("the row").clone();
    assert_eq!(accept(&admin, &token).await.0, 200);
    let put = world.dynamo().put_item().table_name(&table).set_item(Some(row.clone()));
    put.send().await.expect("the row that was left");
    assert_eq!(waiting(&admin).await, Vec::<Value>::new());
    let id = row["k"].as_s().expect("an id");
    assert_eq!(admin.delete(&format!("{ALL}/{id}")).await.refusal().0, 404);
    let token = invite(&admin, "second@example.org", &["agent"]).await;
    for (table, item) in world.all_items().await {
        if item.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| p == "invited")) {
            let key = ["p", "k"].map(|name| (name.to_owned(), item[name].clone()));
            let delete = world.dynamo().delete_item().table_name(table);
            delete.set_key(Some(key.into_iter().collect())).send().await.expect("deleted");
        }
    }
    assert_eq!(accept(&admin, &token).await.0, 200, "what is not listed is good all the same");
}
