//! A table that was restored follows the ledger: what was erased since its copy was made is erased
//! again, and what is held is held.

use shared::store::StoreError;
use shared::store::ledger::Rest;
use shared::values::policy::RetentionPolicy;

use super::{Budget, Swept};
use crate::state::App;

pub(super) async fn replay(
    app: &App,
    policy: &RetentionPolicy,
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
    // What an erasure kept was held, and must be again before the erasure is carried out; and what was
    // held in the copy and was released since holds nothing back.
    for hold in app.store.all_holds().await? {
        if hold.released.is_none() {
            app.store.hold_again(&hold, policy).await?;
        } else {
            app.store.release_again(&hold, policy).await?;
        }
    }
    let mut to = positions.behind;
    for mut entry in app.store.entries_from(positions.behind + 1, budget.replays).await? {
        app.store.mark_again(&entry).await?;
        app.store.destroy_rest(entry.subject).await?;
        app.store.unfinish(&entry).await?;
        entry.rest = Rest::Purge;
        entry.destroyed_ms = app.clock.now_ms();
        app.store.put_entry(&entry).await?;
        to = entry.number;
        swept.replayed += 1;
    }
    // Numbers whose entries were forgotten, since their time was up, have nothing to carry out.
    let all = swept.replayed < usize::try_from(budget.replays).unwrap_or(usize::MAX);
    let to = if all { positions.head } else { to };
    app.store.set_positions(to, positions.head).await?;
    swept.behind = !all;
    Ok(())
}
