//! Holds: those whose time has come end, what they are on loses its TTL or gets it back, and what
//! waited for them is done.

use shared::ids::{ConversationId, SubjectId};
use shared::store::StoreError;
use shared::store::erasure::Erasure;
use shared::store::hold::{Hold, Rest};
use shared::store::key_row::{Guarded, KeyRow};
use shared::store::receipt::Receipt;
use shared::store::wish::{Waiting, Wish};
use shared::values::policy::RetentionPolicy;

use super::{Budget, Swept, go_on};
use crate::state::App;

/// A function may have read a row before the hold was placed, and append with the old end for as long
/// as it keeps it; after that the TTL of all that is there is looked at once more.
const LATE_MS: i64 = 2 * 60 * 1000;

pub(super) async fn sweep(
    app: &App,
    policy: &RetentionPolicy,
    budget: Budget,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let at_once = i32::try_from(budget.items).unwrap_or(i32::MAX);
    for hold in app.store.holds().await? {
        let now_ms = app.clock.now_ms();
        let over = hold.released.is_none() && hold.ends_ms.is_some_and(|ends| ends <= now_ms);
        let hold = if over {
            app.store.release_hold(&app.events, &hold, hold.placed_by, policy).await?
        } else {
            hold
        };
        if hold.released.is_none() {
            // A table that was restored from before the hold has it again.
            app.store.hold_again(&hold, policy).await?;
        }
        let settled = settle(app, &hold, policy, at_once).await;
        go_on(settled, swept)?;
    }
    for wish in app.store.wishes().await? {
        if go_on(fulfil(app, wish).await, swept)? == Some(true) {
            swept.released += 1;
        }
    }
    Ok(())
}

/// Takes the TTL from what a hold is on, or gives it back, `budget` items of each log at most.
///
/// # Errors
/// [`StoreError`].
pub async fn settle(
    app: &App,
    hold: &Hold,
    policy: &RetentionPolicy,
    budget: i32,
) -> Result<(), StoreError> {
    if hold.rest == Rest::Done {
        return Ok(());
    }
    let mut whole = true;
    for row in app.store.rows_on_hold(hold).await? {
        whole &= settle_row(app, &row, policy, budget).await?;
    }
    let changed_ms = hold.released.map_or(hold.placed_ms, |(at_ms, _)| at_ms);
    if whole && app.clock.now_ms() - changed_ms >= LATE_MS {
        app.store.finish_hold(hold).await?;
    }
    Ok(())
}

/// False when the budget is used up before the end of the log.
async fn settle_row(
    app: &App,
    row: &KeyRow,
    policy: &RetentionPolicy,
    budget: i32,
) -> Result<bool, StoreError> {
    let end_ms = row.due_ms(policy);
    let Guarded::Conversation(id) = row.guarded else {
        app.store.set_ttl_of_lead(row, end_ms).await?;
        return Ok(true);
    };
    // What has its TTL changed is not found again, so the next run begins with what is left.
    let next = app.store.set_ttl_of_log(id, 0, end_ms, budget).await?;
    Ok(next.is_none())
}

/// Carries out the erasure of a subject that has waited, if nothing holds it any more.
///
/// # Errors
/// [`StoreError`].
pub async fn carry_out_wish(app: &App, subject: SubjectId) -> Result<(), StoreError> {
    if let Some(wish) = app.store.find_wish(subject).await? {
        fulfil(app, wish).await?;
    }
    Ok(())
}

/// Whether the wish was carried out.
async fn fulfil(app: &App, wish: Wish) -> Result<bool, StoreError> {
    match wish.what {
        Waiting::Whole(request, by) => {
            let told = by.map(|by| (&app.events, by));
            let entry = match app.store.erase(&request, told).await? {
                Erasure::Held => return Ok(false),
                Erasure::Done(entry) | Erasure::Before(entry) => entry,
                Erasure::Nothing => {
                    app.store.forget_wish(wish.subject).await?;
                    return Ok(false);
                }
            };
            app.store.receipt_of(&entry, &app.issuer).await?;
            app.store.close_waiting(&app.events, wish.subject, entry.receipt).await?;
            // What this erasure has kept is a wish of its own, in the place of this one.
            if entry.kept.is_empty() {
                app.store.forget_wish(wish.subject).await?;
            }
            Ok(true)
        }
        Waiting::Kept(number) => erase_kept(app, wish.subject, number).await,
    }
}

/// Erases what an erasure has kept and nothing holds any more, and says so on its receipt.
async fn erase_kept(app: &App, subject: SubjectId, number: u64) -> Result<bool, StoreError> {
    let Some(mut entry) = app.store.find_entry(number).await? else {
        app.store.forget_wish(subject).await?;
        return Ok(false);
    };
    let rows = app.store.rows_of(subject).await?.keys;
    let is_free = |id: &ConversationId| {
        let row = rows.iter().find(|row| row.guarded == Guarded::Conversation(*id));
        row.is_none_or(|row| row.holds.is_empty())
    };
    let free: Vec<_> = entry.kept.iter().copied().filter(is_free).collect();
    if free.is_empty() {
        return Ok(false);
    }
    app.store.destroy_rest(subject).await?;
    entry.destroyed_ms = app.clock.now_ms();
    entry.kept.retain(|id| !free.contains(id));
    let more = u64::try_from(free.len()).unwrap_or(u64::MAX);
    entry.conversations += more;
    entry.keys_destroyed += more;
    let signer = app.store.settings.receipt_signer().await?;
    let earlier = app.store.find_receipt(entry.receipt).await?.map(|signed| signed.receipt);
    // A run that was cut off may have put the receipt already: nothing is counted twice.
    let is_uncounted = |id: &ConversationId| {
        let kept = earlier.iter().flat_map(|receipt| &receipt.kept);
        kept.into_iter().any(|kept| kept.conversation_id == id.to_string())
    };
    let uncounted: Vec<_> = free.into_iter().filter(is_uncounted).collect();
    let messages = app.store.count_messages_in(&uncounted).await?;
    let messages = messages + earlier.as_ref().map_or(0, |receipt| receipt.messages);
    let receipt = Receipt::of(&entry, app.clock.now_ms(), messages);
    let receipt = receipt.sign(&signer, &app.issuer)?;
    app.store.replace_receipt(entry.receipt, &receipt, entry.end_ms).await?;
    app.store.put_entry(&entry).await?;
    app.store.unfinish(&entry).await?;
    if entry.kept.is_empty() {
        app.store.forget_wish(subject).await?;
    }
    Ok(true)
}
