//! The embedded AWS, driven over the wire by the official SDKs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod command;
mod dynamodb;
mod faults;
mod kms;
mod restart;

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use local::aws::{Aws, Options};
use template::Template;

/// The tables of the deployment.
pub(crate) fn tables() -> Template {
    Template::deployed().unwrap().clone()
}

/// An AWS in memory on a free port.
pub(crate) fn in_memory() -> Aws {
    Aws::start(Options::default()).unwrap()
}

/// A client that gives up after `timeout` and does not retry.
pub(crate) fn dynamodb(url: &str, timeout: Duration) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(timeout).build())
            .build(),
    )
}

/// A client that gives up after `timeout` and does not retry.
pub(crate) fn kms(url: &str, timeout: Duration) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(
        aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(timeout).build())
            .build(),
    )
}

/// Long enough for a machine under load; only a defect waits for it.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);
/// Short, for faults that never answer.
pub(crate) const IMPATIENT: Duration = Duration::from_millis(300);
