//! Holds: those whose time has come end, what they are on loses its TTL or gets it back, and what
//! waited for them is done.

use std::collections::VecDeque;

use shared::clock::UnixMillis;
use shared::ids::{ConversationId, SubjectId};
use shared::store::StoreError;
use shared::store::attributes::corrupt;
use shared::store::erasure::Erasure;
use shared::store::erasure_request::{ErasureRequest, Waiting};
use shared::store::hold::{Hold, Rest};
use shared::store::key_row::{Guarded, KeyRow};
use shared::store::policy::StoredPolicy;
use shared::values::policy::RetentionPolicy;

use super::several::{Step, work};
use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

/// A function may have read a row before the hold was placed, and append with the old end for as long
/// as it keeps it; after that the TTL of all that is there is looked at once more.
const LATE_MS: i64 = 2 * 60 * 1000;

pub(super) async fn sweep(
    app: &App,
    policy: &StoredPolicy,
    budget: Budget,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let items = if budget.is_over(app) { budget.step } else { usize::MAX };
    let mut left = Left { items, until_ms: budget.part(2, app).until_ms };
    for hold in app.store.holds().await? {
        let Some(hold) = go_on(hold, swept)? else { continue };
        let followed = follow(app, hold, policy, &mut left).await;
        go_on(followed, swept)?;
    }
    let mut erasure_requests = VecDeque::new();
    for erasure_request in app.store.erasure_requests().await? {
        erasure_requests.extend(go_on(erasure_request, swept)?);
    }
    work(app, budget, erasure_requests, swept, async |app: App, erasure_request| {
        let released = usize::from(fulfil(&app, erasure_request).await?);
        Ok(Step::done(Swept { released, ..Swept::default() }))
    })
    .await
}

/// The budget that is left for the logs that a hold is on.
pub struct Left {
    /// Items that get another end.
    pub items: usize,
    /// Until when.
    pub until_ms: UnixMillis,
}

/// Releases a hold whose time has come, and does what is left to do of it.
async fn follow(
    app: &App,
    mut hold: Hold,
    policy: &StoredPolicy,
    left: &mut Left,
) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    if hold.released.is_none() && hold.ends_ms.is_some_and(|ends_ms| ends_ms <= now_ms) {
        let by_itself = (None, None);
        hold = app.store.release_hold(&app.events, &hold, by_itself, &policy.policy).await?;
    } else if hold.rest == Rest::Freeze {
        // Of one on very many keys, placing it may have been cut off.
        app.store.hold_again(&hold, policy).await?;
    }
    settle(app, &hold, &policy.policy, left).await
}

/// Takes the TTL from what a hold is on, or gives it back: from as many items of logs as are `left`.
///
/// # Errors
/// [`StoreError`].
pub async fn settle(
    app: &App,
    hold: &Hold,
    policy: &RetentionPolicy,
    left: &mut Left,
) -> Result<(), StoreError> {
    if hold.rest == Rest::Done {
        return Ok(());
    }
    let mut whole = true;
    for row in app.store.rows_on_hold(hold).await? {
        whole &= settle_row(app, &row, policy, left).await?;
    }
    let changed_ms = hold.released.as_ref().map_or(hold.placed_ms, |released| released.at_ms);
    if whole && app.clock.now_ms() - changed_ms >= LATE_MS {
        app.store.finish_hold(hold).await?;
    }
    Ok(())
}

/// False when nothing is left before the end of the log.
async fn settle_row(
    app: &App,
    row: &KeyRow,
    policy: &RetentionPolicy,
    left: &mut Left,
) -> Result<bool, StoreError> {
    let end_ms = row.due_ms(policy);
    let Guarded::Conversation(id) = row.guarded else {
        app.store.set_ttl_of_lead(row, end_ms).await?;
        return Ok(true);
    };
    let mut next = Some(0);
    while let Some(seq) = next {
        let changed;
        (changed, next) = app.store.set_ttl_of_log(id, seq, end_ms, left.items).await?;
        left.items -= changed;
        let is_over = left.items == 0 || left.until_ms <= app.clock.now_ms();
        if is_over && next.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Carries out the erasure of a subject that has waited, if nothing holds it any more.
///
/// # Errors
/// [`StoreError`].
pub async fn carry_out_erasure_request(app: &App, subject: SubjectId) -> Result<(), StoreError> {
    if let Some(erasure_request) = app.store.find_erasure_request(subject).await? {
        fulfil(app, erasure_request).await?;
    }
    Ok(())
}

/// Whether the request was carried out.
async fn fulfil(app: &App, erasure_request: ErasureRequest) -> Result<bool, StoreError> {
    match erasure_request.what {
        Waiting::Whole(request, by) => {
            let entry = match app.store.erase(&request, (&app.events, by)).await? {
                Erasure::Held => return Ok(false),
                Erasure::Done(entry) | Erasure::Before(entry) => entry,
                Erasure::Nothing => {
                    app.store.forget_erasure_request(erasure_request.subject).await?;
                    return Ok(false);
                }
            };
            app.store
                .receipt_of(&entry, &app.issuer)
                .await?
                .ok_or(corrupt("n").in_table("ledger"))?;
            app.store.close_waiting(&app.events, erasure_request.subject, entry.receipt).await?;
            // Where this erasure has kept something, a request for that has replaced this one.
            if entry.kept.is_empty() {
                app.store.forget_erasure_request(erasure_request.subject).await?;
            }
            Ok(true)
        }
        Waiting::Kept(number) => erase_kept(app, erasure_request.subject, number).await,
    }
}

/// Erases what an erasure has kept and nothing holds any more, and says so on its receipt. It takes a
/// number of its own: a table that is restored from before it has to follow it.
async fn erase_kept(app: &App, subject: SubjectId, number: u64) -> Result<bool, StoreError> {
    let Some(entry) = app.store.find_entry(number).await? else {
        // The hold has outlived the ledger; what it was on is not wanted any more than before.
        app.store.destroy_rest(subject).await?;
        app.store.forget_erasure_request(subject).await?;
        return Ok(false);
    };
    if entry.kept.is_empty() {
        // The hold ended while the erasure was carried out, which has destroyed what it was on.
        app.store.forget_erasure_request(subject).await?;
        return Ok(false);
    }
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
    let messages = app.store.count_messages_in(&free).await?;
    app.store.erase_rest(&entry, &free, messages, &app.issuer).await
}
