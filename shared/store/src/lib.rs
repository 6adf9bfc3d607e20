//! Stored data: one file a noun, items and operations side by side. The one crate that talks to
//! DynamoDB and KMS; their errors leave as [`StoreError`].

pub mod announced;
pub mod asked_erasure;
pub mod attributes;
pub mod body;
pub mod case;
pub mod chain;
pub mod clients;
pub mod conversation;
pub mod customer;
pub mod due;
pub mod erasure;
pub mod event;
pub mod hold;
pub mod identity_key;
pub mod key_row;
pub mod keyring;
pub mod lead;
pub mod ledger;
mod ledger_table;
pub mod log;
pub mod once;
pub mod permit;
pub mod policy;
pub mod progress;
pub mod read_record;
pub mod reason;
pub mod receipt;
#[cfg(test)]
mod round_trip;
pub mod schema;
pub mod security_event;
pub mod settings;
pub mod stack;
pub mod staff_keys;
pub mod state;
pub mod subject;
pub mod transport_key;
mod tries;
pub mod wish;
pub mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use conversation::Conversation;
use once::Once;
use seal::SealError;
use seal::cache::Cache;
use settings::Settings;
use values::clock::Clock;
use values::config::Config;
use values::ids::{ConversationId, SubjectId};
use values::problem::{Cause, Code, Problem};
use values::random::NoRandomness;

/// How long a function keeps an unwrapped conversation key.
pub const CONVERSATION_LIFETIME_MS: i64 = 60_000;
/// How many it keeps at most.
const CONVERSATION_BOUND: usize = 4_096;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// DynamoDB or KMS cannot be reached, or is over its limits.
    Unavailable,
    /// The rotation never ran here, or what it made is gone.
    KeysMissing,
    /// What is stored does not open, or is not what was stored.
    Corrupt,
    /// What is stored has a shape that this release does not know: another release wrote it.
    OtherVersion,
    /// A fault of ours: a request that DynamoDB refuses.
    Failed,
    /// The table is an old copy, and what was erased since may be in it.
    LedgerBehind,
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::DidNotOpen => Self::Corrupt,
            SealError::Unavailable => Self::Unavailable,
            SealError::Failed => Self::Failed,
        }
    }
}

impl From<NoRandomness> for StoreError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::new(
                Code::Unavailable,
                "Nothing was changed, or it was changed once: try again.",
            ),
            StoreError::KeysMissing => {
                Self::new(Code::Unavailable, "There are no keys yet: run the job rotate-keys.")
                    .because(Cause::KeysMissing)
            }
            StoreError::Corrupt => Code::IntegrityFailed.into(),
            StoreError::OtherVersion => Self::new(
                Code::OtherVersion,
                "Nothing was changed. It may pass when the service has been updated: try again.",
            ),
            StoreError::Failed => Code::Internal.into(),
            StoreError::LedgerBehind => Self::new(
                Code::Unavailable,
                "A table was restored. Nothing is read before what was erased since is erased again.",
            )
            .because(Cause::LedgerBehind),
        }
    }
}

/// The tables that visitors' functions use, with the keys that open them.
pub struct Store {
    /// Sites and wrapped keys.
    pub settings: Arc<Settings>,
    /// What may be used once.
    pub once: Once,
    dynamo: Client,
    clock: Clock,
    keys_table: String,
    conversations_table: String,
    profiles_table: String,
    ledger_table: String,
    conversations: Cache<(SubjectId, ConversationId), Arc<Conversation>>,
}

impl Store {
    /// A store over the configured tables.
    #[must_use]
    pub fn new(config: &Config, dynamo: Client, settings: Arc<Settings>, clock: Clock) -> Self {
        Self {
            settings,
            once: Once::new(dynamo.clone(), config.watch_table.clone(), clock.clone()),
            conversations: Cache::new(clock.clone(), CONVERSATION_LIFETIME_MS, CONVERSATION_BOUND),
            dynamo,
            clock,
            keys_table: config.keys_table.clone(),
            conversations_table: config.conversations_table.clone(),
            profiles_table: config.profiles_table.clone(),
            ledger_table: config.ledger_table.clone(),
        }
    }
}

impl Store {
    /// The time that everything stored is judged by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// Whose fault a failed call is. The operation is logged, never what it carried.
pub fn fault<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E>) -> StoreError {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    tracing::warn!(operation, code, "a call to DynamoDB failed");
    match code {
        Some("ValidationException" | "AccessDeniedException" | "SerializationException") => {
            StoreError::Failed
        }
        _ => StoreError::Unavailable,
    }
}
