//! The contract of KMS as the functions rely on it.

use std::time::Duration;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::operation::decrypt::builders::DecryptFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeyState};
use local::aws::{Aws, Options, Service};
use shared::clock::Clock;

use crate::{PATIENT, in_memory, kms};

const WEEK: Duration = Duration::from_hours(7 * 24);

struct Bench {
    aws: Aws,
    client: aws_sdk_kms::Client,
    key: String,
}

fn bench() -> Bench {
    let aws = in_memory();
    let client = kms(aws.url(), PATIENT);
    let key = aws.ensure_key("alias/sotto").unwrap();
    Bench { aws, client, key }
}

/// The error's code, and no success.
async fn code<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    call: impl Future<Output = Result<T, aws_sdk_kms::error::SdkError<E, R>>>,
) -> String {
    match call.await {
        Ok(_) => "success".to_owned(),
        Err(error) => error.code().unwrap_or("none").to_owned(),
    }
}

fn open(client: &aws_sdk_kms::Client, blob: &Blob) -> DecryptFluentBuilder {
    client.decrypt().ciphertext_blob(blob.clone())
}

#[tokio::test]
async fn a_data_key_opens_under_its_context_alone() {
    let Bench { aws, client, key } = bench();
    let made = client
        .generate_data_key()
        .key_id(&key)
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("sotto:site", "shop")
        .encryption_context("sotto:purpose", "transcript")
        .send()
        .await
        .unwrap();
    assert_eq!(made.key_id(), Some(key.as_str()));
    assert_eq!(made.plaintext().unwrap().as_ref().len(), 32);
    let blob = made.ciphertext_blob().unwrap();

    // The order of the pairs does not matter.
    let opened = open(&client, blob)
        .encryption_context("sotto:purpose", "transcript")
        .encryption_context("sotto:site", "shop")
        .send()
        .await
        .unwrap();
    assert_eq!(opened.plaintext(), made.plaintext());
    assert_eq!(opened.key_id(), Some(key.as_str()));

    let wrong = [
        open(&client, blob),
        open(&client, blob).encryption_context("sotto:site", "shop"),
        open(&client, blob)
            .encryption_context("sotto:site", "other")
            .encryption_context("sotto:purpose", "transcript"),
        open(&client, blob)
            .encryption_context("sotto:site", "shop")
            .encryption_context("sotto:purpose", "transcript")
            .encryption_context("more", ""),
    ];
    for request in wrong {
        assert_eq!(code(request.send()).await, "InvalidCiphertextException");
    }
    assert_eq!(aws.counts().of(Service::Kms, "Decrypt"), 5);
    assert_eq!(aws.counts().of(Service::Kms, "GenerateDataKey"), 1);
    assert_eq!(aws.counts().total(Service::DynamoDb), 0);
}

#[tokio::test]
async fn a_key_without_plaintext_opens_to_the_length_asked_for() {
    let Bench { aws: _aws, client, key } = bench();
    let made = client
        .generate_data_key_without_plaintext()
        .key_id(&key)
        .number_of_bytes(48)
        .send()
        .await
        .unwrap();
    let opened = open(&client, made.ciphertext_blob().unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext().unwrap().as_ref().len(), 48);
}

#[tokio::test]
async fn tampered_foreign_and_misnamed_blobs_are_refused() {
    let Bench { aws: _aws, client, key } = bench();
    let other = client.create_key().description("other").send().await.unwrap();
    let other = other.key_metadata().unwrap().key_id().to_owned();
    let sealed = client.encrypt().key_id(&key).plaintext(Blob::new("text")).send().await.unwrap();
    let blob = sealed.ciphertext_blob().unwrap();

    for at in [0, 5, 18, 25, blob.as_ref().len() - 1] {
        let mut tampered = blob.as_ref().to_vec();
        tampered[at] ^= 1;
        let request = open(&client, &Blob::new(tampered));
        assert_eq!(code(request.send()).await, "InvalidCiphertextException", "byte {at}");
    }
    let elsewhere = bench();
    let foreign = code(open(&elsewhere.client, blob).send()).await;
    assert_eq!(foreign, "InvalidCiphertextException");
    let misnamed = code(open(&client, blob).key_id(&other).send()).await;
    assert_eq!(misnamed, "IncorrectKeyException");
    let named = open(&client, blob).key_id("alias/sotto").send().await;
    assert_eq!(named.unwrap().plaintext().unwrap().as_ref(), b"text");
    let unknown = code(open(&client, blob).key_id("alias/none").send()).await;
    assert_eq!(unknown, "NotFoundException");
}

