//! An officer sees how a subject may be reached and which conversations there are: for a recorded reason.

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{
    DAY, REASON, conversation, erased, id_of, items_of, leave_contact, officer, with_reason,
};

const EMAIL: &str = "ada@example.org";

fn request(subject: &str) -> Request {
    Request::new("GET", &format!("/v1/subjects/{subject}"))
}

async fn case_of(officer: &Staff, kind: &str, subject: &str) -> String {
    let body = json!({ "kind": kind, "law": "gdpr", "subject_id": subject });
    let opened = officer.post("/v1/cases", &body).await.json();
    opened["id"].as_str().expect("an id").to_owned()
}

async fn by_case(officer: &Staff, subject: &str, case: &str) -> Response {
    officer.send(request(subject).header("sotto-case", case)).await
}

async fn verify(officer: &Staff, case: &str) {
    let path = format!("/v1/cases/{case}");
    assert_eq!(officer.patch(&path, &json!({ "state": "verified" })).await.status, 200);
}

#[tokio::test]
async fn the_stored_address_and_the_conversations_are_read_for_a_recorded_reason() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let first = conversation(&visitor, 1).await;
    leave_contact(&visitor, &first, EMAIL).await;
    world.advance_seconds(1);
    let second = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    let seen = officer.send(with_reason(request(&visitor.subject))).await;
    assert_eq!(seen.status, 200, "{}", seen.json());
    let seen = seen.json();
    assert_eq!(seen["subject_id"], json!(visitor.subject));
    assert_eq!((&seen["customer"], &seen["contact"]["email"]), (&json!(false), &json!(EMAIL)));
    assert_eq!(
        (&seen["contact"]["name"], &seen["contact"]["phone"]),
        (&json!("Ada"), &Value::Null)
    );
    let ids: Vec<_> = seen["conversations"].as_array().expect("a list").iter().collect();
    let ids: Vec<_> = ids.iter().map(|one| one["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, [id_of(&first), id_of(&second)], "the oldest first");
    assert!(!seen.to_string().contains("What about number"), "nothing of what was said");
    // A listed conversation can be read.
    world.advance_seconds(1);
    let transcript = Request::new("GET", &format!("/v1/transcripts/{}", ids[1]));
    assert_eq!(officer.send(with_reason(transcript)).await.status, 200);

    let told = items_of(&world, "events", &visitor.subject).await;
    let told: Vec<_> = told.iter().map(|item| item["w"].as_s().expect("a word")).collect();
    assert_eq!(told, ["contact_read"]);
    let reads = visitor.get("/v1/me/export").await.json()["reads"].clone();
    assert_eq!((&reads[0]["only"], &reads[0]["reason"]), (&json!("contact"), &json!(REASON)));
    assert!(reads[0]["conversation_id"].is_null() && reads[1]["only"].is_null());
    let page = Request::new("GET", "/v1/me/export").header("accept", "text/html");
    let page = String::from_utf8(visitor.send(page).await.body).expect("text");
    assert!(page.contains("Contact details, and which conversations there are"));
}

#[tokio::test]
async fn a_case_opens_it_once_it_is_verified_and_for_its_subject_alone() {
    let world = World::new().await;
    let (ada, eve) = (world.visitor().await, world.visitor().await);
    let officer = officer(&world).await;
    for visitor in [&ada, &eve] {
        conversation(visitor, 1).await;
    }
    for kind in ["access", "erasure"] {
        let case = case_of(&officer, kind, &ada.subject).await;
        let early = by_case(&officer, &ada.subject, &case).await;
        assert_eq!(early.refusal(), (409, "conflict".to_owned()));
        verify(&officer, &case).await;
        assert_eq!(by_case(&officer, &ada.subject, &case).await.status, 200, "{kind}");
        let other = by_case(&officer, &eve.subject, &case).await;
        assert_eq!(other.refusal(), (409, "conflict".to_owned()));
        let path = format!("/v1/cases/{case}");
        assert_eq!(officer.patch(&path, &json!({ "state": "refused" })).await.status, 200);
        let closed = by_case(&officer, &ada.subject, &case).await;
        assert_eq!(closed.refusal(), (409, "conflict".to_owned()));
    }
    assert_eq!(items_of(&world, "ledger", &eve.subject).await.len(), 0, "of her nothing was read");
    let reads = ada.get("/v1/me/export").await.json()["reads"].clone();
    assert_eq!(reads.as_array().map(Vec::len), Some(2));
    assert!(reads[0]["reason"].as_str().is_some_and(|reason| reason.starts_with("case ")));
}

#[tokio::test]
async fn without_grounds_or_a_subject_nothing_is_read_and_nothing_told() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, EMAIL).await;
    let officer = officer(&world).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    let events = world.count_items("events").await;
    for (request, refusal) in [
        (request(&visitor.subject), (403, "purpose_required")),
        (request(&visitor.subject).header("sotto-purpose", "support"), (403, "purpose_required")),
        (request(&visitor.subject).header("sotto-reason", REASON), (403, "purpose_required")),
        (request(&visitor.subject).header("sotto-case", "no id"), (422, "invalid")),
        (request(&visitor.subject).header("sotto-case", nobody), (422, "invalid")),
        (with_reason(request(nobody)), (404, "not_found")),
        (with_reason(request("me")), (404, "not_found")),
    ] {
        let (status, code) = refusal;
        assert_eq!(officer.send(request).await.refusal(), (status, code.to_owned()));
    }
    assert_eq!(world.count_items("events").await, events);
    assert_eq!(visitor.get("/v1/me/export").await.json()["reads"], json!([]));
}

#[tokio::test]
async fn what_has_ended_or_was_erased_is_not_shown() {
    let world = World::new().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    let (ended, gone) = (world.visitor().await, world.visitor().await);
    let path = conversation(&ended, 1).await;
    leave_contact(&ended, &path, EMAIL).await;
    conversation(&gone, 1).await;
    erased(&officer, &gone.subject).await;
    let late = officer.send(with_reason(request(&gone.subject))).await;
    assert_eq!(late.refusal(), (410, "erased".to_owned()));
    let again = super::stage::erase(&officer, &gone.subject, &fresh_key(), "gdpr_17").await;
    assert_eq!(again.status, 200);

    // The conversation ends after 30 days, the contact after 180.
    world.advance_seconds(31 * DAY);
    world.rotate_keys().await;
    let officer = officer.signed_in(&world).await;
    let seen = officer.send(with_reason(request(&ended.subject))).await.json();
    assert_eq!((&seen["contact"]["email"], &seen["conversations"]), (&json!(EMAIL), &json!([])));
    world.advance_seconds(150 * DAY);
    world.rotate_keys().await;
    let officer = officer.signed_in(&world).await;
    let late = officer.send(with_reason(request(&ended.subject))).await;
    assert_eq!(late.refusal(), (404, "not_found".to_owned()));
}
