//! The way to AWS, for every client of a service: built once, in the init phase, with bounded patience.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use values::config::{Backend, TrustRoots};

/// The roots that AWS endpoints chain to (Amazon Trust Services: Amazon Root CA 1 to 4 and Starfield
/// Services Root CA G2).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// The configuration of the AWS clients of a function that touches keys: see [`sdk`].
///
/// # Errors
/// A sentence, when the file of trust roots cannot be read or TLS cannot be set up.
pub fn sdk_config(backend: &Backend) -> Result<SdkConfig, String> {
    sdk(&backend.region, &backend.trust_roots)
}

/// The configuration of AWS clients: credentials from the environment, where Lambda puts them,
/// three attempts of a second each. It is put together here and not by the library's loader, which
/// would look for files and metadata services that a function does not have.
///
/// # Errors
/// A sentence, when the file of trust roots cannot be read or TLS cannot be set up.
pub fn sdk(region: &str, trust_roots: &TrustRoots) -> Result<SdkConfig, String> {
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls(trust_roots)?)
        .build_https();
    let credentials = EnvironmentVariableCredentialsProvider::new();
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(client)
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(50)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_secs(1))
                .operation_timeout(Duration::from_secs(4))
                .build(),
        )
        .build())
}

/// A connection of the same kind for the one request to AWS that no client makes: to a URL that was
/// signed in advance.
///
/// # Errors
/// As [`sdk`].
pub fn connector(trust_roots: &TrustRoots) -> Result<Connector, String> {
    Ok(Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls(trust_roots)?)
        .build())
}

fn tls(trust_roots: &TrustRoots) -> Result<TlsContext, String> {
    let roots = match trust_roots {
        TrustRoots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        TrustRoots::System => TrustStore::default(),
        TrustRoots::File(path) => {
            let pem = std::fs::read(path)
                .map_err(|error| format!("SOTTO_TRUST_ROOTS names {path:?}: {error}."))?;
            TrustStore::empty().with_pem_certificate(pem)
        }
    };
    TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| format!("TLS could not be set up: {error}."))
}