#[tokio::test]
async fn disabled_and_deleted_keys_do_nothing() {
    let clock = Clock::manual(1_800_000_000_000);
    let aws = Aws::start(Options { clock: clock.clone(), ..Options::default() }).unwrap();
    let client = kms(aws.url(), PATIENT);
    let key = aws.ensure_key("alias/sotto").unwrap();
    let encrypt = || client.encrypt().key_id(&key).plaintext(Blob::new("text")).send();
    let sealed = encrypt().await.unwrap();
    let blob = sealed.ciphertext_blob().unwrap();

    client.disable_key().key_id(&key).send().await.unwrap();
    assert_eq!(code(encrypt()).await, "DisabledException");
    assert_eq!(code(open(&client, blob).send()).await, "DisabledException");
    let rotate = || client.rotate_key_on_demand().key_id(&key).send();
    assert_eq!(code(rotate()).await, "DisabledException");
    client.enable_key().key_id(&key).send().await.unwrap();
    assert!(open(&client, blob).send().await.is_ok());

    let schedule =
        |days| client.schedule_key_deletion().key_id(&key).pending_window_in_days(days).send();
    assert_eq!(code(schedule(6)).await, "ValidationException");
    let scheduled = schedule(7).await.unwrap();
    assert_eq!(scheduled.deletion_date().unwrap().secs(), 1_800_000_000 + 7 * 86_400);
    let refused = code(open(&client, blob).send()).await;
    assert_eq!(refused, "KMSInvalidStateException");
    let enable = code(client.enable_key().key_id(&key).send()).await;
    assert_eq!(enable, "KMSInvalidStateException");

    client.cancel_key_deletion().key_id(&key).send().await.unwrap();
    let described = client.describe_key().key_id(&key).send().await.unwrap();
    let state = described.key_metadata().unwrap().key_state().cloned();
    assert_eq!(state, Some(KeyState::Disabled));

    schedule(7).await.unwrap();
    clock.advance(WEEK.saturating_sub(Duration::from_millis(1)));
    let refused = code(open(&client, blob).send()).await;
    assert_eq!(refused, "KMSInvalidStateException");
    clock.advance(Duration::from_millis(1));
    let describe = client.describe_key().key_id(&key).send();
    assert_eq!(code(describe).await, "NotFoundException");
    let refused = code(open(&client, blob).send()).await;
    assert_eq!(refused, "InvalidCiphertextException");
}

#[tokio::test]
async fn a_rotated_key_opens_what_it_sealed_before() {
    let Bench { aws: _aws, client, key } = bench();
    let mut blobs = Vec::new();
    for text in ["first", "second", "third"] {
        let sealed = client.encrypt().key_id(&key).plaintext(Blob::new(text)).send().await.unwrap();
        blobs.push((text, sealed.ciphertext_blob().unwrap().clone()));
        client.rotate_key_on_demand().key_id(&key).send().await.unwrap();
    }
    for (text, blob) in blobs {
        let opened = open(&client, &blob).send().await.unwrap();
        assert_eq!(opened.plaintext().unwrap().as_ref(), text.as_bytes());
    }
}

#[tokio::test]
async fn aliases_find_their_key_and_are_unique() {
    let Bench { aws, client, key } = bench();
    assert_eq!(aws.ensure_key("alias/sotto").unwrap(), key);
    let described = client.describe_key().key_id("alias/sotto").send().await;
    assert_eq!(described.unwrap().key_metadata().unwrap().arn(), Some(key.as_str()));
    let alias =
        |name: &'static str| client.create_alias().alias_name(name).target_key_id(&key).send();
    assert_eq!(code(alias("alias/sotto")).await, "AlreadyExistsException");
    assert_eq!(code(alias("sotto")).await, "ValidationException");
    alias("alias/two").await.unwrap();
    let listed = client.list_aliases().send().await.unwrap();
    assert_eq!(listed.aliases().len(), 2);
    let keys = client.list_keys().send().await.unwrap();
    assert_eq!(keys.keys().len(), 1);
}

#[tokio::test]
async fn parameters_out_of_range_are_refused() {
    let Bench { aws: _aws, client, key } = bench();
    let data_key = || client.generate_data_key().key_id(&key);
    let long = || Blob::new(vec![0; 4097]);
    let big = || "x".repeat(8193);
    assert_eq!(code(data_key().send()).await, "ValidationException");
    for request in [
        data_key().number_of_bytes(0),
        data_key().number_of_bytes(1025),
        data_key().number_of_bytes(32).key_spec(DataKeySpec::Aes256),
        data_key().number_of_bytes(32).encryption_context("a", big()),
    ] {
        assert_eq!(code(request.send()).await, "ValidationException");
    }
    let encrypt = client.encrypt().key_id(&key).plaintext(long()).send();
    assert_eq!(code(encrypt).await, "ValidationException");
    let empty = client.encrypt().key_id(&key).plaintext(Blob::new("")).send();
    assert_eq!(code(empty).await, "ValidationException");
    let no_key = client.encrypt().key_id("none").plaintext(Blob::new("x")).send();
    assert_eq!(code(no_key).await, "NotFoundException");
    let unknown = code(client.get_parameters_for_import().key_id(&key).send()).await;
    assert_ne!(unknown, "success");
}
