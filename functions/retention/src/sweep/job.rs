//! The sweep as Lambda calls it: by its schedule, or by an operator.

use std::fmt;

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::http::metrics::Metric;
use shared::http::telemetry::{self, Invocation, Outcome};
use shared::store::StoreError;

use super::Budget;
use crate::state::App;

/// The job and what it works with.
pub struct Job(App);

/// Why a run broke off; Lambda calls again, and the run goes on where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSwept(StoreError);

impl fmt::Display for NotSwept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for NotSwept {}

impl Job {
    /// The job over the parts of the function.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }

    /// Handles a call and says what was done.
    ///
    /// # Errors
    /// [`NotSwept`].
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, NotSwept> {
        let invocation = Invocation::begin(telemetry::Job::Sweep, &self.0.clock, &event.context);
        let budget = Budget::until(self.0.clock.now_ms(), event.context.deadline);
        let swept = super::run_within(&self.0, budget).await;
        let outcome = if swept.is_ok() { Outcome::Done } else { Outcome::Failed };
        let (done, counts) = (swept.is_ok(), swept.as_ref().cloned().unwrap_or_default());
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        invocation
            .end(outcome)
            .with("erasures", count(counts.erasures))
            .with("items", count(counts.items))
            .with("aligned", count(counts.aligned))
            .count(Metric::Swept, u64::from(done))
            .count(Metric::KeyExpired, count(counts.expired))
            .count(Metric::Corrupt, count(counts.damaged))
            .count(Metric::LedgerBehind, count(counts.replayed))
            .count(Metric::ErasureUnproven, count(counts.unproven))
            .count(Metric::ErasureAge, counts.oldest_erasure_seconds)
            .count(Metric::PurgeAge, counts.oldest_purge_seconds)
            .count(Metric::RequestsDue, count(counts.requests_due))
            .print();
        swept.map(|swept| json!(swept)).map_err(NotSwept)
    }
}
