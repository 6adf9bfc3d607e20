//! Many visitors and agents at once, over a network that loses, doubles and delays.

use std::time::Duration;

use tests::live::{Load, Seen, talk};
use tests::process::Local;

use super::{LOCAL, Place};

/// Over which faults the network has; another one is another run.
const SEED: u64 = 14;

async fn run(load: Load) -> Seen {
    let place = Place::new();
    let mut local = Local::everything(LOCAL, &place.data, &[]).await;
    let seen = Box::pin(talk(&mut local, load)).await;
    assert!(local.terminate().await.status.success());
    assert_eq!(seen.wrong, Vec::<String>::new(), "{} said", seen.said);
    assert!(seen.faults > seen.requests / 10, "{seen:?}");
    assert!(seen.said > load.visitors * 2, "{seen:?}");
    seen
}

#[tokio::test]
async fn over_a_bad_network_each_message_arrives_once_and_in_order() {
    let talk = Duration::from_secs(4);
    let load = Load { visitors: 12, agents: 3, talk, haste: 5, faults: Some(SEED) };
    let seen = run(load).await;
    assert!(seen.percentile_ms(99).is_some());
}

/// In minutes: `cargo test --workspace --locked --test sotto -- two_hundred_visitors --ignored`.
#[tokio::test]
#[ignore = "runs for more than a minute with all of the machine"]
async fn two_hundred_visitors_and_ten_agents_talk_for_a_minute() {
    let talk = Duration::from_mins(1);
    let load = Load { visitors: 200, agents: 10, talk, haste: 1, faults: Some(SEED) };
    let seen = run(load).await;
    assert_eq!(seen.delays_ms.len(), seen.said);
}
