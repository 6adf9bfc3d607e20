//! The behaviour of DynamoDB that the functions rely on, and the parts that our own layer adds to
//! the engine.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use local::aws::{Aws, Options, Service};
use serde_json::{Value, json};
use shared::clock::Clock;
use template::Template;

use crate::{PATIENT, dynamodb, in_memory, tables};

fn bytes(value: &str) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn with_tables(aws: &Aws) -> aws_sdk_dynamodb::Client {
    let template = tables();
    for table in template.tables() {
        aws.ensure_table(table, table.logical_id()).unwrap();
        // A second time changes nothing.
        aws.ensure_table(table, table.logical_id()).unwrap();
    }
    dynamodb(aws.url(), PATIENT)
}

#[tokio::test]
async fn tables_are_the_template_s() {
    let aws = in_memory();
    let client = with_tables(&aws);
    let described = client.describe_table().table_name("ConversationsTable").send().await.unwrap();
    let table = described.table().unwrap();
    assert_eq!(table.key_schema().len(), 2);
    assert_eq!(table.global_secondary_indexes()[0].index_name(), Some("inbox"));
    assert!(table.latest_stream_arn().is_some());
    let ttl = client.describe_time_to_live().table_name("KeysTable").send().await.unwrap();
    let ttl = ttl.time_to_live_description().unwrap();
    assert_eq!(ttl.attribute_name(), Some("expires_at"));
}

/// A table as an earlier release declared it, before it had an index.
const WITHOUT_INDEX: &str = "
Resources:
  KeysTable:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - {AttributeName: u, AttributeType: B}
        - {AttributeName: c, AttributeType: B}
      KeySchema:
        - {AttributeName: u, KeyType: HASH}
        - {AttributeName: c, KeyType: RANGE}
";

#[tokio::test]
async fn a_table_of_an_earlier_release_gets_the_index_that_it_lacks() {
    let aws = in_memory();
    let before = Template::parse(WITHOUT_INDEX).unwrap();
    aws.ensure_table(before.table("KeysTable").unwrap(), "KeysTable").unwrap();
    let client = dynamodb(aws.url(), PATIENT);
    let put = client.put_item().table_name("KeysTable").item("u", bytes("u"));
    let hour = AttributeValue::S("2026-12-25T14".to_owned());
    let put = put.item("c", bytes("c")).item("x", hour.clone()).item("expires_at", number(7));
    put.send().await.unwrap();

    with_tables(&aws);
    let due = client.query().table_name("KeysTable").index_name("due");
    let due = due.key_condition_expression("x = :x").expression_attribute_values(":x", hour);
    assert_eq!(due.send().await.unwrap().count(), 1, "what was there before is in it");
}

#[tokio::test]
async fn an_append_that_finds_its_place_taken_gets_the_item_in_the_way() {
    let aws = in_memory();
    let client = with_tables(&aws);
    let append = |text: &'static str| {
        client
            .put_item()
            .table_name("ConversationsTable")
            .item("c", bytes("conversation"))
            .item("s", number(1))
            .item("t", AttributeValue::S(text.to_owned()))
            .condition_expression("attribute_not_exists(c)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
    };
    let before = aws.counts();
    append("first").await.unwrap();
    let refused = append("second").await.unwrap_err().into_service_error();
    let Some(item) = (match &refused {
        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
            failed,
        ) => failed.item(),
        _ => None,
    }) else {
        panic!("{refused:?}");
    };
    assert_eq!(item["t"], AttributeValue::S("first".to_owned()));
    let counts = aws.counts().since(&before);
    assert_eq!(counts.of(Service::DynamoDb, "PutItem"), 2);
    assert!((counts.write_units() - 1.0).abs() < 1e-9, "{counts:?}");
}

#[tokio::test]
async fn a_transaction_is_whole_or_nothing_and_says_which_part_failed() {
    let aws = in_memory();
    let client = with_tables(&aws);
    let put = |table: &str, hash: &str, range: (&str, AttributeValue)| {
        TransactWriteItem::builder()
            .put(
                Put::builder()
                    .table_name(table)
                    .item(hash, bytes("x"))
                    .item(range.0, range.1)
                    .condition_expression(format!("attribute_not_exists({hash})"))
                    .build()
                    .unwrap(),
            )
            .build()
    };
    let write = |seq| {
        client
            .transact_write_items()
            .transact_items(put("ConversationsTable", "c", ("s", number(seq))))
            .transact_items(put("KeysTable", "u", ("c", bytes("x"))))
            .send()
    };
    write(1).await.unwrap();
    let refused = write(2).await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("TransactionCanceledException"));
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled) =
        refused
    else {
        panic!("no cancellation");
    };
    let codes: Vec<_> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or_default())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    let found = client
        .query()
        .table_name("ConversationsTable")
        .key_condition_expression("c = :c")
        .expression_attribute_values(":c", bytes("x"))
        .send()
        .await
        .unwrap();
    assert_eq!(found.count(), 1);
}

#[tokio::test]
async fn the_inbox_index_holds_only_what_waits() {
    let aws = in_memory();
    let client = with_tables(&aws);
    for seq in 1..=3 {
        let mut put = client
            .put_item()
            .table_name("ConversationsTable")
            .item("c", bytes("x"))
            .item("s", number(seq));
        if seq == 2 {
            put = put.item("q", AttributeValue::S("shop#waiting".to_owned())).item("w", number(17));
        }
        put.send().await.unwrap();
    }
    let waiting = client
        .query()
        .table_name("ConversationsTable")
        .index_name("inbox")
        .key_condition_expression("q = :q AND w < :w")
        .expression_attribute_values(":q", AttributeValue::S("shop#waiting".to_owned()))
        .expression_attribute_values(":w", number(18))
        .send()
        .await
        .unwrap();
    assert_eq!(waiting.items().len(), 1);
    assert_eq!(waiting.items()[0]["s"], number(2));
}

