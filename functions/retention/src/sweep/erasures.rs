//! The rest of erasures: ciphertext, contact, index entries. Nobody can read any of it by then.

use shared::clock::UnixMillis;
use shared::store::StoreError;
use shared::store::key_row::Guarded;
use shared::store::ledger::{Entry, Rest};

use super::{Budget, Swept, go_on};
use crate::state::App;

/// Longer than a function keeps a conversation's key: nobody appends to a log any more that is deleted.
const QUIET_MS: UnixMillis = 2 * 60 * 1000;

/// Finishes erasures whose keys are destroyed.
pub(super) async fn finish(app: &App, budget: Budget, swept: &mut Swept) -> Result<(), StoreError> {
    for number in app.store.unfinished(budget.erasures).await? {
        let entry = match go_on(app.store.find_entry(number).await, swept)? {
            Some(Some(entry)) => entry,
            Some(None) => {
                app.store.finished(number).await?;
                continue;
            }
            // Another release may read it.
            None => continue,
        };
        if app.clock.now_ms() - entry.destroyed_ms < QUIET_MS {
            continue;
        }
        let finished = finish_one(app, entry, budget, swept).await;
        if go_on(finished, swept)? == Some(true) {
            swept.erasures += 1;
        }
    }
    Ok(())
}

/// False when the budget is used up before all is gone.
async fn finish_one(
    app: &App,
    entry: Entry,
    budget: Budget,
    swept: &mut Swept,
) -> Result<bool, StoreError> {
    app.store.destroy_rest(entry.subject).await?;
    // Before the log goes, from which the receipt counts.
    app.store.receipt_of(&entry, &app.issuer).await?;
    for row in app.store.rows_of(entry.subject).await?.keys {
        if !row.is_destroyed() {
            continue;
        }
        match row.guarded {
            Guarded::Conversation(id) => {
                if !delete_log(app, id, budget, swept).await? {
                    return Ok(false);
                }
            }
            Guarded::Profile { .. } => app.store.delete_lead(entry.subject).await?,
        }
    }
    app.store.delete_customer(entry.subject).await?;
    let rest = if entry.kept.is_empty() { Rest::Nothing } else { Rest::Kept };
    let finished = Entry { rest, ..entry.clone() };
    if !app.store.change_entry(&entry, &finished).await? {
        // Something was added to it meanwhile: the next run looks again.
        return Ok(false);
    }
    app.store.finished(entry.number).await?;
    Ok(true)
}

/// Deletes the logs of conversations whose keys ended before their items do.
pub(super) async fn delete_queued(
    app: &App,
    budget: Budget,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    for id in app.store.queued(budget.erasures).await? {
        if !delete_log(app, id, budget, swept).await? {
            return Ok(());
        }
        app.store.unqueue(id).await?;
    }
    Ok(())
}

/// Deletes a log as far as the budget goes; false when it is used up.
async fn delete_log(
    app: &App,
    id: shared::ids::ConversationId,
    budget: Budget,
    swept: &mut Swept,
) -> Result<bool, StoreError> {
    loop {
        let left = budget.items.saturating_sub(swept.items);
        if left == 0 {
            return Ok(false);
        }
        let (deleted, more) = app.store.delete_log(id, left).await?;
        swept.items += deleted;
        if !more {
            return Ok(true);
        }
    }
}
