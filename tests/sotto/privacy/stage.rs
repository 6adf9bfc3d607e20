//! Helpers that the tests of this folder begin with.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::attributes::Item;
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

/// Seconds of a day.
pub(crate) const DAY: u64 = 24 * 60 * 60;

/// A privacy officer who has just shown a second factor.
pub(crate) async fn officer(world: &World) -> Staff {
    let admin = world.admin().await;
    world.member(&admin, "privacy@example.org", &["privacy"]).await
}

/// A conversation with so many exchanges, in which a contact was left.
pub(crate) async fn conversation(visitor: &Visitor, exchanges: usize) -> String {
    let path = visitor.open().await;
    for at in 0..exchanges {
        let said = visitor.say(&path, &format!("What about number {at}?")).await;
        assert_eq!(said.status, 201, "{}", said.json());
    }
    path
}

/// Leaves a contact.
pub(crate) async fn leave_contact(visitor: &Visitor, path: &str, email: &str) {
    let body = json!({ "name": "Ada", "email": email, "phone": null, "consent": true });
    let left = visitor.post(&format!("{path}/lead"), &body).await;
    assert_eq!(left.status, 201, "{}", left.json());
}

/// The id in the path of a conversation.
pub(crate) fn id_of(path: &str) -> String {
    path.rsplit('/').next().expect("an id").to_owned()
}

/// `DELETE /v1/me` with a key.
pub(crate) async fn erase_me(visitor: &Visitor, key: &str) -> Response {
    visitor.send(Request::new("DELETE", "/v1/me").header("idempotency-key", key)).await
}

/// `DELETE /v1/subjects/{id}` for a case in which the subject has shown who they are.
pub(crate) async fn erase(officer: &Staff, subject: &str, key: &str, basis: &str) -> Response {
    let body = json!({ "kind": "erasure", "law": "gdpr", "subject_id": subject });
    let opened = officer.post("/v1/cases", &body).await.json();
    let case = opened["id"].as_str().expect("an id");
    let path = format!("/v1/cases/{case}");
    let verified = officer.patch(&path, &json!({ "state": "verified" })).await;
    assert_eq!(verified.status, 200, "{}", verified.json());
    let request = Request::new("DELETE", &format!("/v1/subjects/{subject}"))
        .header("idempotency-key", key)
        .header("sotto-case", case)
        .json(&json!({ "basis": basis }));
    officer.send(request).await
}

/// The same without a case: it waits for somebody's approval.
pub(crate) async fn ask_for_erasure(officer: &Staff, subject: &str, key: &str) -> Response {
    let request = Request::new("DELETE", &format!("/v1/subjects/{subject}"))
        .header("idempotency-key", key)
        .json(&json!({ "basis": "other" }));
    officer.send(with_reason(request)).await
}

/// A request with a purpose and a reason, which stand in for a case.
pub(crate) fn with_reason(request: Request) -> Request {
    request.header("sotto-purpose", "subject_request").header("sotto-reason", REASON)
}

/// The reason of [`with_reason`].
pub(super) const REASON: &str = "A letter of today";

/// Erases with a fresh key, and gives the receipt.
pub(super) async fn erased(officer: &Staff, subject: &str) -> Value {
    let response = erase(officer, subject, &fresh_key(), "gdpr_17").await;
    assert_eq!(response.status, 200, "{}", response.json());
    response.json()
}

/// `DELETE` with a JSON body.
pub(super) async fn delete(officer: &Staff, path: &str, body: &Value) -> Response {
    officer.send(Request::new("DELETE", path).json(body)).await
}

/// Items of a table that have something of the subject in them.
pub(super) async fn items_of(world: &World, table: &str, id: &str) -> Vec<Item> {
    let bytes = shared::ids::SubjectId::parse(id).expect("an id").as_bytes().to_vec();
    let is_of = |value: &AttributeValue| match value {
        AttributeValue::B(blob) => blob.as_ref() == bytes,
        AttributeValue::S(text) => text.contains(id),
        _ => false,
    };
    let items = world.all_items().await.into_iter();
    items
        .filter(|(name, item)| name.ends_with(table) && item.values().any(is_of))
        .map(|(_, item)| item)
        .collect()
}
