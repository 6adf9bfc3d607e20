//! The transport keys: made daily, published twice a suite, destroyed after three days.

use axum::body::Body;
use serde_json::json;
use shared::http::metrics::{Metric, of_problem};
use shared::problem::Problem;
use shared::store::attributes::Item;
use template::Template;
use tests::api::Api;
use tests::sealed::published_keys;
use tests::visitor::Visitor;
use tests::world::{BEGINNING_MS, World};
use tower::ServiceExt as _;

const DAY: u64 = 86_400;

#[tokio::test]
async fn a_key_opens_for_three_days_and_then_never_again() {
    let world = World::new().await;
    let api = world.api();
    let first = published_keys(&api).await;
    world.rotate_keys().await;
    let again: Vec<_> = published_keys(&api).await.into_iter().map(|key| key.kid).collect();
    assert_eq!(again, first.iter().map(|key| key.kid.clone()).collect::<Vec<_>>(), "a second run");

    for day in 1..=2 {
        world.advance_seconds(DAY);
        world.rotate_keys().await;
        let keys = published_keys(&api).await;
        assert_eq!(keys.len(), 4, "day {day}");
        assert!(!first.iter().any(|old| old.kid == keys[0].kid), "day {day}: no new key");
        let visitor = world.visitor().await;
        for key in &first {
            visitor.clone().sealing_to(key).open().await;
        }
    }
    world.advance_seconds(DAY);
    let visitor = world.visitor().await;
    let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
    for key in &first {
        let refused = visitor.clone().sealing_to(key).post("/v1/conversations", &consent).await;
        assert_eq!(refused.refusal(), (422, "unknown_key".to_owned()));
    }
    world.rotate_keys().await;
    let stored = world.all_items().await;
    for old in &first {
        let kept = stored.iter().any(|(_, item)| {
            item.get("k")
                .and_then(|kind| kind.as_s().ok())
                .is_some_and(|kind| kind.ends_with(&old.kid))
        });
        assert!(!kept, "the row of a key that opens nothing was kept");
    }
}

/// The operator whom it wakes runs the rotation, and looks for no fault of DynamoDB or KMS.
#[tokio::test]
async fn without_keys_every_route_counts_them_as_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let world = World::in_folder(folder.path(), BEGINNING_MS);
    let session = r#"{"site":"default","identity":null}"#;
    for (method, path, body) in [
        ("POST", "/v1/sessions", session),
        ("GET", "/v1/keys", ""),
        ("GET", "/v1/conversations/0196b7fe-5bd8-7c3e-8000-000000000001", ""),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer a.b.c")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .expect("a request");
        let response = world.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), 503, "{path}");
        let problem = response.extensions().get::<Problem>().expect("a problem");
        let counted = of_problem(problem.code, problem.cause);
        assert_eq!(counted, [Metric::KeysMissing, Metric::Requests5xx], "{path}");
    }
    world.rotate_keys().await;
    world.visitor().await;
}

#[tokio::test]
async fn a_function_that_is_up_learns_of_a_new_key_at_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    world.advance_seconds(DAY - 1);
    visitor.open().await;
    world.advance_seconds(2);
    world.rotate_keys().await;
    let visitor = world.visitor().await;
    let newest = published_keys(&world.api()).await.remove(0);
    visitor.sealing_to(&newest).open().await;
}

fn is_transport_key(item: &Item) -> bool {
    item.get("k")
        .and_then(|kind| kind.as_s().ok())
        .is_some_and(|kind| kind.starts_with("transport#"))
}

#[tokio::test]
async fn a_new_stack_keeps_its_transport_keys_where_nothing_is_recovered() {
    let world = World::new().await;
    let items = world.all_items().await;
    let tables: Vec<_> =
        items.iter().filter(|(_, item)| is_transport_key(item)).map(|(table, _)| table).collect();
    assert_eq!(tables, ["world-transport"; 2]);
    let template = Template::deployed().expect("the template");
    let table = template.table("TransportTable").expect("the table");
    assert_eq!(table.stream_view(), None, "a stream keeps what is deleted");
    assert_eq!(table.recovery_days(), None, "a backup keeps what is deleted");
}

#[tokio::test]
async fn a_transport_key_opens_in_its_own_table_only() {
    let world = World::new().await;
    let published = published_keys(&world.api()).await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let sealing = |key| {
        let api = Api::Events(intake::router(world.another_function()));
        Visitor { api, ..visitor.clone() }.sealing_to(key)
    };
    assert_eq!(sealing(&published[0]).get(&conversation).await.status, 200);
    for (_, mut item) in world.all_items().await {
        let is_list =
            item.get("k").and_then(|kind| kind.as_s().ok()).is_some_and(|k| k == "key-list");
        if is_transport_key(&item) || is_list {
            item.remove("y");
            let put = world.dynamo().put_item().table_name("world-settings").set_item(Some(item));
            put.send().await.expect("a put");
        }
    }
    for key in &published {
        let refused = sealing(key).get(&conversation).await;
        assert_eq!(refused.refusal(), (422, "unknown_key".to_owned()));
    }
}
