//! Keys past their time, found by the hour in which they end.

use shared::clock::{UnixMillis, hour};
use shared::store::StoreError;
use shared::store::progress::Progress;
use shared::values::policy::RetentionPolicy;

use super::several::{Step, work};
use super::{Budget, Swept};
use shared::http::staff_app::App;

const HOUR_MS: UnixMillis = 60 * 60 * 1000;
/// How far back the first run of all begins: nothing has an hour before the release that writes it.
const FIRST_HOURS: i64 = 24;
/// Hours that a run looks at in any case: most are empty.
const LEAST_HOURS: usize = 50;

pub(super) async fn destroy(
    app: &App,
    policy: &RetentionPolicy,
    budget: Budget,
    progress: &mut Progress,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let begun = progress.hour.as_deref().and_then(start_of);
    let mut at_ms = begun.unwrap_or(now_ms - FIRST_HOURS * HOUR_MS);
    let mut hours = 0;
    while at_ms <= now_ms {
        let is_empty = destroy_hour(app, policy, budget, &hour(at_ms), swept).await?;
        hours += 1;
        if !is_empty || (LEAST_HOURS <= hours && budget.is_over(app)) {
            break;
        }
        // An hour that has passed is left behind once it is empty and everything that ended in it has:
        // the next begins with the one before, for what the index was late with.
        if at_ms + 2 * HOUR_MS <= now_ms {
            progress.hour = Some(hour(at_ms + HOUR_MS));
        }
        at_ms += HOUR_MS;
    }
    app.store.put_sweep_progress(progress).await
}

/// Destroys what ended in an hour; false when the time is up before all is gone.
async fn destroy_hour(
    app: &App,
    policy: &RetentionPolicy,
    budget: Budget,
    hour: &str,
    swept: &mut Swept,
) -> Result<bool, StoreError> {
    let limit = i32::try_from(budget.step).unwrap_or(i32::MAX);
    loop {
        let due = app.store.due_in(hour, app.clock.now_ms(), limit).await?;
        let (found, before) = (due.len(), swept.expired);
        let policy = *policy;
        work(app, budget, due.into(), swept, move |app, key| async move {
            let expired = usize::from(app.store.destroy_due(key, &policy).await?);
            Ok(Step::done(Swept { expired, ..Swept::default() }))
        })
        .await?;
        // A page on which nothing could be destroyed would come again and again.
        if found < budget.step || swept.expired == before {
            return Ok(true);
        }
        if budget.is_over(app) {
            return Ok(false);
        }
    }
}

/// The instant at which an hour begins.
fn start_of(hour: &str) -> Option<UnixMillis> {
    shared::clock::from_rfc3339(&format!("{hour}:00:00Z"))
}
