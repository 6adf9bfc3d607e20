//! Rows of the audit log: what an event costs, and the proof of one in a million.

use std::time::Duration;

use ct_merkle::{InclusionProof, RootHash};
use lambda_http::{Context, LambdaEvent};
use local::aws::Service;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::clock::rfc3339;
use shared::ids::EventId;
use shared::random;
use shared::store::security_event::partition_of;
use shared::store::table::Table;
use shared::values::encoding::base64;
use tests::world::World;
use tiles::leaf::Leaf;
use tiles::log::{AuditLog, LEAVES_AT_ONCE};

use crate::rows::{Goal, Row};
use crate::{exact, stopwatch};

/// Batches that the sequencer is handed, of a thousand events each.
const BATCHES: u32 = 20;
const MILLION: u64 = 1_000_000;
/// Proofs of which the slowest but one counts.
const PROOFS: u64 = 21;

pub(crate) async fn take(thorough: bool) -> Vec<Row> {
    let mut rows = Vec::from(sequenced().await);
    if thorough {
        rows.extend(proofs().await);
    }
    rows
}

async fn sequenced() -> [Row; 2] {
    let world = World::new().await;
    let sequencer = world.sequencer();
    let before = world.aws.counts().total(Service::DynamoDb);
    let mut spent = Duration::ZERO;
    for _ in 0..BATCHES {
        let records: Vec<_> = (0..LEAVES_AT_ONCE).map(|number| record(&world, number)).collect();
        let event = LambdaEvent::new(json!({ "Records": records }), Context::default());
        let begun = stopwatch();
        let answer = Box::pin(sequencer.handle(&event)).await.expect("a batch");
        spent += begun.elapsed();
        assert_eq!(json!(answer), json!({ "batchItemFailures": [] }));
        world.advance_seconds(1);
    }
    let requests = world.aws.counts().total(Service::DynamoDb) - before;
    let events = f64::from(BATCHES) * exact(LEAVES_AT_ONCE);
    [
        Row::new(
            "audit_events_per_second",
            Ok(events / spent.as_secs_f64()),
            "events",
            Goal::AtLeast(5_000.0),
        )
        .note("batches of a thousand, one after the other, appended to the local AWS and signed"),
        Row::new(
            "audit_requests_per_1000",
            Ok(exact(requests) / f64::from(BATCHES)),
            "requests",
            Goal::AtMost(12.0),
        )
        .note("to DynamoDB: head, index, five published things, one transaction"),
    ]
}

/// A record of the stream with a new event.
fn record(world: &World, number: usize) -> Value {
    let id = EventId::generate(&world.clock).expect("randomness");
    let time = rfc3339(world.clock.now_ms());
    let salt: [u8; 16] = random::bytes().expect("randomness");
    let (partition, sort) = (partition_of(&time, id), format!("{time}#{id}"));
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": { "p": { "S": partition }, "k": { "S": sort } },
            "SequenceNumber": number.to_string(),
            "StreamViewType": "NEW_IMAGE",
            "NewImage": {
                "p": { "S": partition }, "k": { "S": sort }, "w": { "S": "transcript_read" },
                "a": { "S": id.to_string() }, "o": { "S": id.to_string() },
                "n": { "B": base64(&salt) }, "expires_at": { "N": "1999999999" },
            },
        },
    })
}

async fn proofs() -> [Row; 2] {
    let world = World::new().await;
    let log = AuditLog::new(Table::new(world.dynamo(), world.log_table().to_owned()));
    let mut head = None;
    let leaf = || Leaf::Event {
        id: EventId::generate(&world.clock).expect("randomness"),
        end_s: 1_999_999_999,
        commitment: [7; 32],
    };
    for _ in 0..MILLION.div_ceil(u64::try_from(LEAVES_AT_ONCE).expect("a small number")) {
        let leaves: Vec<_> = (0..LEAVES_AT_ONCE).map(|_| leaf()).collect();
        let appended = log.append(head.as_ref(), &leaves, |_, _| Ok(String::new())).await;
        head = appended.expect("it is appended");
        world.advance_seconds(60);
    }
    let hash = head.expect("a head").frontier.root().0;
    let root: RootHash<Sha256> = RootHash::new(hash.into(), MILLION);
    let mut hashes = 0;
    let mut times = Vec::new();
    for number in 0..PROOFS {
        // Spread over the tree, and nowhere at the border of a tile.
        let place = number * 47_617 + 13;
        let begun = stopwatch();
        let proof = log.inclusion(MILLION, place).await.expect("a proof");
        times.push(begun.elapsed());
        hashes = hashes.max(proof.len());
        let leaf = log.leaf(place).await.expect("it is read").expect("a leaf");
        let bytes = proof.iter().flat_map(|hash| hash.0).collect();
        let proof = InclusionProof::try_from_bytes(bytes).expect("hashes");
        root.verify_inclusion(&leaf, place, &proof).expect("another implementation agrees");
    }
    times.sort_unstable();
    let milliseconds = times[times.len() / 2].as_secs_f64() * 1_000.0;
    [
        Row::new("audit_proof_hashes", Ok(exact(hashes)), "hashes", Goal::AtMost(20.0))
            .note("of one event in a million, 32 bytes each"),
        Row::new("audit_proof_ms", Ok(milliseconds), "ms", Goal::AtMost(5.0))
            .note(format!("median of {PROOFS}, with the reads of its tiles from the local AWS; another implementation has verified each")),
    ]
}
