//! The parts of the function, built once in `main`.

use std::sync::Arc;

use shared::access::staff_keychain::StaffKeyring;
use shared::clock::Clock;
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::app;
use shared::http::aws::{self, SdkConfig};
use shared::http::demands::Backing;
use shared::http::staff::KnowsStaff;
use shared::store::once::Once;
use shared::store::security_event::SecurityEvents;
use shared::store::table::Table;
use shared::store::training::Trainings;

use crate::credential::password::Hasher;
use crate::store::{Store, Tables};

/// The settings that the function reads from its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings and keys.
    pub backend: Backend,
    /// Name of the table of people, factors, sessions and invitations.
    pub identity_table: String,
    /// Name of the table of counters, challenges and what was used up.
    pub watch_table: String,
    /// Name of the table of security events.
    pub events_table: String,
    /// Name of the table of trainings.
    pub training_table: String,
    /// Where the console is, if not at the domain name that the gateway was called by.
    pub console_origin: Option<String>,
}

impl Config {
    /// Reads what [`Backend::read`] reads, `SOTTO_TABLE_IDENTITY`, `SOTTO_TABLE_WATCH`,
    /// `SOTTO_TABLE_EVENTS`, `SOTTO_TABLE_TRAINING` and, where there is one, `SOTTO_CONSOLE_ORIGIN`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let names = [
            "SOTTO_TABLE_IDENTITY",
            "SOTTO_TABLE_WATCH",
            "SOTTO_TABLE_EVENTS",
            "SOTTO_TABLE_TRAINING",
        ];
        let (backend, tables) = Backend::read_with(lookup, names)?;
        let [identity_table, watch_table, events_table, training_table] = tables;
        let console_origin = lookup("SOTTO_CONSOLE_ORIGIN").filter(|origin| !origin.is_empty());
        Ok(Self {
            backend,
            identity_table,
            watch_table,
            events_table,
            training_table,
            console_origin,
        })
    }
}

/// The parts of the function; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// The deployment's name in tokens.
    pub issuer: String,
    /// Where the console is, where the gateway does not say it.
    pub console_origin: Option<String>,
    /// The keys that verify staff tokens.
    pub staff_keys: StaffKeyring,
    /// The store.
    pub store: Store,
    /// Hashes passwords, one at a time.
    pub hasher: Hasher,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Builds the clients and what stands on them; makes no call.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn build(config: &Config, clock: Clock) -> Result<Self, String> {
        let sdk = aws::sdk_config(&config.backend)?;
        Self::with_sdk(config, clock, &sdk)
    }

    /// The same with AWS clients that are configured already.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Result<Self, String> {
        let settings = Arc::new(app::settings(&config.backend, clock.clone(), sdk));
        let hasher = Hasher::new().map_err(|_| "There is no memory for Argon2id.".to_owned())?;
        let staff_keys = StaffKeyring::new(Arc::clone(&settings), clock.clone());
        let dynamo = aws::dynamodb(&config.backend, sdk);
        let (watch, events) = (config.watch_table.clone(), config.events_table.clone());
        let audit_days = staff_keys.audit_days();
        let training = config.training_table.clone();
        let kept = audit_days.clone();
        let tables = Tables {
            trainings: Trainings::new(dynamo.clone(), training, clock.clone(), kept),
            identity: Table::new(dynamo.clone(), config.identity_table.clone()),
            watch: Table::new(dynamo.clone(), watch.clone()),
            once: Once::new(dynamo.clone(), watch, clock.clone()),
            events: SecurityEvents::new(
                dynamo,
                events,
                Arc::clone(&settings),
                clock.clone(),
                audit_days,
            ),
        };
        Ok(Self(Arc::new(Parts {
            issuer: config.backend.issuer.clone(),
            console_origin: config.console_origin.clone(),
            staff_keys,
            store: Store::new(tables, settings, clock.clone()),
            clock,
            hasher,
        })))
    }

    /// Loads what the first request will need, while the runtime asks for that request. A failure
    /// here is ignored: the request that needs it tries again, and answers the error.
    pub fn warm(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let _warmed = tokio::join!(app.staff_keys.get(), app.store.keys());
        });
    }
}

impl Backing for App {}

impl KnowsStaff for App {
    fn staff_keys(&self) -> &StaffKeyring {
        &self.staff_keys
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn events(&self) -> &SecurityEvents {
        &self.store.events
    }
}
