//! A data folder outlives the process that filled it, however it ended.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use local::aws::{Aws, Options};

use crate::{PATIENT, dynamodb, kms, tables};

fn start(folder: &Path) -> Aws {
    let aws = Aws::start(Options { data: Some(folder.to_owned()), ..Options::default() }).unwrap();
    aws.ensure_table(tables().table("KeysTable").unwrap(), "t-keys").unwrap();
    aws
}

async fn put(client: &aws_sdk_dynamodb::Client, name: String) -> bool {
    client
        .put_item()
        .table_name("t-keys")
        .item("u", AttributeValue::B(Blob::new("u")))
        .item("c", AttributeValue::B(Blob::new(name)))
        .send()
        .await
        .is_ok()
}

async fn count(aws: &Aws) -> i32 {
    dynamodb(aws.url(), PATIENT)
        .query()
        .table_name("t-keys")
        .key_condition_expression("u = :u")
        .expression_attribute_values(":u", AttributeValue::B(Blob::new("u")))
        .send()
        .await
        .unwrap()
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_items_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let aws = start(folder.path());
    let key = aws.ensure_key("alias/sotto").unwrap();
    let client = kms(aws.url(), PATIENT);
    let sealed = client
        .encrypt()
        .key_id(&key)
        .plaintext(Blob::new("text"))
        .encryption_context("a", "b")
        .send()
        .await
        .unwrap();
    client.rotate_key_on_demand().key_id(&key).send().await.unwrap();
    assert!(put(&dynamodb(aws.url(), PATIENT), "item".to_owned()).await);
    aws.stop();

    let mode = std::fs::metadata(folder.path().join("kms.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let aws = start(folder.path());
    assert_eq!(aws.ensure_key("alias/sotto").unwrap(), key);
    let opened = kms(aws.url(), PATIENT)
        .decrypt()
        .ciphertext_blob(sealed.ciphertext_blob().unwrap().clone())
        .encryption_context("a", "b")
        .send()
        .await
        .unwrap();
    assert_eq!(opened.plaintext().unwrap().as_ref(), b"text");
    assert_eq!(count(&aws).await, 1);
}

#[test]
fn a_damaged_key_file_is_named_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kms.json"), "{\"keys\": \"c2VjcmV0\"}").unwrap();
    let error = Aws::start(Options { data: Some(folder.path().to_owned()), ..Options::default() })
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("kms.json"), "{error}");
    assert!(!error.contains("c2VjcmV0"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dynamodb.sqlite");
    std::fs::write(&file, "a letter").unwrap();
    let error = Aws::start(Options { data: Some(folder.path().to_owned()), ..Options::default() })
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("dynamodb.sqlite"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a letter");
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Aws::start(Options { port, ..Options::default() }).err().unwrap().to_string();
    assert!(error.contains(&port.to_string()), "{error}");
}
