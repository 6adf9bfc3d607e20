//! The parts of a function that the staff call about visitors, built once in `main`.

use std::sync::Arc;

use crate::bases::Bases;
use crate::requirement::KnowsStaff;
use crate::staff::Staff;
use crate::staff_keychain::StaffKeyring;
use crate::transport::{OpensSealed, Transport, TransportKeys};
use aws_config::SdkConfig;
use edge::demands::Backing;
use store::clients;
use store::security_event::{Action, SecurityEvent, SecurityEvents};
use store::table::Table;
use store::training::Trainings;
use store::{Store, StoreError};
use values::clock::Clock;
use values::config::{self, Backend, ConfigError, Lookup};
use values::ids::StaffId;
use values::internet::Reach;
use values::problem::{Code, Problem};
use values::role::Role;
use values::site::Site;

/// The settings that the function reads from its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Keys and tables of what visitors leave.
    pub stores: config::Config,
    /// Name of the table of security events.
    pub events_table: String,
    /// Name of the table of trainings.
    pub training_table: String,
    /// Whether agents' requests and their responses have to be sealed.
    pub sealed_only: bool,
    /// Name of the table of the audit log, where the function reads it.
    pub log_table: Option<String>,
}

impl Config {
    /// Reads what [`config::Config::read`] reads, `SOTTO_TABLE_EVENTS` and `SOTTO_TABLE_TRAINING`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let names = ["SOTTO_TABLE_EVENTS", "SOTTO_TABLE_TRAINING"];
        let (_, [events_table, training_table]) = Backend::read_with(lookup, names)?;
        let stores = config::Config::read(lookup)?;
        Ok(Self { stores, events_table, training_table, sealed_only: false, log_table: None })
    }

    /// Reads what [`Config::read`] reads, and `SOTTO_SEALED_ONLY` (`on` or `off`, which is the default), of
    /// a function that takes sealed requests.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing or not usable.
    pub fn read_sealable(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        // Both are read, so that the first error hides none of the others' names.
        let (sealed_only, config) = (config::sealed_only(lookup), Self::read(lookup)?);
        Ok(Self { sealed_only: sealed_only?, ..config })
    }

    /// Reads what [`Config::read`] reads, and `SOTTO_TABLE_LOG`, of a function that reads the audit log.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read_with_log(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let (_, [log_table]) = Backend::read_with(lookup, ["SOTTO_TABLE_LOG"])?;
        Ok(Self { log_table: Some(log_table), ..Self::read(lookup)? })
    }
}

/// The parts of the function; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// The deployment's name in tokens and receipts.
    pub issuer: String,
    /// The keys that verify staff tokens and receipts.
    pub staff_keys: StaffKeyring,
    /// The keys that agents seal to; loaded where they do.
    pub transport_keys: TransportKeys,
    /// Whether agents' requests and their responses have to be sealed.
    pub sealed_only: bool,
    /// The store of visitors' data, and of the requests about it.
    pub store: Arc<Store>,
    /// The bases that the bot answers from.
    pub bases: Bases,
    /// The security events, which say who read what and why.
    pub events: SecurityEvents,
    /// The trainings of the staff.
    pub trainings: Trainings,
    /// Where webhooks may lead.
    pub webhooks: Reach,
    /// The audit log, where the function reads it.
    pub log: Option<Table>,
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
        let sdk = connect::sdk_config(&config.stores.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// The same with AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let backend = &config.stores.backend;
        let settings = Arc::new(clients::settings(backend, clock.clone(), sdk));
        let dynamo = clients::dynamodb(backend, sdk);
        let staff_keys = StaffKeyring::new(Arc::clone(&settings), clock.clone());
        let kept = staff_keys.audit_days();
        let table = config.training_table.clone();
        let trainings = Trainings::new(dynamo.clone(), table, clock.clone(), kept.clone());
        let table = config.events_table.clone();
        let events =
            SecurityEvents::new(dynamo.clone(), table, Arc::clone(&settings), clock.clone(), kept);
        let log = config.log_table.clone().map(|name| Table::new(dynamo.clone(), name));
        let store =
            Arc::new(Store::new(&config.stores, dynamo, Arc::clone(&settings), clock.clone()));
        Self(Arc::new(Parts {
            log,
            bases: Bases::new(Arc::clone(&store)),
            issuer: backend.issuer.clone(),
            staff_keys,
            transport_keys: TransportKeys::new(settings, clock.clone()),
            sealed_only: config.sealed_only,
            store,
            events,
            trainings,
            clock,
            webhooks: config.stores.webhooks,
        }))
    }

    /// Loads what the first request will need, while the runtime asks for that request. A failure
    /// here is ignored: the request that needs it tries again, and answers the error.
    pub fn warm(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let _warmed = app.staff_keys.get().await;
        });
    }
}

/// The gate before what visitors write: lets pass who has every certificate, or is in their first days. A
/// refusal is recorded as an event of who asked, with `asked_for`: the conversation.
///
/// # Errors
/// [`Code::TrainingRequired`], or that the table cannot be read.
pub async fn trained(
    app: &App,
    (staff, by): (StaffId, StaffId),
    asked_for: impl Into<String>,
) -> Result<(), Problem> {
    if app.clock.now_ms() < app.trainings.begun(staff).await?.current_until() {
        return Ok(());
    }
    app.events.append(SecurityEvent::by(by, Action::TrainingRequired, asked_for)).await?;
    let detail = if staff == by {
        "Every course has to be passed: GET /v1/training/me says which are due."
    } else {
        "The colleague has to pass every course first."
    };
    Err(Problem::new(Code::TrainingRequired, detail))
}

/// Refuses what an incident has locked on the site; who looks into incidents goes on.
///
/// # Errors
/// [`Code::LockedDown`], or that the locks cannot be read.
pub async fn not_locked_down(app: &App, staff: &Staff, site: &Site) -> Result<(), Problem> {
    let is_locked = app.staff_keys.get().await?.locks().locks_down(site.id);
    if is_locked && !staff.roles.has(Role::Security) {
        return Err(Code::LockedDown.into());
    }
    Ok(())
}

/// Refuses an export by the staff while an incident has frozen them, or has locked the site.
///
/// # Errors
/// [`Code::LockedDown`], or that the locks cannot be read.
pub async fn not_frozen(app: &App, site: &Site) -> Result<(), Problem> {
    let keys = app.staff_keys.get().await?;
    if keys.locks().freezes_exports(site.id) || keys.locks().locks_down(site.id) {
        return Err(Code::LockedDown.into());
    }
    Ok(())
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
        &self.events
    }
}

impl OpensSealed for App {
    fn sealed_only(&self) -> bool {
        self.sealed_only
    }

    async fn transport(&self) -> Result<Arc<Transport>, StoreError> {
        self.transport_keys.get().await
    }

    async fn newer_transport(&self, known: &Transport) -> Result<Arc<Transport>, StoreError> {
        self.transport_keys.newer_than(known).await
    }
}
