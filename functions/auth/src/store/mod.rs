//! The stored data of people and their sign-ins, one file a noun, in the tables `identity` (people,
//! factors, sessions, invitations) and `watch` (counters, challenges, values that were used up).

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

use std::sync::{Arc, Mutex};

use shared::clock::Clock;
use shared::ids::StaffId;
use shared::store::StoreError;
use shared::store::once::Once;
use shared::store::security_event::SecurityEvents;
use shared::store::settings::Settings;
use shared::store::table::Table;
use shared::store::training::Trainings;
use shared::store::write::Transaction;

use crate::keys::Keys;

/// The tables of the sign-in, and the settings that open them.
pub struct Store {
    pub(crate) identity: Table,
    pub(crate) watch: Table,
    /// Branch keys, and the sessions that other functions must refuse.
    pub settings: Arc<Settings>,
    /// The values that were used up.
    pub once: Once,
    /// The security events.
    pub events: SecurityEvents,
    /// The trainings, which begin with an account.
    pub trainings: Trainings,
    pub(crate) clock: Clock,
    /// The person whose partition is read for an unknown address: the last one who was found.
    pub(crate) stand_in: Mutex<Option<StaffId>>,
}

/// The tables of the sign-in.
pub struct Tables {
    /// People, factors, sessions, invitations.
    pub identity: Table,
    /// Counters and challenges.
    pub watch: Table,
    /// The values that were used up, in the same table.
    pub once: Once,
    /// Security events.
    pub events: SecurityEvents,
    /// Trainings.
    pub trainings: Trainings,
}

impl Store {
    /// The store of a deployment.
    #[must_use]
    pub fn new(tables: Tables, settings: Arc<Settings>, clock: Clock) -> Self {
        let Tables { identity, watch, once, events, trainings } = tables;
        let stand_in = Mutex::new(None);
        Self { identity, watch, settings, once, events, trainings, clock, stand_in }
    }

    /// Begins a transaction.
    pub fn transaction(&self) -> Transaction {
        self.identity.transaction()
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
