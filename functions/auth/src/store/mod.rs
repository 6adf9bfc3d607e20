//! What is stored of people and their sign-ins: one file a noun. The tables `identity` (people,
//! factors, sessions, invitations) and `watch` (what is counted, challenges, what was used up).

pub mod account;
pub mod challenge;
pub mod factor;
pub mod invitation;
pub mod login;
pub mod notice;
pub mod pending;
pub mod person;
pub mod session;
pub mod throttle;
mod write;

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use shared::clock::Clock;
use shared::ids::StaffId;
use shared::store::StoreError;
use shared::store::once::Once;
use shared::store::security_event::SecurityEvents;
use shared::store::settings::Settings;
use shared::values::policy::AuditDays;

pub use self::write::Written;
use crate::keys::Keys;

/// The tables of the sign-in, and what opens what they hold.
pub struct Store {
    pub(crate) dynamo: Client,
    pub(crate) identity: String,
    pub(crate) watch: String,
    /// Branch keys, and the sessions that other functions must refuse.
    pub settings: Arc<Settings>,
    /// What was used up.
    pub once: Once,
    /// Who did what.
    pub events: SecurityEvents,
    pub(crate) clock: Clock,
    /// The person whose partition is read for an unknown address: the last one who was found.
    pub(crate) stand_in: Mutex<Option<StaffId>>,
}

/// Names of the tables of the sign-in.
pub struct Tables {
    /// People, factors, sessions, invitations.
    pub identity: String,
    /// Counters, challenges, what was used up.
    pub watch: String,
    /// Security events.
    pub events: String,
}

impl Store {
    /// The store of a deployment.
    #[must_use]
    pub fn new(
        dynamo: Client,
        tables: Tables,
        settings: Arc<Settings>,
        audit_days: AuditDays,
        clock: Clock,
    ) -> Self {
        let events = SecurityEvents::new(dynamo.clone(), tables.events, clock.clone(), audit_days);
        Self {
            once: Once::new(dynamo.clone(), tables.watch.clone(), clock.clone()),
            events,
            dynamo,
            identity: tables.identity,
            watch: tables.watch,
            settings,
            clock,
            stand_in: Mutex::new(None),
        }
    }

    /// The keys of the sign-in; the rotation has made what they are derived from.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] when it has not.
    pub async fn keys(&self) -> Result<Keys, StoreError> {
        let branch = self.settings.credential_seed().await?;
        Ok(Keys::derive(&branch)?)
    }
}
