//! Stored data: one file a noun, items and operations side by side. The one crate that talks to
//! DynamoDB and KMS; their errors leave as [`StoreError`].

pub mod announced;
pub mod asked_erasure;
pub mod attributes;
pub mod audit;
pub mod base;
pub mod body;
pub mod branch_row;
pub mod bundle;
pub mod canned;
pub mod case;
pub mod chain;
pub mod claim;
pub mod clients;
pub mod conversation;
pub mod customer;
pub mod decoy;
pub mod delivery;
pub mod due;
pub mod erasure;
pub mod erasure_request;
pub mod event;
pub mod event_codes;
pub mod evidence;
pub mod glance;
pub mod guests;
pub mod hold;
pub mod identity_key;
pub mod inbox;
pub mod incident;
pub mod key_change;
pub mod key_row;
pub mod keyring;
pub mod knowledge;
pub mod lead;
pub mod ledger;
pub mod live;
pub mod lock;
pub mod log;
pub mod once;
pub mod permit;
pub mod policy;
pub mod practice;
pub mod progress;
pub mod read_record;
pub mod reason;
pub mod receipt;
pub mod report;
#[cfg(test)]
mod round_trip;
pub mod schema;
pub mod security_event;
pub mod session;
pub mod settings;
pub mod site_settings;
pub mod stack;
pub mod staff_keys;
pub mod state;
pub mod subject;
pub mod table;
pub mod training;
pub mod transport_key;
mod tries;
pub mod webhook;
pub mod write;

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use conversation::Conversation;
use glance::Glance;
use live::{Presence, Side, Who};
use once::Once;
use seal::SealError;
use seal::cache::Cache;
use settings::Settings;
use site_settings::StoredSite;
use table::Table;
use values::clock::{Clock, UnixMillis};
use values::config::Config;
use values::ids::{ConversationId, StaffId, SubjectId};
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
    /// A stored item does not open, or is not what was stored.
    Corrupt {
        /// The table, by the name that docs/data.md has for it.
        table: &'static str,
        /// The attribute; its value is never told.
        attribute: &'static str,
    },
    /// A stored item has a shape that this release does not know: another release wrote it.
    OtherVersion,
    /// A fault of ours: a request that DynamoDB refuses.
    Failed,
    /// The table is an old copy, and data that was erased since may be in it.
    LedgerBehind,
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::DidNotOpen => attributes::corrupt("sealed"),
            SealError::Unavailable => Self::Unavailable,
            SealError::Failed => Self::Failed,
        }
    }
}

impl StoreError {
    /// The table of which an attribute is not known yet.
    const SOME_TABLE: &'static str = "unnamed";

    /// The same error, of an item of this table.
    #[must_use]
    pub fn in_table(self, name: &'static str) -> Self {
        match self {
            Self::Corrupt { table: Self::SOME_TABLE, attribute } => {
                Self::Corrupt { table: name, attribute }
            }
            error => error,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => {
                out.write_str("DynamoDB or KMS does not answer, or is over its limits")
            }
            Self::KeysMissing => out.write_str("what the rotation made is missing"),
            Self::Corrupt { table, attribute } => {
                write!(out, "an item of the table {table} is damaged: attribute {attribute}")
            }
            Self::OtherVersion => out.write_str("a later release has written what is stored"),
            Self::Failed => out.write_str("DynamoDB or KMS refuses the request"),
            Self::LedgerBehind => {
                out.write_str("a table was restored and has not followed the ledger yet")
            }
        }
    }
}

impl std::error::Error for StoreError {}

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
            StoreError::Corrupt { table, attribute } => {
                tracing::error!(table, attribute, "what is stored is damaged");
                Code::IntegrityFailed.into()
            }
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
    /// The record of things that may be used once.
    pub once: Once,
    dynamo: Client,
    clock: Clock,
    keys_table: String,
    conversations_table: String,
    profiles_table: String,
    ledger_table: Table,
    desk_table: Table,
    watch_table: String,
    conversations: Cache<(SubjectId, ConversationId), Arc<Conversation>>,
    glances: Cache<ConversationId, Arc<Glance>>,
    presences: Cache<StaffId, Presence>,
    staffed: Cache<&'static str, UnixMillis>,
    places: Cache<(ConversationId, UnixMillis), u64>,
    sides: Cache<(ConversationId, Who), Side>,
    sites: Cache<&'static str, Arc<StoredSite>>,
    typed: Cache<(ConversationId, Who), ()>,
    tags: Cache<ConversationId, Arc<Vec<String>>>,
}

impl Store {
    /// A store over the configured tables.
    #[must_use]
    pub fn new(config: &Config, dynamo: Client, settings: Arc<Settings>, clock: Clock) -> Self {
        Self {
            settings,
            once: Once::new(dynamo.clone(), config.watch_table.clone(), clock.clone()),
            conversations: Cache::new(clock.clone(), CONVERSATION_LIFETIME_MS, CONVERSATION_BOUND),
            glances: Cache::new(clock.clone(), glance::LIFETIME_MS, CONVERSATION_BOUND),
            presences: Cache::new(clock.clone(), glance::PRESENCE_LIFETIME_MS, CONVERSATION_BOUND),
            staffed: Cache::new(clock.clone(), glance::STAFFED_LIFETIME_MS, site_settings::BOUND),
            sides: Cache::new(clock.clone(), glance::SIDE_LIFETIME_MS, CONVERSATION_BOUND),
            places: Cache::new(clock.clone(), glance::PLACE_LIFETIME_MS, CONVERSATION_BOUND),
            sites: Cache::new(clock.clone(), site_settings::LIFETIME_MS, site_settings::BOUND),
            tags: Cache::new(clock.clone(), CONVERSATION_LIFETIME_MS, CONVERSATION_BOUND),
            typed: Cache::new(clock.clone(), live::TYPED_LIFETIME_MS, CONVERSATION_BOUND),
            ledger_table: Table::new(dynamo.clone(), config.ledger_table.clone()),
            desk_table: Table::new(dynamo.clone(), config.desk_table.clone()),
            dynamo,
            clock,
            keys_table: config.keys_table.clone(),
            conversations_table: config.conversations_table.clone(),
            profiles_table: config.profiles_table.clone(),
            watch_table: config.watch_table.clone(),
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

/// The error of a failed call. Logs the operation, never the data that it carried.
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
