//! Many visitors and agents at once, over a network that loses, doubles and delays.

use std::time::Duration;

use tests::live::{Load, talk};
use tests::process::Local;

use super::{LOCAL, Place};

/// Over which faults the network has; another one is another run.
const SEED: u64 = 14;

/// `cargo bench -- desk` does it with 200 and ten, for a minute.
#[tokio::test]
async fn over_a_bad_network_each_message_arrives_once_and_in_order() {
    let seconds = Duration::from_secs(4);
    let load = Load { visitors: 12, agents: 3, talk: seconds, haste: 5, faults: Some(SEED) };
    let place = Place::new();
    let mut local = Local::everything(LOCAL, &place.data, &[]).await;
    let seen = Box::pin(talk(&mut local, load)).await;
    assert!(local.terminate().await.status.success());
    assert_eq!(seen.wrong, Vec::<String>::new(), "{} said", seen.said);
    assert_eq!(seen.delays_ms.len(), seen.said, "each is seen by the other side");
    assert!(seen.faults > seen.requests / 10, "{seen:?}");
    assert!(seen.said > load.visitors * 2, "{seen:?}");
}
