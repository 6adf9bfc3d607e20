//! The parts of the function that answers the routes.

use std::sync::Arc;

use shared::access::staff_keychain::StaffKeyring;
use shared::clock::Clock;
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::aws::{self, SdkConfig};
use shared::http::demands::Backing;
use shared::http::staff::KnowsStaff;
use shared::http::staff_app;
use shared::store::security_event::SecurityEvents;
use shared::store::table::Table;
use tiles::log::AuditLog;

/// The settings that the function reads from its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Those of every function that the staff call.
    pub staff: staff_app::Config,
    /// Name of the table of the audit log.
    pub log_table: String,
}

impl Config {
    /// Reads what [`staff_app::Config::read`] reads, and `SOTTO_TABLE_LOG`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let (_, [log_table]) = Backend::read_with(lookup, ["SOTTO_TABLE_LOG"])?;
        Ok(Self { staff: staff_app::Config::read(lookup)?, log_table })
    }
}

/// The parts; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// Those of every function that the staff call.
    pub staff: staff_app::App,
    /// The audit log.
    pub log: AuditLog,
    /// The security events, to read.
    pub events: Table,
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
        let sdk = aws::sdk_config(&config.staff.stores.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// The same with AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let dynamo = aws::dynamodb(&config.staff.stores.backend, sdk);
        let log = Table::new(dynamo.clone(), config.log_table.clone());
        Self(Arc::new(Parts {
            staff: staff_app::App::with_sdk(&config.staff, clock, sdk),
            log: AuditLog::new(log),
            events: Table::new(dynamo, config.staff.events_table.clone()),
        }))
    }

    /// Loads what the first request will need, while the runtime asks for that request.
    pub fn warm(&self) {
        self.staff.warm();
    }
}

impl Backing for App {}

impl KnowsStaff for App {
    fn staff_keys(&self) -> &StaffKeyring {
        &self.staff.staff_keys
    }

    fn clock(&self) -> &Clock {
        &self.staff.clock
    }

    fn issuer(&self) -> &str {
        &self.staff.issuer
    }

    fn events(&self) -> &SecurityEvents {
        &self.staff.events
    }
}
