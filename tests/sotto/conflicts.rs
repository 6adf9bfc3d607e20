//! Writes while another transaction is at the same items. The local AWS knows no such conflicts, so
//! a table that answers by a script stands in for AWS here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::config::TrustRoots;
use shared::http::aws;
use shared::store::StoreError;
use shared::store::attributes::number;
use shared::store::table::{Change, Key, Table};
use shared::store::write::{self, THERE, Transaction, Written};

/// DynamoDB by a script: the answers to come, and the requests so far.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Value>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

async fn answer(
    State(script): State<Script>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let operation = headers["x-amz-target"].to_str().expect("an operation");
    let operation = operation.rsplit('.').next().expect("a name").to_owned();
    let body = serde_json::from_slice(&body).expect("a request");
    script.asked.lock().expect("no panic").push((operation, body));
    match script.answers.lock().expect("no panic").pop_front() {
        Some(refusal) => (StatusCode::BAD_REQUEST, refusal.to_string()),
        None => (StatusCode::OK, "{}".to_owned()),
    }
}

impl Script {
    /// A table that gives these refusals, and then does what it is asked.
    async fn table(refusals: impl IntoIterator<Item = Value>) -> (Self, Table) {
        let script = Self::default();
        script.answers.lock().expect("no panic").extend(refusals);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let credentials = Credentials::new("local", "local", None, None, "tests");
        let sdk =
            aws::sdk("eu-central-1", &TrustRoots::Amazon).expect("AWS clients").into_builder();
        let sdk = sdk.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let client = aws::dynamodb_at(Some(endpoint), &sdk);
        (script, Table::new(client, "table".to_owned()))
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// The refusal of a transaction, with the code of each of its writes.
fn cancelled(codes: [&str; 2]) -> Value {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "cancelled",
        "CancellationReasons": codes.map(|code| json!({ "Code": code })),
    })
}

fn two_writes(table: &Table) -> Transaction {
    let key = Key::new("a", "b");
    table
        .transaction()
        .and(write::delete_if(table, &key, THERE, []).expect("a write"))
        .and(write::put(table, Key::new("c", "d").item()).expect("a write"))
}

fn tokens(script: &Script) -> Vec<Value> {
    script.asked().into_iter().map(|(_, body)| body["ClientRequestToken"].clone()).collect()
}

#[tokio::test]
async fn a_patient_transaction_is_tried_five_times_and_is_one_and_the_same() {
    let conflict = || cancelled(["None", "TransactionConflict"]);
    let (script, table) = Script::table((0..4).map(|_| conflict())).await;
    let written = two_writes(&table).commit_patiently("test").await.expect("an answer");
    assert!(written.is_whole());
    let tokens_sent = tokens(&script);
    assert_eq!(tokens_sent.len(), 5);
    assert!(tokens_sent[0].is_string(), "DynamoDB knows a repeated transaction by its token");
    assert!(tokens_sent.iter().all(|token| *token == tokens_sent[0]), "{tokens_sent:?}");
    assert_eq!(script.asked()[0].1["TransactItems"], script.asked()[4].1["TransactItems"]);

    let (script, table) = Script::table((0..5).map(|_| conflict())).await;
    let given_up = two_writes(&table).commit_patiently("test").await.err();
    assert_eq!(given_up, Some(StoreError::Unavailable));
    assert_eq!(script.asked().len(), 5);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_no_conflict_and_is_not_tried_again() {
    for codes in
        [["ConditionalCheckFailed", "None"], ["ConditionalCheckFailed", "TransactionConflict"]]
    {
        let (script, table) = Script::table([cancelled(codes)]).await;
        match two_writes(&table).commit_patiently("test").await.expect("an answer") {
            Written::Whole => panic!("the condition does not hold"),
            Written::Refused(refused) => {
                assert!(refused.at(0) && !refused.at(1) && !refused.is_contended());
            }
        }
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_transaction_with_one_try_is_refused_by_a_conflict() {
    let (script, table) = Script::table([cancelled(["None", "TransactionConflict"])]).await;
    match two_writes(&table).commit("test").await.expect("an answer") {
        Written::Whole => panic!("another writer is at it"),
        Written::Refused(refused) => assert!(refused.is_contended()),
    }
    assert_eq!(script.asked().len(), 1);
    let (_, table) = Script::table([cancelled(["TransactionConflict", "None"])]).await;
    let failed = two_writes(&table).commit_or_fail("test").await;
    assert_eq!(failed, Err(StoreError::Unavailable));
}

#[tokio::test]
async fn what_is_neither_condition_nor_conflict_is_an_error() {
    for code in ["ThrottlingError", "ItemCollectionSizeLimitExceeded"] {
        let (script, table) = Script::table([cancelled(["None", code])]).await;
        let failed = two_writes(&table).commit("test").await.err();
        assert_eq!(failed, Some(StoreError::Unavailable), "{code}");
        let (again, table) = Script::table([cancelled(["None", code])]).await;
        let failed = two_writes(&table).commit_patiently("test").await.err();
        assert_eq!(failed, Some(StoreError::Unavailable), "{code}");
        assert_eq!((script.asked().len(), again.asked().len()), (1, 1), "{code}");
    }
}

#[tokio::test]
async fn an_update_waits_for_a_transaction_at_its_item() {
    let refusal = |kind: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no" });
    let update = async |table: &Table| {
        let change = Change {
            key: &Key::new("a", "b"),
            change: "SET f = :f",
            condition: Some("f < :f"),
            values: vec![(":f", number(1))],
        };
        table.update("test", change).await
    };
    let conflict = || refusal("TransactionConflictException");
    let (script, table) = Script::table((0..4).map(|_| conflict())).await;
    assert_eq!(update(&table).await, Ok(true));
    assert_eq!(script.asked().len(), 5);
    let (script, table) = Script::table((0..5).map(|_| conflict())).await;
    assert_eq!(update(&table).await, Err(StoreError::Unavailable));
    assert_eq!(script.asked().len(), 5);
    let (script, table) = Script::table([refusal("ConditionalCheckFailedException")]).await;
    assert_eq!(update(&table).await, Ok(false));
    assert_eq!(script.asked().len(), 1);
}
