//! The clients: credentials as the AWS CLI finds them, and every refusal turned into [`CouldNot`].

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use shared::config::TrustRoots;

use crate::finding::{CouldNot, Obstacle};

/// One client a service. None of them is ever asked for an item or a message.
pub struct Clients {
    pub(crate) apigateway: aws_sdk_apigatewayv2::Client,
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    /// The region of the stack.
    pub region: String,
    /// The endpoint of another AWS, for instance the local one; `None` for AWS itself.
    pub(crate) endpoint: Option<String>,
    /// The certificate authorities that the stack's own address chains to.
    pub(crate) trust_roots: TrustRoots,
}

impl Clients {
    /// Finds region and credentials where the AWS CLI does: arguments, environment, profile, IAM
    /// Identity Center, container, instance. The machine's own certificate authorities are trusted,
    /// since a company's network may have its own.
    ///
    /// # Errors
    /// A sentence, when no region is configured.
    pub async fn connect(region: Option<String>) -> Result<Self, String> {
        let patience = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_timeout(Duration::from_secs(20))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(web())
            .timeout_config(patience);
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        let sdk = loader.load().await;
        let region = sdk
            .region()
            .map(ToString::to_string)
            .ok_or("No region is configured: give --region, or set AWS_REGION.")?;
        Ok(Self::of(&sdk, region, TrustRoots::System))
    }

    /// The clients of a function, which asks some hundred times in a row: with more patience than a request has, since
    /// AWS throttles such calls.
    #[must_use]
    pub fn patient(
        sdk: &SdkConfig,
        region: String,
        endpoint: Option<String>,
        trust_roots: TrustRoots,
    ) -> Self {
        let mut patient = sdk.to_builder();
        patient.set_endpoint_url(endpoint);
        patient.set_retry_config(Some(
            RetryConfig::standard()
                .with_max_attempts(8)
                .with_initial_backoff(Duration::from_millis(200)),
        ));
        patient.set_timeout_config(Some(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(2))
                .operation_attempt_timeout(Duration::from_secs(5))
                .operation_timeout(Duration::from_secs(20))
                .build(),
        ));
        Self::of(&patient.build(), region, trust_roots)
    }

    /// The clients by a configuration that is there already.
    #[must_use]
    pub fn of(sdk: &SdkConfig, region: String, trust_roots: TrustRoots) -> Self {
        Self {
            apigateway: aws_sdk_apigatewayv2::Client::new(sdk),
            cloudformation: aws_sdk_cloudformation::Client::new(sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            iam: aws_sdk_iam::Client::new(sdk),
            kms: aws_sdk_kms::Client::new(sdk),
            lambda: aws_sdk_lambda::Client::new(sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            region,
            endpoint: sdk.endpoint_url().map(ToOwned::to_owned),
            trust_roots,
        }
    }
}

/// Connections that trust the machine's own certificate authorities. They speak plain HTTP as well, with a local AWS.
#[must_use]
pub fn web() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https()
}

/// The reason why a call of `action` has no answer. Only codes of the service and causes of the
/// connection are repeated.
pub fn could_not<E>(action: &'static str) -> impl FnOnce(E) -> CouldNot
where
    E: ProvideErrorMetadata + Error,
{
    move |error| {
        let reason = match error.code() {
            Some(code) if code.contains("AccessDenied") || code == "UnauthorizedOperation" => {
                Obstacle::Denied
            }
            Some(code) => Obstacle::Refused(code.to_owned()),
            None => Obstacle::NoAnswer(innermost(&error)),
        };
        CouldNot { action, reason }
    }
}

/// Whether the service says that there is no such thing.
pub(crate) fn is_absent(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| {
        code.contains("NotFound") || code.contains("NonExistent") || code.contains("DoesNotExist")
    })
}

fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
