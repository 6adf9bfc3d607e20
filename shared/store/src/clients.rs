//! The clients of DynamoDB and KMS, and what stands on them.

use std::sync::Arc;

use aws_config::SdkConfig;
use values::clock::Clock;
use values::config::{Backend, Config};

use super::Store;
use super::keyring::Keyring;
use super::settings::Settings;

/// The DynamoDB client, at the endpoint of the configuration if it names one.
#[must_use]
pub fn dynamodb(backend: &Backend, sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    dynamodb_at(backend.dynamodb_endpoint.clone(), sdk)
}

/// The DynamoDB client at that endpoint, or at AWS.
#[must_use]
pub fn dynamodb_at(endpoint: Option<String>, sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::config::Builder::from(sdk);
    config.set_endpoint_url(endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// The KMS client, at the endpoint of the configuration if it names one.
#[must_use]
pub fn kms(backend: &Backend, sdk: &SdkConfig) -> aws_sdk_kms::Client {
    let mut config = aws_sdk_kms::config::Builder::from(sdk);
    config.set_endpoint_url(backend.kms_endpoint.clone());
    aws_sdk_kms::Client::from_conf(config.build())
}

/// The settings table and its keyring, for functions that need nothing else.
#[must_use]
pub fn settings(backend: &Backend, clock: Clock, sdk: &SdkConfig) -> Settings {
    over(backend, clock, sdk, dynamodb(backend, sdk))
}

/// The tables that visitors' functions use, with the keys that open them.
#[must_use]
pub fn store(config: &Config, clock: Clock, sdk: &SdkConfig) -> Store {
    let dynamo = dynamodb(&config.backend, sdk);
    let settings = Arc::new(over(&config.backend, clock.clone(), sdk, dynamo.clone()));
    Store::new(config, dynamo, settings, clock)
}

fn over(
    backend: &Backend,
    clock: Clock,
    sdk: &SdkConfig,
    dynamo: aws_sdk_dynamodb::Client,
) -> Settings {
    let keyring = Keyring::new(kms(backend, sdk), backend.kms_key.clone(), clock.clone());
    let tables = (backend.settings_table.clone(), backend.transport_table.clone());
    Settings::new(dynamo, tables, keyring, clock)
}
