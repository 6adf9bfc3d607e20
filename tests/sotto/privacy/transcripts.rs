//! A transcript is read for a reason, which is stored before it is opened.

use serde_json::json;
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{DAY, conversation, erase_me, id_of, items_of};

async fn read(staff: &Staff, id: &str, purpose: &str, reason: &str) -> Response {
    let request = Request::new("GET", &format!("/v1/transcripts/{id}"))
        .header("sotto-purpose", purpose)
        .header("sotto-reason", reason);
    staff.send(request).await
}

const REASON: &str = "Complaint of today";

#[tokio::test]
async fn privacy_and_security_read_for_a_reason_and_it_is_told_once_a_read() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let id = id_of(&conversation(&visitor, 2).await);
    let admin = world.admin().await;
    let privacy = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    let security = world.member(&admin, "security@example.org", &["security"]).await;
    let before = items_of(&world, "events", &visitor.subject).await.len();
    for (staff, purpose) in [(&privacy, "subject_request"), (&security, "incident")] {
        world.advance_seconds(1);
        let page = read(staff, &id, purpose, REASON).await;
        assert_eq!(page.status, 200, "{}", page.json());
        let page = page.json();
        assert_eq!(page["messages"].as_array().map(Vec::len), Some(4));
        assert_eq!(page["integrity"], "ok");
        assert_eq!(page["conversation"]["subject_id"], json!(visitor.subject));
        assert_eq!(page["conversation"]["held"], false);
    }
    assert_eq!(before, 0);
    let told: Vec<_> = world
        .all_items()
        .await
        .into_iter()
        .filter(|(table, item)| {
            table.ends_with("events")
                && item["w"].as_s().is_ok_and(|word| word == "transcript_read")
        })
        .map(|(_, item)| item)
        .collect();
    assert_eq!(told.len(), 2);
    for item in &told {
        assert_eq!(item["o"].as_s().expect("text"), &id);
        assert!(item.contains_key("d") && item.contains_key("v"), "{item:?}");
    }
    let reads = items_of(&world, "ledger", &visitor.subject).await;
    assert_eq!(reads.len(), 2, "the subject is told as well");
    let export = visitor.get("/v1/me/export").await.json();
    assert_eq!(export["reads"][0]["reason"], REASON);
    assert_eq!(export["reads"][0]["purpose"], "subject_request");
}

#[tokio::test]
async fn without_a_purpose_or_its_reason_nothing_is_read_and_nothing_told() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let id = id_of(&conversation(&visitor, 1).await);
    let admin = world.admin().await;
    let privacy = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    let events = world.count_items("events").await;
    for (purpose, reason) in
        [("", REASON), ("curiosity", REASON), ("legal", ""), ("legal", "short"), ("support", "x")]
    {
        let refused = read(&privacy, &id, purpose, reason).await;
        assert_eq!((refused.status, &*refused.code()), (403, "purpose_required"), "{purpose}");
    }
    let without = privacy.get(&format!("/v1/transcripts/{id}")).await;
    assert_eq!(without.code(), "purpose_required");
    assert_eq!(world.count_items("events").await, events);
}

#[tokio::test]
async fn agents_see_nothing_of_what_they_have_not_claimed_and_admins_nothing_at_all() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let id = id_of(&conversation(&visitor, 1).await);
    let admin = world.admin().await;
    let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
    assert_eq!(read(&agent, &id, "support", "").await.code(), "not_found");
    let admin = admin.signed_in(&world).await;
    assert_eq!(read(&admin, &id, "legal", REASON).await.code(), "forbidden");
}

#[tokio::test]
async fn what_is_not_told_is_not_read() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let id = id_of(&conversation(&visitor, 1).await);
    let admin = world.admin().await;
    let privacy = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    // The event and the record are one transaction: if it fails, nothing is opened.
    world.dynamo().delete_table().table_name("world-events").send().await.expect("no table");
    let refused = read(&privacy, &id, "quality", REASON).await;
    assert!(refused.status >= 500, "{}", refused.json());
    assert!(refused.json().get("messages").is_none());
}

#[tokio::test]
async fn what_is_erased_ended_or_unknown_has_its_code() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let erased = id_of(&conversation(&visitor, 1).await);
    assert_eq!(erase_me(&visitor, &fresh_key()).await.status, 200);
    let other = world.visitor().await;
    let path = conversation(&other, 30).await;
    let id = id_of(&path);
    let admin = world.admin().await;
    let privacy = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    assert_eq!(read(&privacy, &erased, "legal", REASON).await.code(), "erased");
    for unknown in ["x", "01800000-0000-7000-8000-000000000000"] {
        assert_eq!(read(&privacy, unknown, "legal", REASON).await.code(), "not_found");
    }
    let page = Request::new("GET", &format!("/v1/transcripts/{id}?limit=3"))
        .header("sotto-purpose", "support");
    let first = privacy.send(page).await.json();
    let cursor = first["next_cursor"].as_str().expect("a cursor").to_owned();
    let next = |id: &str| {
        Request::new("GET", &format!("/v1/transcripts/{id}?limit=3&cursor={cursor}"))
            .header("sotto-purpose", "support")
    };
    assert_eq!(privacy.send(next(&id)).await.json()["messages"][0]["author"], "bot");
    let security = world.member(&admin, "security@example.org", &["security"]).await;
    let theirs = security.send(next(&id)).await;
    assert_eq!(
        theirs.json()["errors"][0]["pointer"],
        "/query/cursor",
        "a cursor of another caller"
    );
    let visitors = other.get(&format!("{path}/messages?cursor={cursor}")).await;
    assert_eq!(visitors.json()["errors"][0]["pointer"], "/query/cursor");

    world.advance_seconds(30 * DAY);
    let privacy = privacy.signed_in(&world).await;
    assert_eq!(read(&privacy, &id, "legal", REASON).await.code(), "not_found");
}
