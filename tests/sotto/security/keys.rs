//! The transport keys: made daily, published twice a suite, destroyed after three days.

use serde_json::json;
use tests::sealed::published_keys;
use tests::world::World;

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
