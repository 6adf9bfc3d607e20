//! The parts of a function that serves visitors, built once in `main`.

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::bases::Bases;
use crate::keychain::Keys;
use crate::transport::{OpensSealed, Transport};
use store::clients;
pub use store::clients::settings;
use store::lock::LocksInForce;
use store::security_event::SecurityEvents;
use store::{Store, StoreError};
use values::clock::Clock;
use values::config::{GuestLimit, VisitorsConfig};
use values::policy::AuditDays;
use values::site::Site;

/// The parts of a function; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// The deployment's name in tokens.
    pub issuer: String,
    /// Origins whose pages may call.
    pub origins: Vec<String>,
    /// Access to the stored data.
    pub store: Arc<Store>,
    /// The bases that the bot answers from.
    pub bases: Bases,
    /// The keys of every request.
    pub keys: Keys,
    /// Whether visitors' requests and their responses have to be sealed.
    pub sealed_only: bool,
    /// The locks of incidents.
    pub locks: LocksInForce,
    /// How far guests are limited by their network.
    pub guest_limit: GuestLimit,
    /// Records that a network went over its limit.
    pub events: SecurityEvents,
    /// How long such a record is kept.
    pub audit_days: AuditDays,
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
    pub fn build(config: &VisitorsConfig, clock: Clock) -> Result<Self, String> {
        let sdk = connect::sdk_config(&config.stores.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// The same with AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &VisitorsConfig, clock: Clock, sdk: &SdkConfig) -> Self {
        let stores = &config.stores;
        let store = Arc::new(clients::store(stores, clock.clone(), sdk));
        let audit_days = AuditDays::default();
        let (dynamo, table) =
            (clients::dynamodb(&stores.backend, sdk), config.events_table.clone());
        let (settings, kept) = (Arc::clone(&store.settings), audit_days.clone());
        Self(Arc::new(Parts {
            bases: Bases::new(Arc::clone(&store)),
            keys: Keys::new(Arc::clone(&store), clock.clone()),
            locks: LocksInForce::new(Arc::clone(&store.settings), clock.clone()),
            guest_limit: config.guest_limit,
            sealed_only: config.sealed_only,
            events: SecurityEvents::new(dynamo, table, settings, clock.clone(), kept),
            audit_days,
            clock,
            issuer: stores.backend.issuer.clone(),
            origins: stores.origins.clone(),
            store,
        }))
    }

    /// Loads the keys, settings and bases that the first request will need, while the runtime asks for that
    /// request. A failure is ignored: the request loads them again and answers the error.
    pub fn warm(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let bases = app.bases.of(Site::SHIPPED);
            let _warmed = tokio::join!(app.keys.get(), bases, app.locks.get());
        });
    }
}

impl OpensSealed for App {
    fn sealed_only(&self) -> bool {
        self.sealed_only
    }

    async fn transport(&self) -> Result<Arc<Transport>, StoreError> {
        self.keys.get().await.map(|keys| Arc::clone(&keys.transport))
    }

    async fn newer_transport(&self, known: &Transport) -> Result<Arc<Transport>, StoreError> {
        self.keys.newer_than(known).await.map(|keys| Arc::clone(&keys.transport))
    }
}
