//! The check before traffic: `CodeDeploy` calls it when new versions are published and before the
//! first visitor reaches them. It visits them as a browser would, sealing included, and says whether
//! the rollout may go on.
//!
//! Called by `CodeDeploy` (hook `BeforeAllowTraffic`). Invokes the new versions of intake, auth,
//! retention, desk, editor, training, monitor, audit and site, whichever of them the deployment is of, and
//! tells `CodeDeploy` the verdict; it reads and writes no table and uses no key. It leaves one closed
//! conversation in the site `default` and one failed sign-in, see [`visit`].

pub mod config;
mod gateway;
mod seal;
pub mod verdict;
mod visit;

use std::fmt;
use std::time::Duration;

use connect::SdkConfig;
use deploys::Rollouts;
use edge::telemetry::{Invocation, Job, Outcome};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::clock::Clock;

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
    rollouts: Rollouts,
    patience: Duration,
}

/// The verdict that `CodeDeploy` was told.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Verdict {
    /// `Succeeded` or `Failed`.
    pub status: &'static str,
    /// The check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The reason why it did not pass.
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
        Self {
            gateway: Gateway::new(&config, sdk),
            rollouts: Rollouts::new(sdk, config.codedeploy_endpoint.clone(), REPORT),
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
        let (may_go_on, word) = match failure {
            None => (true, "Succeeded"),
            Some(_) => (false, "Failed"),
        };
        self.rollouts
            .tell(event.deployment_id, event.lifecycle_event_hook_execution_id, may_go_on)
            .await
            .map(|()| word)
            .map_err(|_| HookError::NotReported)
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
