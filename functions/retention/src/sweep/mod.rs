//! The sweep: destroys what is past its time, and finishes what was begun. Each run does a bounded
//! part and stores how far it is; one that is cut off anywhere does no harm, and the next goes on.

mod align;
mod erasures;
mod expiry;
pub mod holds;
pub mod job;
mod ledger;
mod retire;

use serde::Serialize;
use shared::store::StoreError;
use shared::store::case::ANSWER_SOON_MS;
use shared::store::progress::Progress;
use shared::values::site::Site;

use crate::state::App;

/// What a run may do at most, so that it ends within its two minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Erasures carried out again in a table that was restored.
    pub replays: i32,
    /// Keys destroyed because their time is up.
    pub keys: usize,
    /// Erasures whose ciphertext is deleted.
    pub erasures: i32,
    /// Items of logs deleted, or given another TTL.
    pub items: usize,
    /// Rows looked at when the policy has changed.
    pub rows: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { replays: 200, keys: 2_000, erasures: 50, items: 10_000, rows: 5_000 }
    }
}

/// What a run did.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Erasures carried out again, because a table had not followed the ledger.
    pub replayed: usize,
    /// Keys destroyed because their time was up.
    pub expired: usize,
    /// Erasures that were finished.
    pub erasures: usize,
    /// Erasures carried out that had waited for a hold to end.
    pub released: usize,
    /// Items of logs that were deleted.
    pub items: usize,
    /// Rows whose end was brought into line with the policy.
    pub aligned: usize,
    /// Branch keys and transport keys that were retired.
    pub retired: usize,
    /// Requests of subjects that are due within five days, or overdue.
    pub requests_due: usize,
    /// What did not open, or is of another version: left as it is, and told.
    pub damaged: usize,
    /// Whether a table has still to follow the ledger.
    pub behind: bool,
}

/// Runs the sweep with what it may do at most.
///
/// # Errors
/// [`StoreError`]; what was done until then stays, and the next run goes on from there.
pub async fn run(app: &App) -> Result<Swept, StoreError> {
    run_within(app, Budget::default()).await
}

/// The same with another budget.
///
/// # Errors
/// As [`run`].
pub async fn run_within(app: &App, budget: Budget) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    let policy = app.store.settings.retention_policy(Site::SHIPPED).await?;
    app.staff_keys.audit_days().follow(&policy.policy);
    // First, since nothing is read of a table that has not followed.
    ledger::replay(app, &policy, budget, &mut swept).await?;
    let mut progress: Progress = app.store.sweep_progress().await?;
    let was_restored = app.store.stamp_of_keys().await? != progress.stamp;
    if was_restored {
        // What has ended since its copy was made is in hours that were left behind.
        progress.align_anew();
        ledger::follow_holds(app, &policy, &mut swept).await?;
    }
    expiry::destroy(app, &policy.policy, budget, &mut progress, &mut swept).await?;
    holds::sweep(app, &policy, budget, &mut swept).await?;
    erasures::finish(app, budget, &mut swept).await?;
    erasures::delete_queued(app, budget, &mut swept).await?;
    align::follow(app, &policy, budget, &mut progress, &mut swept).await?;
    let retired = retire::keys(app, &policy).await;
    swept.retired = go_on(retired, &mut swept)?.unwrap_or_default();
    swept.requests_due = app.store.cases_due(ANSWER_SOON_MS).await?;
    progress.stamp = Some(app.store.stamp_keys().await?);
    app.store.put_sweep_progress(&progress).await?;
    Ok(swept)
}

/// What is damaged must not stop what is not: it is told and left as it is.
fn go_on<T>(done: Result<T, StoreError>, swept: &mut Swept) -> Result<Option<T>, StoreError> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(error @ (StoreError::Corrupt { .. } | StoreError::OtherVersion)) => {
            swept.damaged += 1;
            tracing::error!(%error, "the sweep leaves something as it is");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
