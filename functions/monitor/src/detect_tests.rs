//! The answers to batches of every kind.

use data_encoding::BASE64;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CONVERSATION: &str = "AZrdq7AAcACAAAAAAAAAAQ==";
const OTHER: &str = "AZrdq7AAcACAAAAAAAAAAg==";

fn record(number: usize, name: &str, key: &str, seq: &str) -> Value {
    json!({
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"c": {"B": key}, "s": {"N": seq}},
            "SequenceNumber": number.to_string(),
            "StreamViewType": "KEYS_ONLY",
        },
    })
}

fn by_ttl(mut record: Value) -> Value {
    record["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    record
}

/// Looks at a batch when nothing was announced.
fn looked(records: &[Value]) -> Result<(BatchResponse, Seen), EventError> {
    looked_knowing(records, &[(CONVERSATION, false)])
}

fn looked_knowing(
    records: &[Value],
    announced: &[(&str, bool)],
) -> Result<(BatchResponse, Seen), EventError> {
    let batch = json!({ "Records": records });
    let answers = announced.iter().map(|(key, answer)| (id(key), *answer)).collect();
    let Batch::Log(records) = read(&batch)? else { panic!("they are of the log") };
    let (mut response, mut seen) = (BatchResponse::default(), Seen::default());
    for numbered in records {
        let number = numbered.0;
        if matches!(judge(numbered, &answers, &mut seen), Verdict::Again) {
            response.fail(number);
        }
    }
    Ok((response, seen))
}

fn id(key: &str) -> ConversationId {
    ConversationId::from_slice(&BASE64.decode(key.as_bytes()).unwrap()).unwrap()
}

fn failure(number: &str) -> BatchResponse {
    let mut response = BatchResponse::default();
    response.fail(number);
    response
}

#[test]
fn an_event_may_be_put_and_expire_and_nothing_else() {
    let finding = |record: Value| Record::read(&record, "1").unwrap().finding();
    let event = |name| record(1, name, CONVERSATION, "3");
    assert_eq!(finding(event("INSERT")), Finding::Expected);
    assert_eq!(finding(event("MODIFY")), Finding::Changed(Change::Modified));
    assert_eq!(finding(event("REMOVE")), Finding::Changed(Change::Removed));
    assert_eq!(finding(by_ttl(event("REMOVE"))), Finding::Expired);
    // Only the service principal of DynamoDB stands for the TTL.
    for (kind, principal) in
        [("Service", "lambda.amazonaws.com"), ("User", "dynamodb.amazonaws.com")]
    {
        let mut removed = event("REMOVE");
        removed["userIdentity"] = json!({"type": kind, "principalId": principal});
        assert_eq!(finding(removed), Finding::Changed(Change::Removed));
    }
}

#[test]
fn a_row_of_the_inbox_follows_its_conversation() {
    for name in ["INSERT", "MODIFY", "REMOVE"] {
        let row = Record::read(&record(1, name, CONVERSATION, "0"), "1").unwrap();
        assert_eq!(row.finding(), Finding::Expected);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_hides_nothing() {
    let expired = |number| by_ttl(record(number, "REMOVE", CONVERSATION, "1"));
    let poison = record(2, "REMOVE", "AAAA", "1");
    let (response, seen) = looked(&[expired(1), poison.clone(), expired(3)]).unwrap();
    assert_eq!(response, failure("2"));
    assert_eq!(seen, Seen { records: 2, expired: 2, unreadable: 1, ..Seen::default() });
    let answer = serde_json::to_value(&response).unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
    // Lambda comes again with it and what is behind it, and at last without it.
    assert_eq!(looked(&[poison, expired(3)]).unwrap().0, failure("2"));
    assert_eq!(looked(&[expired(3)]).unwrap().0, BatchResponse::default());
}

#[test]
fn every_key_that_no_conversation_has_is_poison() {
    let poisons = [
        record(7, "REMOVE", CONVERSATION, "-1"),
        record(7, "REMOVE", CONVERSATION, "1.5"),
        record(7, "REMOVE", "no base64", "1"),
        record(7, "REMOVE", "", "1"),
        record(7, "CHANGED", CONVERSATION, "1"),
        json!({"dynamodb": {"SequenceNumber": "7"}}),
        json!({"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "7", "Keys": {"c": {"S": "x"}}}}),
    ];
    for poison in poisons {
        assert_eq!(looked(&[poison]).unwrap().0, failure("7"));
    }
}

#[test]
fn what_cannot_be_named_fails_as_a_whole() {
    let look = |batch: Value| read(&batch).err();
    assert_eq!(look(json!({})), Some(EventError::NoBatch(BatchError::UnknownEvent)));
    assert_eq!(look(json!(["Records"])), Some(EventError::NoBatch(BatchError::UnknownEvent)));
    assert_eq!(
        look(json!({"Records": [{}]})),
        Some(EventError::NoBatch(BatchError::UnnamedRecord))
    );
}

#[test]
fn what_was_announced_is_counted_and_what_nobody_knows_comes_again() {
    let records = [
        record(1, "REMOVE", CONVERSATION, "1"),
        record(2, "MODIFY", OTHER, "1"),
        by_ttl(record(3, "REMOVE", OTHER, "2")),
        record(4, "MODIFY", CONVERSATION, "2"),
        record(5, "MODIFY", OTHER, "0"),
    ];
    let both = [(CONVERSATION, true), (OTHER, false)];
    let (response, seen) = looked_knowing(&records, &both).unwrap();
    assert_eq!(response, BatchResponse::default());
    assert_eq!(seen, Seen { records: 5, expired: 1, purged: 2, ..Seen::default() });
    // Nobody has answered for the other one: it comes again, and so does all that is behind it.
    let (response, seen) = looked_knowing(&records, &[(CONVERSATION, true)]).unwrap();
    assert_eq!(response, failure("2"));
    assert_eq!(seen, Seen { records: 4, expired: 1, purged: 2, unasked: 1, ..Seen::default() });
    // A record that needs no answer is judged without one.
    assert_eq!(looked_knowing(&records[4..], &[]).unwrap().0, BatchResponse::default());
}

proptest! {
    #[test]
    fn only_the_first_poison_is_named_and_all_others_are_read(kinds in prop::collection::vec(0..5_u8, 0..40)) {
        let records: Vec<Value> = kinds
            .iter()
            .enumerate()
            .map(|(number, kind)| match kind {
                0 => record(number, "INSERT", CONVERSATION, "1"),
                1 => record(number, "MODIFY", CONVERSATION, "2"),
                2 => by_ttl(record(number, "REMOVE", CONVERSATION, "3")),
                3 => record(number, "REMOVE", CONVERSATION, "0"),
                _ => record(number, "REMOVE", "AAAA", "1"),
            })
            .collect();
        let first = kinds.iter().position(|kind| *kind == 4);
        let (response, seen) = looked(&records).unwrap();
        let expected = first.map_or_else(BatchResponse::default, |at| failure(&at.to_string()));
        prop_assert_eq!(response, expected);
        let of_kind = |kind: u8| {
            kinds.iter().map(|other| u64::from(*other == kind)).sum::<u64>()
        };
        let read = u64::try_from(kinds.len()).unwrap() - of_kind(4);
        let expected = Seen {
            records: read,
            expired: of_kind(2),
            unreadable: of_kind(4),
            ..Seen::default()
        };
        prop_assert_eq!(seen, expected);
    }
}
