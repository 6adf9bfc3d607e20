//! The parts that the routes and the readers of the streams share.

use std::sync::Arc;

use shared::clock::Clock;
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::aws::{SdkConfig, dynamodb};
use shared::http::demands::Backing;
use shared::http::staff::KnowsStaff;
use shared::http::staff_app;
use shared::ids::StaffId;
use shared::store::StoreError;
use shared::store::incident::IncidentTable;
use shared::store::security_event::SecurityEvents;
use shared::store::table::Table;
use values::incident::{Action, Kind};

use shared::access::staff_keychain::StaffKeyring;

use crate::accounts::Accounts;
use crate::playbook::{Playbook, Playbooks};

/// The settings that both functions read from their environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Those of every function that the staff call.
    pub staff: staff_app::Config,
    /// Name of the table of incidents.
    pub incidents_table: String,
    /// Name of the table of accounts.
    pub identity_table: String,
    /// Name of the table of the audit log, whose stream detect reads.
    pub log_table: String,
}

impl Config {
    /// Reads what [`staff_app::Config::read`] reads, `SOTTO_TABLE_INCIDENTS`, `SOTTO_TABLE_IDENTITY` and
    /// `SOTTO_TABLE_LOG`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let names = ["SOTTO_TABLE_INCIDENTS", "SOTTO_TABLE_IDENTITY", "SOTTO_TABLE_LOG"];
        let (_, [incidents_table, identity_table, log_table]) = Backend::read_with(lookup, names)?;
        let staff = staff_app::Config::read(lookup)?;
        Ok(Self { staff, incidents_table, identity_table, log_table })
    }
}

/// The parts; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// Those of every function that the staff call.
    pub staff: staff_app::App,
    /// The incidents.
    pub incidents: IncidentTable,
    /// The accounts.
    pub accounts: Accounts,
    /// The security events, to read.
    pub read_log: Table,
    playbooks: Playbooks,
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
        let sdk = shared::http::aws::sdk_config(&config.staff.stores.backend)?;
        Self::with_sdk(config, clock, &sdk)
    }

    /// The same with AWS clients that are configured already.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Result<Self, String> {
        let playbooks = include_str!(concat!(env!("OUT_DIR"), "/playbooks.json"));
        let playbooks = serde_json::from_str(playbooks).map_err(|error| error.to_string())?;
        let staff = staff_app::App::with_sdk(&config.staff, clock.clone(), sdk);
        let dynamo = dynamodb(&config.staff.stores.backend, sdk);
        let kept = staff.staff_keys.audit_days();
        let table = config.incidents_table.clone();
        let accounts = Table::new(dynamo.clone(), config.identity_table.clone());
        Ok(Self(Arc::new(Parts {
            incidents: IncidentTable::new(dynamo.clone(), table, clock, kept),
            accounts: Accounts::new(accounts),
            read_log: Table::new(dynamo, config.staff.events_table.clone()),
            staff,
            playbooks,
        })))
    }

    /// Loads what the first request will need, while the runtime asks for that request.
    pub fn warm(&self) {
        self.staff.warm();
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.staff.clock
    }

    /// The playbook of a kind.
    #[expect(clippy::indexing_slicing, reason = "the build has seen that every kind has one")]
    pub(crate) fn playbook(&self, kind: Kind) -> &Playbook {
        &self.playbooks[kind.as_str()]
    }

    /// Whether nobody could manage the staff without this account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_last_admin(&self, staff: StaffId) -> Result<bool, StoreError> {
        let locks = self.staff.store.settings.locks().await?;
        self.accounts.is_last_admin(staff, |other| locks.has_account(other)).await
    }

    /// Whether the site has what an action is about: no site of this release asks a model.
    #[must_use]
    pub fn can(&self, action: Action) -> bool {
        action != Action::StopModel
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
