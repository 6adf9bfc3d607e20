//! The services that a rollout is checked and reported through: Lambda, which runs a version that has
//! no traffic yet, and `CodeDeploy`, which waits for the verdict.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;

/// Invokes versions of functions.
pub struct Versions(aws_sdk_lambda::Client);

/// Why an invocation gave nothing. The words of Lambda are not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInvoked {
    /// The role may not invoke this version, or not yet.
    NotAllowed,
    /// There is no such version.
    NoSuchVersion,
    /// Lambda is over its limits.
    Throttled,
    /// The function ended with an error.
    FunctionFailed,
    /// Anything else.
    LambdaFailed,
}

impl Versions {
    /// A client at that endpoint, or at AWS. `attempt` is how long one attempt may take; the retries
    /// together get three times as long.
    #[must_use]
    pub fn new(sdk: &SdkConfig, endpoint: Option<String>, attempt: Duration) -> Self {
        // Unset, the whole would be what the settings of all clients say: less than one attempt.
        let patience = patience(attempt, attempt * 3);
        let mut lambda = aws_sdk_lambda::config::Builder::from(sdk).timeout_config(patience);
        lambda.set_endpoint_url(endpoint);
        Self(aws_sdk_lambda::Client::from_conf(lambda.build()))
    }

    /// Invokes a version and gives its response.
    ///
    /// # Errors
    /// [`NotInvoked`].
    pub async fn invoke(&self, version: &str, event: &[u8]) -> Result<Vec<u8>, NotInvoked> {
        let invoked = self
            .0
            .invoke()
            .function_name(version)
            .payload(Blob::new(event))
            .send()
            .await
            .map_err(|error| fault(error.as_service_error()))?;
        if invoked.function_error().is_some() {
            return Err(NotInvoked::FunctionFailed);
        }
        Ok(invoked.payload.map(Blob::into_inner).unwrap_or_default())
    }
}

fn fault(error: Option<&InvokeError>) -> NotInvoked {
    match error.and_then(ProvideErrorMetadata::code) {
        Some("AccessDeniedException") => NotInvoked::NotAllowed,
        Some("ResourceNotFoundException") => NotInvoked::NoSuchVersion,
        Some("TooManyRequestsException") => NotInvoked::Throttled,
        _ => NotInvoked::LambdaFailed,
    }
}

/// Tells `CodeDeploy` the verdicts of its hooks.
pub struct Rollouts(aws_sdk_codedeploy::Client);

/// `CodeDeploy` was not told; the log has its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTold;

impl Rollouts {
    /// A client at that endpoint, or at AWS. `attempt` is how long one attempt may take; the retries
    /// together get four times as long.
    #[must_use]
    pub fn new(sdk: &SdkConfig, endpoint: Option<String>, attempt: Duration) -> Self {
        let patience = patience(attempt, attempt * 4);
        let mut codedeploy =
            aws_sdk_codedeploy::config::Builder::from(sdk).timeout_config(patience);
        codedeploy.set_endpoint_url(endpoint);
        Self(aws_sdk_codedeploy::Client::from_conf(codedeploy.build()))
    }

    /// Says whether a deployment may go on, once an execution of its hook has ended.
    ///
    /// # Errors
    /// [`NotTold`].
    pub async fn tell(
        &self,
        deployment: String,
        execution: String,
        may_go_on: bool,
    ) -> Result<(), NotTold> {
        let status =
            if may_go_on { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let told = self
            .0
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(deployment)
            .lifecycle_event_hook_execution_id(execution)
            .status(status)
            .send()
            .await;
        let Err(error) = told else { return Ok(()) };
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        // An earlier call told it and was not sure of it.
        if code == Some("LifecycleEventAlreadyCompletedException") {
            return Ok(());
        }
        tracing::error!(code, "CodeDeploy was not told the verdict");
        Err(NotTold)
    }
}

fn patience(attempt: Duration, whole: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(attempt)
        .operation_timeout(whole)
        .build()
}
