//! What a function that serves visitors is made of: built once, in `main`.

use std::sync::Arc;

use aws_config::SdkConfig;

use super::aws;
use crate::access::keychain::Keys;
use crate::clock::Clock;
use crate::config::{Backend, Config};
use crate::seal::keyring::Keyring;
use crate::store::Store;
use crate::store::settings::Settings;

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
        let sdk = aws::sdk_config(&config.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// The same with AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let dynamo = aws::dynamodb(&config.backend, sdk);
        let settings = Arc::new(over(&config.backend, clock.clone(), sdk, dynamo.clone()));
        let store = Arc::new(Store::new(config, dynamo, settings, clock.clone()));
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

/// The settings table and its keyring, for functions that need nothing else.
#[must_use]
pub fn settings(backend: &Backend, clock: Clock, sdk: &SdkConfig) -> Settings {
    over(backend, clock, sdk, aws::dynamodb(backend, sdk))
}

fn over(
    backend: &Backend,
    clock: Clock,
    sdk: &SdkConfig,
    dynamo: aws_sdk_dynamodb::Client,
) -> Settings {
    let keyring = Keyring::new(aws::kms(backend, sdk), backend.kms_key.clone(), clock.clone());
    Settings::new(dynamo, backend, keyring, clock)
}
