//! After the change of a site's keys: brings what is under the old ones under the new ones, and destroys the
//! old ones when nothing is left. Begins when no function has an old key in memory any more.

use shared::store::StoreError;
use shared::store::key_change::Changed;
use shared::store::policy::StoredPolicy;
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::site::Site;

use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

/// The object of the event that tells that the old keys are destroyed.
const ENDED: &str = "replaced keys/destroyed";

pub(super) async fn follow(
    app: &App,
    policy: &StoredPolicy,
    budget: Budget,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let replaced = app.store.settings.replaced_keys(Site::SHIPPED).await?;
    if replaced.is_empty() {
        return Ok(());
    }
    swept.old_keys = true;
    if !replaced.are_settled(app.clock.now_ms()) {
        return Ok(());
    }
    let changed_ms = replaced.changed_ms();
    let limit = i32::try_from(budget.step).unwrap_or(i32::MAX);
    let mut after = app.store.key_change_progress(changed_ms).await?;
    loop {
        let (rows, next) = app.store.scan_keys(after, limit).await?;
        for scanned in rows {
            let Some(scanned) = go_on(scanned, swept)? else { continue };
            let followed = app.store.follow_key_change(&scanned.row, &replaced, &policy.policy);
            match go_on(followed.await, swept)? {
                Some(true) => swept.rewrapped += 1,
                // Somebody was at it: the next run begins there.
                Some(false) => return Ok(()),
                // It opened with neither key.
                None => {}
            }
        }
        app.store.put_key_change_progress(changed_ms, next.clone()).await?;
        after = next;
        if after.is_none() {
            let event = app.events.put(SecurityEvent::of(Action::KeyChanged, ENDED)).await?;
            let ended = app.store.settings.end_replaced_keys(&replaced, event).await?;
            swept.old_keys = ended != Changed::Now;
            return Ok(());
        }
        if budget.is_over(app) {
            return Ok(());
        }
    }
}
