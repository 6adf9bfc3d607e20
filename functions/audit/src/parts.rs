//! The parts of the function that answers the routes.

use std::sync::Arc;

use shared::access::staff_keychain::StaffKeyring;
use shared::clock::Clock;
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::aws::{self, SdkConfig};
use shared::http::demands::Backing;
use shared::http::staff::KnowsStaff;
use shared::http::staff_app;
use shared::store::audit::Audits;
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
    /// Name of the table of incidents, which has the audits.
    pub incidents_table: String,
}

impl Config {
    /// Reads what [`staff_app::Config::read`] reads, `SOTTO_TABLE_LOG` and `SOTTO_TABLE_INCIDENTS`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let names = ["SOTTO_TABLE_LOG", "SOTTO_TABLE_INCIDENTS"];
        let (_, [log_table, incidents_table]) = Backend::read_with(lookup, names)?;
        Ok(Self { staff: staff_app::Config::read(lookup)?, log_table, incidents_table })
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
    /// The audits of the deployment.
    pub audits: Audits,
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
        let events = Table::new(dynamo.clone(), config.staff.events_table.clone());
        let staff = staff_app::App::with_sdk(&config.staff, clock.clone(), sdk);
        let (table, kept) = (config.incidents_table.clone(), staff.staff_keys.audit_days());
        let audits = Audits::new(dynamo, table, clock, kept);
        Self(Arc::new(Parts { staff, log: AuditLog::new(log), events, audits }))
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
