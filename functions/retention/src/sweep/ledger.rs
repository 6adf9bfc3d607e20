//! A table that was restored follows the ledger: what was erased since its copy was made is erased
//! again, and what is held is held.

use std::collections::VecDeque;

use shared::store::StoreError;
use shared::store::ledger::{Entry, Rest};
use shared::store::policy::StoredPolicy;
use shared::store::security_event::{Action, SecurityEvent};

use super::several::{Step, work};
use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

pub(super) async fn replay(
    app: &App,
    policy: &StoredPolicy,
    budget: Budget,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let positions = Box::pin(app.store.positions()).await?;
    if positions.behind >= positions.head {
        return Ok(());
    }
    tracing::warn!(
        head = positions.head,
        behind = positions.behind,
        "a table has not followed the ledger of erasures"
    );
    follow_holds(app, policy, swept).await?;
    let mut to = positions.behind;
    let limit = i32::try_from(budget.step).unwrap_or(i32::MAX);
    loop {
        let (read, last) = app.store.entries_from(to + 1, limit).await?;
        // Numbers whose entries were forgotten, since their time was up, have nothing to carry out.
        let all = read.len() < budget.step;
        let mut entries = VecDeque::new();
        for entry in read {
            entries.extend(go_on(entry, swept)?);
        }
        work(app, budget, entries, swept, carry_out_again).await?;
        to = if all { positions.head } else { last.unwrap_or(positions.head) };
        app.store.set_positions(to, positions.head).await?;
        swept.behind = !all;
        if all || budget.is_over(app) {
            return Ok(());
        }
    }
}

async fn carry_out_again(app: App, entry: Entry) -> Result<Step<Entry>, StoreError> {
    if !app.store.mark_again(&entry).await? {
        tracing::error!(number = entry.number, "the ledger has an erasure that cannot have been");
        let event = SecurityEvent::of(Action::ErasureUnproven, entry.subject);
        app.events.append(event).await?;
        return Ok(Step::done(Swept { unproven: 1, ..Swept::default() }));
    }
    app.store.destroy_rest(entry.subject).await?;
    app.store.unfinish(&entry).await?;
    let destroyed_ms = app.clock.now_ms();
    let again = Entry { rest: Rest::Purge, destroyed_ms, ..entry.clone() };
    // A run that changes it at the same time has destroyed no less.
    let _ours = app.store.change_entry(&entry, &again).await?;
    Ok(Step::done(Swept { replayed: 1, ..Swept::default() }))
}

/// In a table that was restored: what an erasure kept was held, and must be again before the erasure is
/// carried out; and what was held in the copy and was released since holds nothing back.
pub(super) async fn follow_holds(
    app: &App,
    policy: &StoredPolicy,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    for hold in app.store.all_holds().await? {
        let Some(hold) = go_on(hold, swept)? else { continue };
        let followed = if hold.released.is_none() {
            app.store.hold_again(&hold, policy).await
        } else {
            app.store.release_again(&hold, &policy.policy).await
        };
        go_on(followed, swept)?;
    }
    Ok(())
}
