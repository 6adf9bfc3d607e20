//! The top of the key hierarchy: branch keys, wrapped by KMS under their encryption context.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::SdkError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;

use super::branch_row::BranchRow;
use seal::cache::Cache;
use seal::place::BranchName;
use seal::{BranchKey, SealError};
use values::clock::Clock;
use values::secret::Secret;

/// How long a function keeps an unwrapped branch key.
pub const LIFETIME_MS: i64 = 300_000;
/// How many it keeps at most.
const BOUND: usize = 64;

/// Unwraps branch keys by KMS and keeps them for 300 seconds at most.
pub struct Keyring {
    kms: Client,
    key_id: String,
    cache: Cache<BranchName, Held>,
}

/// A branch key in memory, and the blob that it was unwrapped from.
#[derive(Clone)]
pub struct Held {
    /// The key.
    pub key: BranchKey,
    /// The blob as it is stored.
    pub blob: Vec<u8>,
    /// The key that it has replaced, while something may still be under it.
    pub before: Option<BranchKey>,
}

impl Held {
    /// The keys under which something may be, the present one first.
    pub fn keys(&self) -> impl Iterator<Item = &BranchKey> {
        std::iter::once(&self.key).chain(&self.before)
    }
}

impl Keyring {
    /// A keyring over one KMS key.
    #[must_use]
    pub fn new(kms: Client, key_id: String, clock: Clock) -> Self {
        let cache = Cache::new(clock, LIFETIME_MS, BOUND);
        Self { kms, key_id, cache }
    }

    /// The branch key of that name: from memory, or through `load`, which finds or makes it.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn cached<E>(
        &self,
        name: &BranchName,
        load: impl AsyncFnOnce() -> Result<Held, E>,
    ) -> Result<Held, E> {
        self.cache.get(name, load).await
    }

    /// The branch key of a row that was just read: from memory, unless that has an earlier key of this
    /// name.
    ///
    /// # Errors
    /// As [`Keyring::unwrap`].
    pub async fn of_row(&self, name: &BranchName, row: &BranchRow) -> Result<Held, SealError> {
        let held = self.cache.get(name, async || self.unwrap_row(name, row).await).await?;
        if held.blob == row.blob && held.before.is_some() == row.before.is_some() {
            return Ok(held);
        }
        let held = self.unwrap_row(name, row).await?;
        self.cache.put(name, held.clone()).await;
        Ok(held)
    }

    /// Unwraps the key of a row, and the one that it has replaced, if that is there (one KMS call each).
    ///
    /// # Errors
    /// As [`Keyring::unwrap`].
    pub async fn unwrap_row(&self, name: &BranchName, row: &BranchRow) -> Result<Held, SealError> {
        let held = self.unwrap(name, row.blob.clone()).await?;
        let Some(before) = row.before.clone() else { return Ok(held) };
        Ok(Held { before: Some(self.unwrap(name, before).await?.key), ..held })
    }

    /// Forgets the branch key of that name: another one may be in its place.
    pub fn forget(&self, name: &BranchName) {
        self.cache.forget(name);
    }

    /// A fresh branch key, and the blob of it to store (one KMS call).
    ///
    /// # Errors
    /// [`SealError::Unavailable`] when KMS cannot be reached, [`SealError::Failed`] otherwise.
    pub async fn generate(&self, name: &BranchName) -> Result<Held, SealError> {
        let mut call =
            self.kms.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        for (key, value) in name.encryption_context() {
            call = call.encryption_context(key, value);
        }
        let made = call.send().await.map_err(|error| fault(&error))?;
        let secret = made.plaintext.as_ref().and_then(|plain| Secret::from_slice(plain.as_ref()));
        let blob = made.ciphertext_blob.map(Blob::into_inner);
        let held = |(secret, blob)| Held { key: Arc::new(secret), blob, before: None };
        secret.zip(blob).map(held).ok_or(SealError::Failed)
    }

    /// The blob of a fresh branch key that its maker never sees (one KMS call).
    ///
    /// # Errors
    /// As [`Keyring::generate`].
    pub async fn generate_unseen(&self, name: &BranchName) -> Result<Vec<u8>, SealError> {
        let mut call = self
            .kms
            .generate_data_key_without_plaintext()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256);
        for (key, value) in name.encryption_context() {
            call = call.encryption_context(key, value);
        }
        let made = call.send().await.map_err(|error| fault(&error))?;
        made.ciphertext_blob.map(Blob::into_inner).ok_or(SealError::Failed)
    }

    /// Unwraps a stored blob (one KMS call).
    ///
    /// # Errors
    /// [`SealError::DidNotOpen`] when KMS refuses it, [`SealError::Unavailable`] when KMS cannot be
    /// reached.
    pub async fn unwrap(&self, name: &BranchName, blob: Vec<u8>) -> Result<Held, SealError> {
        let wrapped = Blob::new(blob.clone());
        let mut call = self.kms.decrypt().key_id(&self.key_id).ciphertext_blob(wrapped);
        for (key, value) in name.encryption_context() {
            call = call.encryption_context(key, value);
        }
        let opened = call.send().await.map_err(|error| fault(&error))?;
        opened
            .plaintext
            .as_ref()
            .and_then(|plain| Secret::from_slice(plain.as_ref()))
            .map(|secret| Held { key: Arc::new(secret), blob, before: None })
            .ok_or(SealError::DidNotOpen)
    }
}

/// The error of a failed call. Throttling and a key that is pending or disabled are an outage to
/// the caller; only a blob that KMS refuses is damage.
fn fault<E: aws_sdk_kms::error::ProvideErrorMetadata>(error: &SdkError<E>) -> SealError {
    match error.as_service_error().and_then(|service| service.code()) {
        Some("InvalidCiphertextException" | "IncorrectKeyException") => SealError::DidNotOpen,
        _ => SealError::Unavailable,
    }
}
