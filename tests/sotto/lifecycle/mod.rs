//! The creation and change of a stack: the first keys, the check before traffic.

mod aws;
mod keys;
mod listener;
mod preflight;

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

/// Credentials that nobody looks at.
fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "tests"))
}
