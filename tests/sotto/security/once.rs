//! A single-use value is used once, and only by the function that it is for.

use std::sync::Arc;

use local::aws::{Fault, Service};
use shared::http::aws;
use shared::store::attributes::EXPIRES_AT;
use shared::store::once::{Kind, Once};
use shared::store::table::Table;
use shared::store::write::Written;
use tests::world::World;

const MINUTE_MS: i64 = 60_000;
/// The account's administrator, which is no function's program.
const OPERATOR: &str = "";

fn once(world: &World, program: &str) -> Arc<Once> {
    let dynamo = if program == OPERATOR {
        world.dynamo()
    } else {
        aws::dynamodb(&world.config.backend, &world.sdk_of(program))
    };
    Arc::new(Once::new(dynamo, world.config.watch_table.clone(), world.clock.clone()))
}

#[tokio::test]
async fn of_a_hundred_at_once_exactly_one_is_let_in() {
    let world = World::new().await;
    let until_ms = world.clock.now_ms() + MINUTE_MS;
    for kind in Kind::ALL {
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..100 {
            // Each with a client of its own, as functions are.
            let once = once(&world, OPERATOR);
            racers.spawn(async move { once.consume(kind, &[b"a", b"b"], until_ms).await });
        }
        let answers = racers.join_all().await;
        let let_in = answers.iter().filter(|won| **won == Ok(true)).count();
        // A machine that is busy may leave some without an answer, and then the one among them.
        let lost = answers.iter().any(Result::is_err);
        assert!(let_in == 1 || (let_in == 0 && lost), "{kind:?} {answers:?}");
    }
    assert_eq!(world.count_items("watch").await, Kind::ALL.len());
}

#[tokio::test]
async fn one_kind_is_not_in_the_way_of_another() {
    let world = World::new().await;
    let once = once(&world, OPERATOR);
    let until_ms = world.clock.now_ms() + MINUTE_MS;
    for kind in Kind::ALL {
        for parts in [&[b"ab".as_slice()][..], &[b"a", b"b"], &[b"", b"ab"]] {
            assert_eq!(once.consume(kind, parts, until_ms).await, Ok(true), "{kind:?} {parts:?}");
            assert_eq!(once.consume(kind, parts, until_ms).await, Ok(false), "{kind:?} {parts:?}");
        }
    }
}

/// DynamoDB deletes an item days after its time, and that must not show; nor must a clock that is
/// late find it gone.
#[tokio::test]
async fn what_was_used_stays_used_past_its_time() {
    let world = World::new().await;
    let once = once(&world, OPERATOR);
    for until_ms in [world.clock.now_ms() + MINUTE_MS, world.clock.now_ms() - MINUTE_MS, i64::MIN] {
        let part = until_ms.to_be_bytes();
        assert_eq!(once.consume(Kind::TotpStep, &[&part], until_ms).await, Ok(true));
    }
    let now = world.clock.now_seconds();
    for (_, item) in world.all_items().await.iter().filter(|(table, _)| table.ends_with("watch")) {
        let ends: i64 = item[EXPIRES_AT].as_n().expect("a number").parse().expect("seconds");
        assert!(ends >= now + 3_600, "it may be deleted too early");
    }
    world.advance_seconds(3_000);
    for until_ms in [world.clock.now_ms() - 2_940_000, i64::MIN] {
        let part = until_ms.to_be_bytes();
        let again = world.clock.now_ms() + MINUTE_MS;
        assert_eq!(once.consume(Kind::TotpStep, &[&part], again).await, Ok(false));
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_no_second_use() {
    let world = World::new().await;
    let once = once(&world, OPERATOR);
    let until_ms = world.clock.now_ms() + MINUTE_MS;
    world.aws.faults().set(Service::DynamoDb, Fault::TimeoutAfterCommit, 0.4).expect("a rate");
    let mut let_in = 0;
    for number in 0..20_u8 {
        // Three lost answers in a row are an error, and never a refusal.
        match once.consume(Kind::Challenge, &[&[number]], until_ms).await {
            Ok(won) => {
                assert!(won, "{number} was used by nobody else");
                let_in += 1;
            }
            Err(error) => assert_eq!(error, shared::store::StoreError::Unavailable),
        }
    }
    world.aws.faults().clear();
    assert!(let_in > 10, "{let_in} of 20");
    for number in 0..20_u8 {
        assert_eq!(once.consume(Kind::Challenge, &[&[number]], until_ms).await, Ok(false));
    }
}

#[tokio::test]
async fn a_transaction_fails_where_it_was_used_before_and_then_writes_nothing() {
    let world = World::new().await;
    let once = once(&world, OPERATOR);
    let until_ms = world.clock.now_ms() + MINUTE_MS;
    let both = async |first: &[u8], second: &[u8]| {
        let writes = Table::new(world.dynamo(), "world-watch".to_owned())
            .transaction()
            .and(once.put(Kind::Invitation, &[first], until_ms).expect("a put"))
            .and(once.put(Kind::Enrolment, &[second], until_ms).expect("a put"));
        writes.commit("both").await.expect("an answer")
    };
    let refused_at = |written: Written| match written {
        Written::Whole => panic!("it was used before"),
        Written::Refused(refused) => [refused.at(0), refused.at(1)],
    };
    assert!(both(b"a", b"b").await.is_whole());
    assert_eq!(refused_at(both(b"a", b"c").await), [true, false]);
    assert_eq!(refused_at(both(b"c", b"b").await), [false, true]);
    assert_eq!(world.count_items("watch").await, 2);
    assert_eq!(once.consume(Kind::Invitation, &[b"a"], until_ms).await, Ok(false));
    assert_eq!(once.consume(Kind::Invitation, &[b"c"], until_ms).await, Ok(true));
}

#[tokio::test]
async fn the_visitors_function_uses_up_what_visitors_have_and_nothing_else() {
    let world = World::new().await;
    world.aws.provoke_refusals();
    let once = once(&world, "intake");
    let until_ms = world.clock.now_ms() + MINUTE_MS;
    for kind in Kind::ALL {
        let used = once.consume(kind, &[b"a"], until_ms).await;
        let visitors = matches!(kind, Kind::IdentityJti | Kind::GuestProof | Kind::Flood);
        assert_eq!(used.is_ok(), visitors, "{kind:?}");
    }
}