#[tokio::test]
async fn the_sweep_follows_the_given_clock() {
    let clock = Clock::manual(1_000_000);
    let aws = Aws::start(Options { clock: clock.clone(), ..Options::default() }).unwrap();
    let client = with_tables(&aws);
    // 250 due at second 1,010, and those that are never due: later, none, not a number, negative.
    let lasting = [
        ("later", Some(number(5_000))),
        ("none", None),
        ("text", Some(AttributeValue::S("1".to_owned()))),
        ("negative", Some(number(-1))),
    ];
    // In a table without an index over the time, which would take nothing but a number.
    let due = (0..250).map(|n| (format!("due{n}"), Some(number(1_010))));
    let lasting_items = lasting.iter().map(|(name, expires)| ((*name).to_owned(), expires.clone()));
    for (name, expires) in due.chain(lasting_items) {
        client
            .put_item()
            .table_name("SettingsTable")
            .set_item(Some(
                [
                    Some(("p".to_owned(), AttributeValue::S("site".to_owned()))),
                    Some(("k".to_owned(), AttributeValue::S(name))),
                    expires.map(|at| ("expires_at".to_owned(), at)),
                ]
                .into_iter()
                .flatten()
                .collect(),
            ))
            .send()
            .await
            .unwrap();
    }
    let before = aws.counts();
    assert_eq!(aws.sweep_ttl().unwrap(), 0);
    clock.advance(Duration::from_secs(10));
    assert_eq!(aws.sweep_ttl().unwrap(), 0, "due is not past");
    clock.advance(Duration::from_secs(1));
    assert_eq!(aws.sweep_ttl().unwrap(), 250);
    assert_eq!(aws.sweep_ttl().unwrap(), 0);
    assert_eq!(aws.counts(), before, "the sweep is not counted");
    let left = client.scan().table_name("SettingsTable").send().await.unwrap();
    assert_eq!(left.count(), 4);
}

#[tokio::test]
async fn a_stream_tells_what_was_put_and_deleted_in_order() {
    let aws = in_memory();
    let client = with_tables(&aws);
    for seq in 1..=120 {
        client
            .put_item()
            .table_name("ConversationsTable")
            .item("c", bytes("x"))
            .item("s", number(seq))
            .send()
            .await
            .unwrap();
    }
    client
        .delete_item()
        .table_name("ConversationsTable")
        .key("c", bytes("x"))
        .key("s", number(7))
        .send()
        .await
        .unwrap();
    let records = aws.stream_records("ConversationsTable").unwrap();
    assert_eq!(records.len(), 121);
    assert_eq!(records[0]["dynamodb"]["Keys"]["s"]["N"], "1");
    assert_eq!(records[119]["dynamodb"]["Keys"]["s"]["N"], "120");
    assert_eq!(records[120]["eventName"], "REMOVE");
    assert!(aws.stream_records("KeysTable").is_err());
}

#[tokio::test]
async fn a_stream_tells_a_deletion_by_the_ttl_from_any_other() {
    let clock = Clock::manual(1_793_610_000_000);
    let now_s = clock.now_seconds();
    let aws = Aws::start(Options { clock: clock.clone(), ..Options::default() }).unwrap();
    let client = with_tables(&aws);
    let put = async |seq| {
        let put = client.put_item().table_name("ConversationsTable").item("c", bytes("x"));
        put.item("s", number(seq)).item("expires_at", number(now_s)).send().await.unwrap();
    };
    let delete = async |seq| {
        let delete = client.delete_item().table_name("ConversationsTable").key("c", bytes("x"));
        delete.key("s", number(seq)).send().await.unwrap();
    };
    for seq in 1..=3 {
        put(seq).await;
    }
    let mut place = aws.stream_end("ConversationsTable").unwrap();
    assert!(aws.read_on(&mut place).unwrap().is_empty(), "what was there is not read");
    delete(1).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(aws.sweep_ttl().unwrap(), 2);
    // Under a key that the TTL has deleted once.
    put(2).await;
    delete(2).await;
    let ttl = || json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    let behind = [
        ("REMOVE", "1", Value::Null),
        ("REMOVE", "2", ttl()),
        ("REMOVE", "3", ttl()),
        ("INSERT", "2", Value::Null),
        ("REMOVE", "2", Value::Null),
    ];
    let all = aws.stream_records("ConversationsTable").unwrap();
    for records in [&aws.read_on(&mut place).unwrap()[..], &all[3..]] {
        assert_eq!(records.len(), behind.len());
        for (record, (name, seq, identity)) in records.iter().zip(&behind) {
            assert_eq!(
                (&record["eventName"], &record["dynamodb"]["Keys"]["s"]["N"]),
                (&json!(name), &json!(seq))
            );
            assert_eq!(record["userIdentity"], *identity, "{name} {seq}");
        }
    }
    assert!(aws.read_on(&mut place).unwrap().is_empty());
}

#[tokio::test]
async fn a_request_for_neither_service_is_refused() {
    let aws = in_memory();
    let address = aws.url().trim_start_matches("http://").to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: S3.Put\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("UnknownOperationException"), "{answer}");
}
