//! Security events: who did what to which id, and never content. An item is written once; the roles
//! of the functions allow no change and no deletion.
//!
//! Items of the events table: `p` = `<day>#<shard>`, `k` = `<time>#<id>`, `a` who acted (an id, or
//! nothing where nobody was known), `w` what was done, `o` to what (an id), `expires_at`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::attributes::{EXPIRES_AT, Item, expiry, string};
use super::{StoreError, fault};
use crate::clock::{Clock, rfc3339};
use crate::ids::{EventId, StaffId};

/// Days that an event is kept.
pub const AUDIT_DAYS: i64 = 730;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Into how many partitions a day's events are spread.
const SHARDS: u8 = 4;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody was invited by an operator of the account, not by an admin.
    Bootstrapped,
    /// An admin invited somebody.
    Invited,
    /// An invitation was accepted: name and password are set.
    Accepted,
    /// A second factor was enrolled.
    FactorEnrolled,
    /// A second factor was removed by its owner.
    FactorRemoved,
    /// An admin took all second factors of somebody.
    FactorsReset,
    /// An admin made somebody choose a new password.
    PasswordReset,
    /// Somebody chose another password.
    PasswordChanged,
    /// New recovery codes replaced the old ones.
    RecoveryCodesMade,
    /// Somebody signed in, second factor included.
    SignedIn,
    /// Somebody signed in with a recovery code.
    RecoveryCodeUsed,
    /// A second factor was shown again.
    SteppedUp,
    /// A session was ended.
    SessionEnded,
    /// A spent refresh token came again, and its session was ended.
    TokenReused,
    /// A passkey's counter went back: there may be a copy of it.
    PasskeyCounterWentBack,
    /// Roles were changed.
    RolesChanged,
    /// An account was disabled.
    Disabled,
    /// An account was enabled again.
    Enabled,
    /// An account was deleted.
    Deleted,
    /// Attempts on an account or from an address have to wait from now on.
    ThrottleBegan,
    /// Attempts on an account need not wait any more.
    ThrottleEnded,
    /// The key by which a site's server vouches for its customers was changed.
    IdentityKeyChanged,
}

impl Action {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bootstrapped => "bootstrapped",
            Self::Invited => "invited",
            Self::Accepted => "accepted",
            Self::FactorEnrolled => "factor_enrolled",
            Self::FactorRemoved => "factor_removed",
            Self::FactorsReset => "factors_reset",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::SignedIn => "signed_in",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::SteppedUp => "stepped_up",
            Self::SessionEnded => "session_ended",
            Self::TokenReused => "token_reused",
            Self::PasskeyCounterWentBack => "passkey_counter_went_back",
            Self::RolesChanged => "roles_changed",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Deleted => "deleted",
            Self::ThrottleBegan => "throttle_began",
            Self::ThrottleEnded => "throttle_ended",
            Self::IdentityKeyChanged => "identity_key_changed",
        }
    }
}

/// An event, to be stored with what it tells of or right after it.
pub struct SecurityEvent {
    /// What was done.
    pub action: Action,
    /// Who did it, by id; nobody when nobody is known.
    pub actor: Option<String>,
    /// To what, by id.
    pub object: String,
}

impl SecurityEvent {
    /// An event that somebody caused.
    #[must_use]
    pub fn by(actor: StaffId, action: Action, object: impl Into<String>) -> Self {
        Self { action, actor: Some(actor.to_string()), object: object.into() }
    }

    /// An event whose cause is not known by id.
    #[must_use]
    pub fn of(action: Action, object: impl Into<String>) -> Self {
        Self { action, actor: None, object: object.into() }
    }
}

/// The table of security events, to append to.
#[derive(Clone)]
pub struct SecurityEvents {
    dynamo: Client,
    table: String,
    clock: Clock,
}

impl SecurityEvents {
    /// The events of a deployment.
    #[must_use]
    pub fn new(dynamo: Client, table: String, clock: Clock) -> Self {
        Self { dynamo, table, clock }
    }

    /// The event as part of a transaction: it is stored exactly if what it tells of is.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn put(&self, event: SecurityEvent) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(self.item(event)?))
            .condition_expression("attribute_not_exists(p)")
            .build()
            .map_err(|_| StoreError::Failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Stores an event by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append(&self, event: SecurityEvent) -> Result<(), StoreError> {
        // The key holds fresh randomness: what is already there can only be this very event, stored
        // by an attempt whose answer was lost.
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(self.item(event)?))
            .send()
            .await
            .map_err(|error| fault("append_security_event", &error))?;
        Ok(())
    }

    fn item(&self, event: SecurityEvent) -> Result<Item, StoreError> {
        let id = EventId::generate(&self.clock)?;
        let now_ms = self.clock.now_ms();
        let time = rfc3339(now_ms);
        let day = time.get(..10).unwrap_or_default();
        let shard = id.as_bytes().last().copied().unwrap_or_default() % SHARDS;
        let mut item = Item::from([
            ("p".to_owned(), string(format!("{day}#{shard}"))),
            ("k".to_owned(), string(format!("{time}#{id}"))),
            ("w".to_owned(), string(event.action.as_str())),
            ("o".to_owned(), string(event.object)),
            (EXPIRES_AT.to_owned(), expiry(now_ms + AUDIT_DAYS * DAY_MS)),
        ]);
        if let Some(actor) = event.actor {
            item.insert("a".to_owned(), string(actor));
        }
        Ok(item)
    }
}
