//! The check before traffic: `CodeDeploy` calls it when new versions are published and before the
//! first visitor reaches them. It visits them as a browser would, sealing included, and says whether
//! the rollout may go on.
//!
//! Called by `CodeDeploy` (hook `BeforeAllowTraffic`). Invokes the new versions of intake, auth,
//! retention and site, whichever of them the deployment is of, and tells `CodeDeploy` the verdict; it
//! reads and writes no table and uses no key. What it leaves is one closed conversation in the site `default` and one
//! failed sign-in, see [`visit`].

pub mod config;
mod gateway;
mod seal;
pub mod verdict;
mod visit;

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::error::ProvideErrorMetadata;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::clock::Clock;
use shared::http::telemetry::{Invocation, Job, Outcome};

use config::Config;
use gateway::Gateway;
use verdict::{Check, Failure, Fault};
use visit::Visit;

/// How long the checks may take; the rest of the function's minute is for the verdict.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long one attempt to tell it may take.
const REPORT: Duration = Duration::from_secs(3);

/// The hook and what it works with.
pub struct Hook {
    config: Config,
    clock: Clock,
    gateway: Gateway,
    codedeploy: Client,
    patience: Duration,
}

/// What `CodeDeploy` was told.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Verdict {
    /// `Succeeded` or `Failed`.
    pub status: &'static str,
    /// The check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Why a call ended without a verdict; Lambda calls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookError {
    /// The event is none of `CodeDeploy`'s. Nothing was done.
    UnknownEvent,
    /// `CodeDeploy` was not told.
    NotReported,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

impl Hook {
    /// The hook over AWS clients that are configured already.
    #[must_use]
    pub fn new(config: Config, clock: Clock, sdk: &SdkConfig) -> Self {
        let mut codedeploy = aws_sdk_codedeploy::config::Builder::from(sdk).timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(REPORT)
                .operation_timeout(REPORT * 4)
                .build(),
        );
        codedeploy.set_endpoint_url(config.codedeploy_endpoint.clone());
        Self {
            gateway: Gateway::new(&config, sdk),
            codedeploy: Client::from_conf(codedeploy.build()),
            config,
            clock,
            patience: PATIENCE,
        }
    }

    /// The same with another time for all checks, of which a part waits for rights.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, gateway: self.gateway.with_rights_within(patience / 2), ..self }
    }

    /// Handles a call: visits the new versions and tells `CodeDeploy` whether they may be visited.
    ///
    /// # Errors
    /// [`HookError`].
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Verdict, HookError> {
        let invocation = Invocation::begin(Job::Preflight, &self.clock, &event.context);
        let Ok(event) = serde_json::from_value(event.payload) else {
            invocation.end(Outcome::Failed).print();
            return Err(HookError::UnknownEvent);
        };
        let visit = Visit::new(&self.config, &self.gateway, &self.clock, self.patience);
        let failure = Box::pin(visit.run()).await.err();
        let reported = self.report(event, failure).await;
        let passed = failure.is_none() && reported.is_ok();
        invocation
            .end(if passed { Outcome::Done } else { Outcome::Failed })
            .with_some("check", failure.map(|failure| failure.check))
            .with_some("fault", failure.map(|failure| failure.fault))
            .with_some("answered_status", failure.and_then(|failure| failure.fault.status()))
            .with("reported", reported.is_ok())
            .print();
        reported.map(|status| Verdict {
            status,
            check: failure.map(|failure| failure.check),
            fault: failure.map(|failure| failure.fault),
        })
    }

    async fn report(
        &self,
        event: Event,
        failure: Option<Failure>,
    ) -> Result<&'static str, HookError> {
        let (status, word) = match failure {
            None => (LifecycleEventStatus::Succeeded, "Succeeded"),
            Some(_) => (LifecycleEventStatus::Failed, "Failed"),
        };
        let told = self
            .codedeploy
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(event.deployment_id)
            .lifecycle_event_hook_execution_id(event.lifecycle_event_hook_execution_id)
            .status(status)
            .send()
            .await;
        match told {
            Ok(_) => Ok(word),
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                // An earlier call told it and was not sure of it.
                if code == Some("LifecycleEventAlreadyCompletedException") {
                    return Ok(word);
                }
                tracing::error!(code, "CodeDeploy was not told the verdict");
                Err(HookError::NotReported)
            }
        }
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::UnknownEvent => {
                "the event has no DeploymentId and LifecycleEventHookExecutionId: it is not CodeDeploy's"
            }
            Self::NotReported => "CodeDeploy was not told the verdict",
        })
    }
}

impl std::error::Error for HookError {}
