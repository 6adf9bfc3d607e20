//! What a function that serves visitors is made of: built once, in `main`.

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::keychain::Keys;
use store::Store;
use store::clients;
pub use store::clients::settings;
use values::clock::Clock;
use values::config::Config;

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
    /// What is stored.
    pub store: Arc<Store>,
    /// The keys of every request.
    pub keys: Keys,
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
        let sdk = connect::sdk_config(&config.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// The same with AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let store = Arc::new(clients::store(config, clock.clone(), sdk));
        Self(Arc::new(Parts {
            keys: Keys::new(Arc::clone(&store), clock.clone()),
            clock,
            issuer: config.backend.issuer.clone(),
            origins: config.origins.clone(),
            store,
        }))
    }

    /// Loads what the first request will need, while the runtime asks for that request. What fails
    /// here fails again, and is answered, when it is needed.
    pub fn warm(&self) {
        let app = self.clone();
        tokio::spawn(async move {
            let _warmed = app.keys.get().await;
        });
    }
}
