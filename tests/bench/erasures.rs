//! The requests of erasing a subject until nothing can be read, however many messages there are.

use shared::ids::SubjectId;
use shared::store::erasure::{Erasure, OfNothing, Request, idempotency};
use shared::store::ledger::Basis;
use shared::values::site::Site;
use tests::world::World;

use crate::crowd::crowd;
use crate::exact;
use crate::rows::{Goal, Row};

/// Messages in a conversation, two an exchange.
const SIZES: [(&str, u64); 3] =
    [("erase_requests_10", 10), ("erase_requests_1000", 1_000), ("erase_requests_100000", 100_000)];

/// The rows: each is to take what the smallest takes.
pub(crate) async fn take() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut least = None;
    for (id, messages) in SIZES {
        let requests = exact(requests(messages).await);
        let goal = Goal::AtMost(*least.get_or_insert(requests));
        rows.push(Row::new(id, Ok(requests), "requests", goal).floor(1.0).note(format!(
            "until the keys of {messages} messages are destroyed and that is read back: rows, last number, policy, one transaction, rows; deleting the ciphertext follows"
        )));
    }
    rows.extend(crowded().await);
    rows
}

/// A hundred erasures while fifty guests erase nothing as fast as they can.
async fn crowded() -> [Row; 2] {
    let seen = crowd(50, 100).await;
    let refused = exact(seen.failed + (100 - seen.erased));
    let left = exact(seen.contacts + seen.items);
    [
        Row::new("erase_crowd_refused", Ok(refused), "answers", Goal::AtMost(0.0)).floor(0.0).note(format!(
            "{} of 100 erasures carried out while 50 guests erased nothing {} times; answers of 5xx to anybody",
            seen.erased, seen.of_nothing,
        )),
        Row::new("erase_crowd_left", Ok(left), "items", Goal::AtMost(0.0))
            .floor(0.0)
            .note("contacts that are there when the erasure is answered, and events after two sweeps"),
    ]
}

async fn requests(messages: u64) -> u64 {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    let said = |_| ("a".repeat(40), "b".repeat(40));
    world.exchange_many(&visitor, &path, messages / 2, said).await;
    let request = Request {
        subject: SubjectId::parse(&visitor.subject).expect("a subject"),
        site: Site::SHIPPED,
        basis: Basis::Gdpr17,
        requested_ms: world.clock.now_ms(),
        idempotency: idempotency("key", "body"),
        of_nothing: OfNothing::Refused,
    };
    let before = world.aws.counts();
    let erased = world.app.store.erase(&request, (&world.app.events, None)).await.expect("erased");
    let calls = world.aws.counts().since(&before);
    assert!(matches!(erased, Erasure::Done(_)), "there was something to erase");
    calls.operations().map(|(_, _, count)| count).sum()
}
