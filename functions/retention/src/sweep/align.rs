//! When the policy has changed, the stored ends follow it. For readers it counts at once; this is for
//! what finds keys by their end.

use shared::store::StoreError;
use shared::store::attributes::corrupt;
use shared::store::due::Scanned;
use shared::store::key_row::Term;
use shared::store::policy::StoredPolicy;
use shared::store::progress::Progress;

use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

pub(super) async fn follow(
    app: &App,
    policy: &StoredPolicy,
    budget: Budget,
    progress: &mut Progress,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    if progress.aligned_version == Some(policy.version) {
        return Ok(());
    }
    if progress.aligned_version.is_some_and(|followed| followed > policy.version) {
        // An earlier policy, or none, was put in the place of the one that the ends follow.
        go_on::<()>(Err(corrupt("n").in_table("settings")), swept)?;
        return Ok(());
    }
    if progress.aligning != Some(policy.version) {
        // Another one than was followed until now: from the beginning.
        progress.aligning = Some(policy.version);
        progress.after = None;
        progress.looked_at = 0;
    }
    let now_ms = app.clock.now_ms();
    let limit = i32::try_from(budget.step).unwrap_or(i32::MAX);
    loop {
        let (rows, next) = app.store.scan_keys(progress.start(), limit).await?;
        let read = rows.len();
        for scanned in rows {
            let Some(scanned) = go_on(scanned, swept)? else { continue };
            if scanned.row.due_ms(&policy.policy).is_some_and(|due_ms| due_ms <= now_ms) {
                // Its hour has been left behind already.
                let destroyed = app.store.destroy_due(scanned.row.key(), &policy.policy).await;
                swept.expired += usize::from(go_on(destroyed, swept)? == Some(true));
            } else if is_off(&scanned, policy) {
                let aligned = app.store.align(&scanned, &policy.policy).await;
                swept.aligned += usize::from(go_on(aligned, swept)? == Some(true));
            }
        }
        progress.looked_at += u64::try_from(read).unwrap_or(0);
        let at_the_end = next.is_none();
        progress.go_on_behind(next)?;
        if at_the_end {
            progress.aligned_version = Some(policy.version);
            progress.aligning = None;
        }
        if at_the_end || budget.is_over(app) {
            break;
        }
    }
    app.store.put_sweep_progress(progress).await
}

/// Whether the row's stored end is another than the policy gives it.
fn is_off(scanned: &Scanned, policy: &StoredPolicy) -> bool {
    let row = &scanned.row;
    if row.is_destroyed() || row.term != Term::Promised {
        return false;
    }
    let end_seconds = row.end_ms(&policy.policy).saturating_add(999).div_euclid(1000);
    !scanned.is_indexed || scanned.expires_at != Some(end_seconds)
}
