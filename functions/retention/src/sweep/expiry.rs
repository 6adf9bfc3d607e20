//! Keys past their time, found by the hour in which they end.

use shared::clock::{UnixMillis, hour};
use shared::store::StoreError;
use shared::store::progress::Progress;
use shared::values::policy::RetentionPolicy;

use super::{Budget, Swept, go_on};
use crate::state::App;

const HOUR_MS: UnixMillis = 60 * 60 * 1000;
/// Candidates read at once.
const AT_ONCE: i32 = 100;
/// How far back the first run of all begins: nothing has an hour before the release that writes it.
const FIRST_HOURS: i64 = 24;

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
    while at_ms <= now_ms {
        if !destroy_hour(app, policy, budget, &hour(at_ms), swept).await? {
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

/// Destroys what ended in an hour; false when the budget is used up before all is gone.
async fn destroy_hour(
    app: &App,
    policy: &RetentionPolicy,
    budget: Budget,
    hour: &str,
    swept: &mut Swept,
) -> Result<bool, StoreError> {
    let mut seen = 0;
    loop {
        let due = app.store.due_in(hour, app.clock.now_ms(), AT_ONCE).await?;
        let found = due.len();
        let mut gone = 0;
        for key in due {
            if swept.expired >= budget.keys {
                return Ok(false);
            }
            let destroyed = app.store.destroy_due(key, policy).await;
            if go_on(destroyed, swept)? == Some(true) {
                swept.expired += 1;
                gone += 1;
            }
        }
        seen += found;
        // A page on which nothing could be destroyed would come again and again.
        let full = i32::try_from(found).is_ok_and(|found| found == AT_ONCE);
        if !full || gone == 0 || seen >= budget.keys {
            return Ok(true);
        }
    }
}

/// The instant at which an hour begins.
fn start_of(hour: &str) -> Option<UnixMillis> {
    shared::clock::from_rfc3339(&format!("{hour}:00:00Z"))
}
