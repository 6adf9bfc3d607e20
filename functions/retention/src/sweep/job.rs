//! The sweep as Lambda calls it: by its schedule, or by an operator.

use std::fmt;

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::http::metrics::Metric;
use shared::http::telemetry::{self, Invocation, Outcome};
use shared::store::StoreError;

use super::Budget;
use super::compromise::{self, NoWish, Wish};
use shared::http::staff_app::App;

/// The job and what it works with.
pub struct Job(App);

/// Why a run broke off; Lambda calls again, and the run goes on where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSwept {
    /// Something was not to be had.
    Store(StoreError),
    /// The event asks for the change of a key that cannot be asked for. Nothing was done.
    NoWish,
}

impl fmt::Display for NotSwept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(out),
            Self::NoWish => out.write_str(
                "nothing was changed: the event takes compromised, which is index or branch, and no other field",
            ),
        }
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
        if let Some(wish) = Wish::read(event.payload) {
            let changed = match wish {
                Ok(wish) => {
                    Box::pin(compromise::fulfil(&self.0, wish)).await.map_err(NotSwept::Store)
                }
                Err(NoWish) => Err(NotSwept::NoWish),
            };
            let is_new = |report: &Value| report.get("changed") == Some(&json!(true));
            let outcome = if changed.is_ok() { Outcome::Done } else { Outcome::Failed };
            let count = u64::from(changed.as_ref().is_ok_and(is_new));
            invocation.end(outcome).count(Metric::KeyChanged, count).print();
            return changed;
        }
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
        swept.map(|swept| json!(swept)).map_err(NotSwept::Store)
    }
}
