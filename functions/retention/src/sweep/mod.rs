//! The sweep: destroys what is past its time, and finishes what was begun. Each run does as much as it
//! has time for and stores how far it is; one that is cut off anywhere does no harm, and the next goes on.

mod align;
mod compromise;
mod erasures;
mod expiry;
pub mod holds;
pub mod job;
mod ledger;
mod retire;
mod rewrap;
mod several;

use serde::Serialize;
use shared::clock::UnixMillis;
use shared::store::StoreError;
use shared::store::case::ANSWER_SOON_MS;
use shared::store::policy::StoredPolicy;
use shared::store::progress::Progress;
use shared::values::site::Site;

use shared::http::staff_app::App;

/// The budget of a run: as many steps as there is time for, and one step of each part in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// When the run is to end.
    pub until_ms: UnixMillis,
    /// Erasures, rows or items of a step.
    pub step: usize,
}

/// The time of a run without a known deadline; template.yaml gives it two minutes.
const RUN_MS: UnixMillis = 90_000;
/// The time that a step which is under way at the end of the budget may still take.
const MARGIN_MS: UnixMillis = 20_000;
/// The longest that Lambda lets a function run.
const LONGEST_RUN_MS: UnixMillis = 15 * 60_000;
const STEP: usize = 200;

impl Budget {
    /// Of a run that begins now and is cut off at `deadline_ms`, if that is told.
    #[must_use]
    pub fn until(now_ms: UnixMillis, deadline_ms: u64) -> Self {
        let deadline_ms = UnixMillis::try_from(deadline_ms).unwrap_or_default();
        let is_told = (now_ms..now_ms + LONGEST_RUN_MS).contains(&deadline_ms);
        let until_ms = if is_told { deadline_ms - MARGIN_MS } else { now_ms + RUN_MS };
        Self { until_ms, step: STEP }
    }

    /// Whether the time is up.
    fn is_over(self, app: &App) -> bool {
        self.until_ms <= app.clock.now_ms()
    }

    /// One of so many parts of the time that is left.
    fn part(self, of: i64, app: &App) -> Self {
        let now_ms = app.clock.now_ms();
        Self { until_ms: now_ms + (self.until_ms - now_ms).max(0) / of, ..self }
    }
}

/// The report of a run.
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
    /// Rows that were looked at because keys were changed, and are under the new ones.
    pub rewrapped: usize,
    /// Whether old keys are still there after a change.
    pub old_keys: bool,
    /// Branch keys and transport keys that were retired.
    pub retired: usize,
    /// Requests of subjects that are due within five days, or overdue.
    pub requests_due: usize,
    /// Records that did not open, or are of another version: left as they are, and reported.
    pub damaged: usize,
    /// Erasures that the ledger has and nothing bears out.
    pub unproven: usize,
    /// Seconds for which the oldest erasure has waited to be finished.
    pub oldest_erasure_seconds: u64,
    /// Seconds for which the oldest log has waited to be deleted whose key ended before its items.
    pub oldest_purge_seconds: u64,
    /// Whether a table has still to follow the ledger.
    pub behind: bool,
}

impl Swept {
    /// Adds what a part of the run did.
    fn add(&mut self, part: &Self) {
        self.replayed += part.replayed;
        self.expired += part.expired;
        self.erasures += part.erasures;
        self.released += part.released;
        self.items += part.items;
        self.unproven += part.unproven;
    }
}

/// Runs the sweep.
///
/// # Errors
/// [`StoreError`]; what was done until then stays, and the next run goes on from there.
pub async fn run(app: &App) -> Result<Swept, StoreError> {
    run_within(app, Budget::until(app.clock.now_ms(), 0)).await
}

/// The same with another budget.
///
/// # Errors
/// As [`run`].
pub async fn run_within(app: &App, budget: Budget) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    let found = app.store.settings.retention_policy(Site::SHIPPED).await;
    let in_force = go_on(found, &mut swept)?;
    // While it is not known which days count, nothing is destroyed before its promised end.
    let policy = in_force.map_or_else(|| StoredPolicy::promised(Site::SHIPPED), Ok)?;
    app.staff_keys.audit_days().follow(&policy.policy);
    // First, since nothing is read of a table that has not followed.
    ledger::replay(app, &policy, budget.part(2, app), &mut swept).await?;
    let mut progress: Progress = app.store.sweep_progress().await?;
    let was_restored = app.store.stamp_of_keys().await? != progress.stamp;
    if was_restored {
        // Rows that ended since its backup was made are in hours that the sweep has passed already.
        progress.align_anew();
        ledger::follow_holds(app, &policy, &mut swept).await?;
    }
    // Each has its part of the time, and what the one before has left over.
    let expiry = budget.part(4, app);
    expiry::destroy(app, &policy.policy, expiry, &mut progress, &mut swept).await?;
    holds::sweep(app, &policy, budget.part(3, app), &mut swept).await?;
    erasures::finish(app, budget.part(2, app), &mut swept).await?;
    rewrap::follow(app, &policy, budget.part(2, app), &mut swept).await?;
    if let Some(policy) = &in_force {
        align::follow(app, policy, budget, &mut progress, &mut swept).await?;
    }
    let retired = retire::keys(app, &policy).await;
    swept.retired = go_on(retired, &mut swept)?.unwrap_or_default();
    (swept.oldest_erasure_seconds, swept.oldest_purge_seconds) = erasures::ages(app).await?;
    let now_ms = app.clock.now_ms();
    for case in app.store.cases().await? {
        let case = go_on(case, &mut swept)?;
        swept.requests_due +=
            usize::from(case.is_some_and(|case| case.is_due(now_ms, ANSWER_SOON_MS)));
    }
    progress.stamp = Some(app.store.stamp_keys().await?);
    app.store.put_sweep_progress(&progress).await?;
    Ok(swept)
}

/// A damaged record must not stop the rest: it is reported and left as it is.
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
