//! Every fault as a client sees it.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::types::DataKeySpec;
use local::aws::{Aws, Fault, Service};
use shared::clock::Clock;

use crate::{IMPATIENT, PATIENT, dynamodb, in_memory, kms, tables};

const TABLE: &str = "t-keys";

fn with_table() -> Aws {
    let aws = in_memory();
    aws.ensure_table(tables().table("KeysTable").unwrap(), TABLE).unwrap();
    aws
}

async fn put(aws: &Aws, timeout: Duration) -> Result<(), SdkError<PutItemError>> {
    dynamodb(aws.url(), timeout)
        .put_item()
        .table_name(TABLE)
        .item("u", AttributeValue::B(Blob::new("u")))
        .item("c", AttributeValue::B(Blob::new("c")))
        .send()
        .await
        .map(|_| ())
}

async fn stored(aws: &Aws) -> i32 {
    aws.faults().clear();
    dynamodb(aws.url(), PATIENT).scan().table_name(TABLE).send().await.unwrap().count()
}

#[tokio::test]
async fn throttled_is_a_400_with_the_service_s_own_code() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::Throttle, 1.0).unwrap();
    aws.faults().set(Service::Kms, Fault::Throttle, 1.0).unwrap();
    let refused = put(&aws, PATIENT).await.unwrap_err();
    assert_eq!(refused.code(), Some("ProvisionedThroughputExceededException"));
    let key = aws.ensure_key("alias/sotto").unwrap();
    let refused = kms(aws.url(), PATIENT)
        .generate_data_key()
        .key_id(key)
        .key_spec(DataKeySpec::Aes256)
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("ThrottlingException"));
    assert_eq!(stored(&aws).await, 0);
}

#[tokio::test]
async fn an_internal_error_is_a_500_and_nothing_is_done() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::Internal, 1.0).unwrap();
    let refused = put(&aws, PATIENT).await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 500);
    assert_eq!(refused.code(), Some("InternalServerError"));
    assert_eq!(stored(&aws).await, 0);
}

#[tokio::test]
async fn a_timeout_before_the_commit_stores_nothing() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::TimeoutBeforeCommit, 1.0).unwrap();
    let refused = put(&aws, IMPATIENT).await.unwrap_err();
    assert!(matches!(refused, SdkError::TimeoutError(_)), "{refused:?}");
    assert_eq!(stored(&aws).await, 0);
}

#[tokio::test]
async fn a_timeout_after_the_commit_stores_it() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::TimeoutAfterCommit, 1.0).unwrap();
    let refused = put(&aws, Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(refused, SdkError::TimeoutError(_)), "{refused:?}");
    assert_eq!(stored(&aws).await, 1);
}

#[tokio::test]
async fn gone_closes_the_connection() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::Gone, 1.0).unwrap();
    let refused = put(&aws, PATIENT).await.unwrap_err();
    assert!(matches!(refused, SdkError::DispatchFailure(_)), "{refused:?}");
    assert_eq!(stored(&aws).await, 0);
}

#[tokio::test]
async fn latency_only_delays() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::Latency, 1.0).unwrap();
    aws.faults().set_latency(Duration::from_millis(120));
    let clock = Clock::system();
    let start = clock.now_ms();
    put(&aws, PATIENT).await.unwrap();
    assert!(clock.now_ms() - start >= 120);
    assert_eq!(stored(&aws).await, 1);
}

#[tokio::test]
async fn a_client_that_hangs_does_not_hold_up_the_stop() {
    let aws = with_table();
    aws.faults().set(Service::DynamoDb, Fault::TimeoutBeforeCommit, 1.0).unwrap();
    let client = dynamodb(aws.url(), PATIENT);
    let hanging = tokio::spawn(async move { client.list_tables().send().await });
    while aws.counts().total(Service::DynamoDb) == 0 {
        tokio::task::yield_now().await;
    }
    let clock = Clock::system();
    let start = clock.now_ms();
    tokio::task::spawn_blocking(move || aws.stop()).await.unwrap();
    assert!(clock.now_ms() - start < 2_000);
    assert!(hanging.await.unwrap().is_err());
}
