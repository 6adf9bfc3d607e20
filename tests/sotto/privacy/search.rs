//! A search by address finds everybody who left it, however many others did.

use serde_json::{Value, json};
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

use super::stage::{DAY, conversation, erased, leave_contact, officer};

const ADDRESS: &str = "ada@example.org";

async fn page(officer: &Staff, email: &str, query: &str) -> Value {
    let path = format!("/v1/subjects/search{query}");
    let answer = officer.post(&path, &json!({ "email": email })).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

/// The pages of a search, to its end.
async fn pages(officer: &Staff, email: &str, limit: usize) -> Vec<Value> {
    let mut pages = vec![page(officer, email, &format!("?limit={limit}")).await];
    while let Some(cursor) = pages.last().and_then(|page| page["next_cursor"].as_str()) {
        let query = format!("?limit={limit}&cursor={cursor}");
        pages.push(page(officer, email, &query).await);
        assert!(pages.len() < 200, "no end");
    }
    pages
}

fn ids(pages: &[Value]) -> Vec<String> {
    let items = pages.iter().flat_map(|page| page["items"].as_array().expect("items"));
    items.map(|item| item["subject_id"].as_str().expect("an id").to_owned()).collect()
}

async fn contact(world: &World, exchanges: usize) -> (Visitor, String) {
    let visitor = world.visitor().await;
    let path = conversation(&visitor, exchanges).await;
    leave_contact(&visitor, &path, ADDRESS).await;
    (visitor, path)
}

#[tokio::test]
async fn behind_130_contacts_of_one_address_the_real_one_is_found_and_told_apart() {
    let world = World::new().await;
    let officer = officer(&world).await;
    for _ in 0..129 {
        contact(&world, 0).await;
    }
    world.advance_seconds(60 * 60);
    let since = world.clock.now_ms();
    let (real, path) = contact(&world, 1).await;
    world.advance_seconds(5 * 60);
    let last = world.clock.now_ms();
    real.say(&path, "where is my parcel?").await;
    let officer = officer.signed_in(&world).await;
    for limit in [1, 50, 100] {
        let pages = pages(&officer, ADDRESS, limit).await;
        let mut found = ids(&pages);
        assert_eq!(found.iter().filter(|id| **id == real.subject).count(), 1, "{limit}");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 130, "each once, {limit} at a time");
        let (end, before) = pages.split_last().expect("a page");
        assert_eq!(end["complete"], true);
        assert!(end["next_cursor"].is_null());
        assert!(before.iter().all(|page| page["complete"] == false), "says that there are more");
        assert!(pages.iter().all(|page| page["items"].as_array().unwrap().len() <= limit));
        let items = pages.iter().flat_map(|page| page["items"].as_array().unwrap());
        let newest = items.max_by_key(|item| item["last_activity_at"].as_str()).unwrap();
        assert_eq!(newest["subject_id"], json!(real.subject), "told apart by its last activity");
        assert_eq!(newest["since_at"], json!(shared::clock::rfc3339(since)));
        assert_eq!(newest["last_activity_at"], json!(shared::clock::rfc3339(last)));
    }
    // Without a limit the usual fifty, which do not say that they are all.
    let first = page(&officer, ADDRESS, "").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 50);
    assert_eq!(first["complete"], false);
}

#[tokio::test]
async fn what_has_ended_says_nothing_of_when() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let (visitor, _) = contact(&world, 1).await;
    erased(&officer, &visitor.subject).await;
    let by_id = json!({ "subject_id": visitor.subject });
    let found = officer.post("/v1/subjects/search", &by_id).await.json();
    let item = &found["items"][0];
    assert_eq!(item["erased"], true);
    assert!(item["since_at"].is_null() && item["last_activity_at"].is_null(), "{item}");
    assert_eq!(found["complete"], true);
    // After the transcript's end the contact is what is left.
    let (visitor, _) = contact(&world, 1).await;
    let left = world.clock.now_ms();
    world.advance_seconds(31 * DAY);
    let by_id = json!({ "subject_id": visitor.subject });
    let officer = officer.signed_in(&world).await;
    let found = officer.post("/v1/subjects/search", &by_id).await.json();
    assert_eq!(found["items"][0]["conversations"], 0);
    assert_eq!(found["items"][0]["last_activity_at"], json!(shared::clock::rfc3339(left)));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_officer_and_its_address() {
    let world = World::new().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "one@example.org", &["privacy"]).await;
    let other = world.member(&admin, "two@example.org", &["privacy"]).await;
    for _ in 0..3 {
        contact(&world, 0).await;
    }
    let first = page(&officer, ADDRESS, "?limit=1").await;
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    let path = format!("/v1/subjects/search?cursor={cursor}");
    let altered = format!("/v1/subjects/search?cursor=A{cursor}");
    let elsewhere = json!({ "email": "bob@example.org" });
    let here = json!({ "email": ADDRESS });
    let by_id = json!({ "subject_id": first["items"][0]["subject_id"] });
    for (caller, path, body) in [
        (&other, &path, &here),
        (&officer, &path, &elsewhere),
        (&officer, &path, &by_id),
        (&officer, &altered, &here),
    ] {
        let refused = caller.post(path, body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/query/cursor");
    }
    assert_eq!(page(&officer, ADDRESS, &format!("?cursor={cursor}")).await["complete"], true);
}
