//! Guests who erase nothing as fast as they can, and what becomes of those who erase something.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use tests::api::Request;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;
use tokio::task::JoinSet;

/// Real erasures under way at once.
const AT_ONCE: usize = 2;

/// The counts of a run.
pub(crate) struct Crowd {
    /// Erasures of nothing that were answered.
    pub(crate) of_nothing: u64,
    /// Real erasures that were answered with a receipt.
    pub(crate) erased: u64,
    /// Answers of 5xx, to anybody.
    pub(crate) failed: u64,
    /// Contacts that were left when their erasure was answered.
    pub(crate) contacts: usize,
    /// Items of logs that were left after two sweeps.
    pub(crate) items: usize,
}

/// `guests` erase nothing again and again, while `real` visitors with a conversation and a contact erase
/// themselves and another visitor goes on talking.
pub(crate) async fn crowd(guests: usize, real: u64) -> Crowd {
    let world = World::new().await;
    let mut victims = Vec::new();
    for _ in 0..real {
        let visitor = world.visitor().await;
        let path = visitor.open().await;
        let body = json!({ "name": "A", "email": "a@b.example", "phone": null, "consent": true });
        assert_eq!(visitor.post(&format!("{path}/lead"), &body).await.status, 201);
        victims.push(visitor);
    }
    let passer = world.visitor().await;
    let talk = passer.open().await;
    let over = Arc::new(AtomicBool::new(false));
    let (of_nothing, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut crowd = JoinSet::new();
    for _ in 0..guests {
        let api = world.api();
        let (over, of_nothing, failed) =
            (Arc::clone(&over), Arc::clone(&of_nothing), Arc::clone(&failed));
        crowd.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let guest = Visitor::arrive(api.clone()).await;
                let status = erase(&guest).await;
                of_nothing.fetch_add(u64::from(status == 200), Ordering::Relaxed);
                failed.fetch_add(u64::from(status >= 500), Ordering::Relaxed);
            }
        });
    }
    let mut erased = 0;
    let mut erasing = JoinSet::new();
    let mut victims = victims.into_iter();
    loop {
        while erasing.len() < AT_ONCE {
            let Some(victim) = victims.next() else { break };
            erasing.spawn(async move { erase(&victim).await });
        }
        let Some(status) = erasing.join_next().await else { break };
        let status = status.expect("an answer");
        erased += u64::from(status == 200);
        failed.fetch_add(u64::from(status >= 500), Ordering::Relaxed);
        let said = passer.get(&talk).await.status;
        failed.fetch_add(u64::from(said >= 500), Ordering::Relaxed);
    }
    over.store(true, Ordering::Relaxed);
    crowd.join_all().await;
    let contacts = count(&world, "profiles", "v").await;
    world.advance_seconds(300);
    world.sweep().await;
    world.advance_seconds(300);
    world.sweep().await;
    // The passer has left one event.
    let items = count(&world, "conversations", "v").await - 1;
    let (of_nothing, failed) = (of_nothing.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
    Crowd { of_nothing, erased, failed, contacts, items }
}

async fn erase(visitor: &Visitor) -> u16 {
    let request = Request::new("DELETE", "/v1/me").header("idempotency-key", fresh_key());
    visitor.send(request).await.status
}

async fn count(world: &World, table: &str, attribute: &str) -> usize {
    let items = world.all_items().await.into_iter();
    items.filter(|(name, item)| name.ends_with(table) && item.contains_key(attribute)).count()
}
